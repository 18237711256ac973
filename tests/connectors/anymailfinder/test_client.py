from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.anymailfinder.client import AnymailFinderClient
from connectors.anymailfinder.errors import CreditsUsedUpError
from connectors.anymailfinder.models import PersonEmail

FOUND = {
    "email_status": "valid",
    "email": "ann@a.example",
    "valid_email": "ann@a.example",
    "credits_charged": 1,
    "input": {"full_name": "Ann Roy"},
}


@pytest.fixture
async def finder(server: Any, retry: RetryPolicy) -> AsyncIterator[AnymailFinderClient]:
    finder = AnymailFinderClient(
        base_url=server.url, api_key=SecretStr("amf-hunter2"), timeout_seconds=5.0, retry=retry
    )
    yield finder
    await finder.aclose()


def refusal(code: str) -> dict[str, str]:
    return {"error": code, "error_explained": "Ann Roy of a.example, ann@a.example: no."}


async def test_a_person_is_looked_for(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, FOUND)

    found = await finder.find_person_email("Ann Roy", domain="a.example")

    assert found == PersonEmail(
        email_status="valid", valid_email="ann@a.example", credits_charged=1
    )
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v5.1/find-email/person")
    assert seen.headers["authorization"] == "Bearer amf-hunter2"
    assert json.loads(seen.body) == {"full_name": "Ann Roy", "domain": "a.example"}


async def test_not_found_is_an_answer(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, {"email_status": "not_found", "valid_email": None})

    found = await finder.find_person_email("Ann Roy", company_name="A Inc")

    assert (found.email_status, found.valid_email) == ("not_found", None)
    assert json.loads(server.seen[0].body)["company_name"] == "A Inc"


async def test_a_company_is_looked_for(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, {"email_status": "valid", "emails": ["i@a.ca"], "valid_emails": ["i@a.ca"]})

    found = await finder.find_company_emails(domain="a.ca")

    assert found.valid_emails == ["i@a.ca"]
    assert server.seen[0].target == "/v5.1/find-email/company"


async def test_the_same_question_is_asked_once(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, FOUND)

    answers = await asyncio.gather(
        finder.find_person_email("Ann Roy", domain="a.example"),
        finder.find_person_email("ann roy ", domain="A.example"),
    )
    later = await finder.find_person_email("Ann Roy", domain="a.example")

    assert answers[0] == answers[1] == later
    assert len(server.seen) == 1


async def test_a_failure_is_not_remembered(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(402, refusal("payment_needed"))
    server.answer(200, FOUND)

    with pytest.raises(CreditsUsedUpError, match="Buy credits"):
        await finder.find_person_email("Ann Roy", domain="a.example")

    assert (await finder.find_person_email("Ann Roy", domain="a.example")).valid_email


async def test_each_verification_is_asked_for(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, {"email_status": "valid", "credits_charged": 0.2})
    server.answer(200, {"email_status": "risky", "credits_charged": 0.2})

    checks = [await finder.verify_email("ann@a.example") for _ in range(2)]

    assert [check.is_valid for check in checks] == [True, False]
    assert json.loads(server.seen[0].body) == {"email": "ann@a.example"}


async def test_a_lost_find_is_repeated_and_a_lost_verification_is_not(
    server: Any, finder: AnymailFinderClient
) -> None:
    server.reset()
    server.answer(200, FOUND)
    assert (await finder.find_person_email("Ann Roy", domain="a.example")).valid_email

    server.reset()
    with pytest.raises(UnknownOutcomeError, match="charged"):
        await finder.verify_email("ann@a.example")
    assert len(server.seen) == 3


async def test_a_busy_server_did_nothing(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(503, refusal("server_busy"))

    with pytest.raises(RateLimitedError):
        await finder.verify_email("ann@a.example")


@pytest.mark.parametrize(
    ("status", "code", "kind", "tries"),
    [
        (400, "bad_request", RejectedError, 1),
        (401, "not_authorized", NeedsReauthError, 1),
        (402, "payment_needed", CreditsUsedUpError, 1),
        (404, "not_found", ServiceNotFoundError, 1),
        (429, "too_many_requests", RateLimitedError, 3),
        (500, "server_error", TransientError, 3),
        (503, "server_busy", RateLimitedError, 3),
        (503, "maintenance", TransientError, 3),
    ],
)
async def test_each_refusal_has_its_class_and_names_nobody(
    server: Any,
    finder: AnymailFinderClient,
    status: int,
    code: str,
    kind: type[ConnectorError],
    tries: int,
) -> None:
    for _ in range(tries):
        server.answer(status, refusal(code))

    with pytest.raises(ConnectorError) as caught:
        await finder.find_person_email("Ann Roy", domain="a.example")

    assert type(caught.value) is kind
    assert caught.value.message == f"answered {status} {code}"
    assert "Ann" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_ping_asks_for_the_account(server: Any, finder: AnymailFinderClient) -> None:
    server.answer(200, {"credits_left": 997.8})
    server.answer(200, {"credits_left": 997.8})

    await finder.ping()

    assert server.seen[0].target == "/v5.1/account"
    assert (await finder.get_account()).credits_left == 997.8
