"""Twilio's stand-in, driven from the vendor's contract."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from sandbox.credentials import CREDENTIALS
from sandbox.server import Sandbox
from sandbox.twilio.store import Texts
from sandbox.windows import RateLimit
from tests.contract.contracts.twilio import ACCOUNT, CONTRACTS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

KEY = {"Authorization": f"Basic {base64.b64encode(f'{ACCOUNT}:sandbox-secret'.encode()).decode()}"}


OURS, ANNS = CREDENTIALS.twilio_number, "+15145550100"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        running.state.store(Texts).limit = RateLimit(1_000_000, 1.0)
        yield running


@pytest.fixture
def sids(sandbox: Sandbox) -> list[str]:
    """The ids of texts that have arrived."""
    texts = sandbox.state.store(Texts)
    return [texts.receive(ANNS, "Is it ready?", OURS).sid for _ in range(20)]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("CreateMessage", {"To": ANNS, "From": OURS, "Body": "It is ready."}),
        ("ListMessage", None),
        ("FetchMessage", None),
        ("UpdateMessage", {"Body": ""}),
        ("DeleteMessage", None),
        ("FetchBalance", None),
        ("FetchAccount", None),
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, sids: list[str], operation: str, body: dict[str, str] | None
) -> None:
    sid = [ACCOUNT] if operation == "FetchAccount" else sids
    known = Known(path={"Sid": sid}, body=[body] if body else [])
    url = f"{sandbox.url}/twilio"
    drive(CONTRACTS["twilio"], operation, url, headers=KEY, known=known)
