"""Every connector against every fault: class of error, number of attempts, no second write.

``test_wrong_signatures.py`` beside it has the column of what services send to us.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from tests.contract.cases import FAULTS, Case, known_cases

pytestmark = pytest.mark.thorough

CASES = known_cases()
WITH_OAUTH = {
    *("gdrive", "gsheets", "mail graph", "mail gmail", "ebay search", "ebay bids", "ebay orders")
}
"""Whose access tokens end and are renewed; the others' keys are good until a person ends them."""

IMPATIENT_SECONDS = 0.5
PATIENT_SECONDS = 10.0

ORDERS: dict[str, dict[str, object]] = {
    "429 with Retry-After": {"kind": "rate_limit", "retry_after": 120},
    "429 without": {"kind": "rate_limit", "retry_after": None},
    "500": {"kind": "error", "status": 500},
    "503": {"kind": "error", "status": 503},
    "time-out": {"kind": "timeout", "seconds": 30},
    "reset": {"kind": "reset"},
    "dropped after the act": {"kind": "drop_after_accept"},
    "truncated": {"kind": "truncate"},
    "another content type": {"kind": "html"},
    "expired token": {"kind": "error", "status": 401},
}
READ_FAILS: dict[str, type[ConnectorError]] = {
    "429 with Retry-After": RateLimitedError,
    "429 without": RateLimitedError,
    "500": TransientError,
    "503": TransientError,
    "time-out": TransientError,
    "reset": TransientError,
    "dropped after the act": TransientError,
    "truncated": TransientError,
    "another content type": TransientError,
    "expired token": NeedsReauthError,
}
WRITE_FAILS: dict[str, type[ConnectorError]] = {
    **dict.fromkeys(FAULTS, UnknownOutcomeError),
    "429 with Retry-After": RateLimitedError,
    "429 without": RateLimitedError,
    "expired token": NeedsReauthError,
}
READ_TRIES = {
    **dict.fromkeys(FAULTS, 3),
    "429 with Retry-After": 1,  # two minutes are too long to wait out
    "expired token": 1,
}
DONE_BY = frozenset({"dropped after the act", "truncated", "another content type"})
"""Faults that strike when the write was done."""


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> str:
    """The name of a fault."""
    return str(request.param)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """The case of a connector."""
    return CASES[request.param]


@pytest.fixture
async def client(stand_ins: Any, case: Case, fault: str) -> AsyncIterator[Any]:
    """The connector's client; it waits for an answer no longer than it must."""
    seconds = IMPATIENT_SECONDS if fault == "time-out" else PATIENT_SECONDS
    client = case.make(stand_ins, RetryPolicy(sleep=no_wait), seconds)
    if case.prepare is not None:
        await case.prepare(client)
    yield client
    await client.aclose()


async def attempts(stand_ins: Any, case: Case, path: str) -> int:
    return sum(path in call["path"] for call in await stand_ins.calls(case.service))


def test_an_expired_token_is_renewed_once_and_a_refused_key_not_tried_again() -> None:
    renewed = {name for name, one in CASES.items() if one.read_tries.get("expired token") == 2}
    written = {name for name, one in CASES.items() if one.write_tries.get("expired token") == 2}
    is_done = {
        name
        for name, one in CASES.items()
        if one.write_fails.get("expired token", NeedsReauthError) is None
    }

    assert renewed == WITH_OAUTH
    assert written == is_done == {name for name in WITH_OAUTH if CASES[name].write is not None}


@pytest.mark.offends  # by what was made up for faults, or cut off by them
async def test_a_read_is_tried_again_and_fails_by_its_class(
    stand_ins: Any, client: Any, case: Case, fault: str
) -> None:
    if case.read is None:
        pytest.skip("the connector only writes")
    expected = case.read_fails.get(fault, READ_FAILS[fault])
    before = await attempts(stand_ins, case, case.read_path)
    order = {**ordered(case, fault), "count": 10, "path": case.read_path}
    if fault == "dropped after the act":
        order["kind"] = "reset"  # nothing is done by a read
    await stand_ins.fault(case.service, **order)

    error = await failure(case.read(client))

    tried = await attempts(stand_ins, case, case.read_path) - before
    assert (type(error) if error else None) is expected, error
    assert tried == case.read_tries.get(fault, READ_TRIES[fault])
    check_words(error)


@pytest.mark.offends
async def test_a_write_is_not_done_twice_and_fails_by_its_class(
    stand_ins: Any, client: Any, case: Case, fault: str
) -> None:
    if case.write is None or case.written is None:
        pytest.skip("the connector only reads")
    expected = case.write_fails.get(fault, WRITE_FAILS[fault])
    before = await case.written(stand_ins)
    calls_before = await attempts(stand_ins, case, case.write_path)
    await stand_ins.fault(case.service, **ordered(case, fault), path=case.write_path)

    error = await failure(case.write(client))

    tried = await attempts(stand_ins, case, case.write_path) - calls_before
    done = await case.written(stand_ins) - before
    assert (type(error) if error else None) is expected, error
    assert tried == case.write_tries.get(fault, 1)
    assert done == (1 if fault in DONE_BY or expected is None else 0)
    check_words(error)


def ordered(case: Case, fault: str) -> dict[str, object]:
    return {**ORDERS[fault], **case.orders.get(fault, {})}


async def failure(call: Any) -> ConnectorError | None:
    try:
        await call
    except ConnectorError as error:
        return error
    return None


def check_words(error: ConnectorError | None) -> None:
    """Every error tells a person what to do, and nothing that is secret."""
    if error is not None:
        assert len(error.cure) > 20
        assert "sandbox-secret" not in str(error)
        assert "sandbox-key" not in str(error)
