from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.twilio.client import TwilioClient
from connectors.twilio.errors import OptedOutError, UnreachableNumberError

ACCOUNT = "AC0123"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
ANN = "+16135550123"
TEXT = {
    "sid": "SM1",
    "to": ANN,
    "from": "+16135550100",
    "body": "Ready.",
    "status": "queued",
    "direction": "outbound-api",
    "date_created": "Sat, 21 Nov 2026 17:00:00 +0000",
    "date_sent": None,
    "error_code": None,
    "price": None,
}


def client(server: Any, retry: RetryPolicy, sender: str = "+16135550100") -> TwilioClient:
    return TwilioClient(
        base_url=server.url,
        account_sid=ACCOUNT,
        auth_token=SecretStr("hunter2"),
        sender=sender,
        timeout_seconds=5.0,
        retry=retry,
    )


@pytest.fixture
async def twilio(server: Any, retry: RetryPolicy) -> AsyncIterator[TwilioClient]:
    twilio = client(server, retry)
    yield twilio
    await twilio.aclose()


def page(*texts: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"messages": list(texts), "next_page_uri": following, "page": 0}


async def test_a_text_is_sent_as_a_form(server: Any, twilio: TwilioClient) -> None:
    server.answer(201, TEXT)

    sent = await twilio.send_message(ANN, "Prêt & payé.", status_callback="https://x.example/cb")

    assert (sent.sid, sent.status, sent.is_final) == ("SM1", "queued", False)
    assert sent.date_created == datetime(2026, 11, 21, 17, tzinfo=UTC)
    request = server.seen[0]
    assert (request.method, request.target) == ("POST", f"{ROOT}/Messages.json")
    assert request.headers["authorization"].startswith("Basic ")
    assert parse_qs(request.body.decode()) == {
        "To": [ANN],
        "Body": ["Prêt & payé."],
        "From": ["+16135550100"],
        "StatusCallback": ["https://x.example/cb"],
    }


async def test_a_service_may_send_and_later(server: Any, retry: RetryPolicy) -> None:
    server.answer(201, {**TEXT, "from": None, "status": "scheduled"})
    twilio = client(server, retry, sender="MG0123")

    await twilio.send_message(ANN, "Ready.", send_at=datetime(2026, 12, 1, tzinfo=UTC))
    await twilio.aclose()

    form = parse_qs(server.seen[0].body.decode())
    assert form["MessagingServiceSid"] == ["MG0123"]
    assert "From" not in form
    assert (form["SendAt"], form["ScheduleType"]) == (["2026-12-01T00:00:00+00:00"], ["fixed"])


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21610, OptedOutError),
        (400, 63014, OptedOutError),
        (400, 21211, UnreachableNumberError),
        (400, 21614, UnreachableNumberError),
        (400, 21408, UnreachableNumberError),
        (400, 21602, RejectedError),
        (400, 21606, RejectedError),
        (400, 21611, RateLimitedError),
        (429, 20429, RateLimitedError),
        (401, 20003, NeedsReauthError),
        (400, 20003, NeedsReauthError),
        (404, 20404, ServiceNotFoundError),
        (500, 20500, UnknownOutcomeError),
        (503, 20503, UnknownOutcomeError),
    ],
)
async def test_a_number_says_what_is_wrong(
    server: Any, twilio: TwilioClient, status: int, code: int, kind: type[ConnectorError]
) -> None:
    server.answer(status, {"code": code, "message": "No.", "status": status})

    with pytest.raises(ConnectorError) as caught:
        await twilio.send_message(ANN, "Ready.")

    assert type(caught.value) is kind
    assert str(code) in caught.value.message
    assert len(server.seen) == 1


async def test_a_refusal_names_no_telephone_number_and_no_secret(
    server: Any, twilio: TwilioClient
) -> None:
    message = "Invalid 'To' Phone Number: +1613555XXXX, +1 (613) 555-0123, 6135550123, hunter2"
    server.answer(400, {"code": 21211, "message": message})

    with pytest.raises(UnreachableNumberError) as caught:
        await twilio.send_message(ANN, "Ready.")

    assert "613" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_refusal_that_is_no_json_goes_by_its_status(
    server: Any, twilio: TwilioClient
) -> None:
    server.answer(401, b"<html>")

    with pytest.raises(NeedsReauthError):
        await twilio.send_message(ANN, "Ready.")


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown(
    server: Any, twilio: TwilioClient, fault: str
) -> None:
    getattr(server, fault)()

    with pytest.raises(UnknownOutcomeError):
        await twilio.send_message(ANN, "Ready.")

    assert len(server.seen) == 1


async def test_a_list_is_read_to_its_end(server: Any, twilio: TwilioClient) -> None:
    following = f"{ROOT}/Messages.json?PageSize=200&Page=1&PageToken=PA1"
    server.answer(200, page(TEXT, following=following))
    server.answer(200, page({**TEXT, "sid": "SM2"}))

    sids = [text.sid async for text in twilio.list_messages(to=ANN)]

    assert sids == ["SM1", "SM2"]
    assert server.seen[0].target == f"{ROOT}/Messages.json?PageSize=200&To=%2B16135550123"
    assert server.seen[1].target == following


async def test_what_was_sent_is_found_by_its_words(server: Any, twilio: TwilioClient) -> None:
    other = {**TEXT, "sid": "SM9", "body": "Other."}
    reply = {**TEXT, "sid": "SM8", "direction": "inbound"}
    trial = {**TEXT, "body": "Sent from your Twilio trial account - Ready."}
    server.answer(200, page(other, reply, trial))
    since = datetime(2026, 11, 21, 16, 59, 59, tzinfo=UTC)

    found = await twilio.find_sent(ANN, "Ready.", since=since)

    assert found
    assert found.sid == "SM1"


async def test_the_search_ends_with_what_is_too_old(server: Any, twilio: TwilioClient) -> None:
    server.answer(200, page(TEXT, following=f"{ROOT}/Messages.json?Page=1"))
    since = datetime(2026, 11, 21, 17, 0, 1, tzinfo=UTC)

    assert await twilio.find_sent(ANN, "Ready.", since=since) is None
    assert len(server.seen) == 1


async def test_a_text_of_this_very_second_is_not_too_old(server: Any, twilio: TwilioClient) -> None:
    server.answer(200, page(TEXT))
    since = datetime(2026, 11, 21, 17, 0, 0, 900_000, tzinfo=UTC)

    assert await twilio.find_sent(ANN, "Ready.", since=since)


async def test_cancel_redact_and_get_name_the_text(server: Any, twilio: TwilioClient) -> None:
    server.answer(200, {**TEXT, "status": "canceled"})
    server.answer(200, {**TEXT, "body": "", "status": "delivered"})
    server.answer(200, {**TEXT, "status": "failed", "error_code": 21610})

    assert (await twilio.cancel_message("SM1")).status == "canceled"
    assert (await twilio.redact_message("SM1")).is_final
    assert (await twilio.get_message("SM/1")).is_opted_out

    assert [request.body for request in server.seen] == [b"Status=canceled", b"Body=", b""]
    assert server.seen[2].target == f"{ROOT}/Messages/SM%2F1.json"


@pytest.mark.parametrize(("status", "is_good"), [("active", True), ("suspended", False)])
async def test_ping_wants_an_active_account(
    server: Any, twilio: TwilioClient, status: str, *, is_good: bool
) -> None:
    server.answer(200, {"sid": ACCOUNT, "status": status, "auth_token": "hunter2"})

    if is_good:
        await twilio.ping()
    else:
        with pytest.raises(NeedsReauthError, match="suspended"):
            await twilio.ping()

    assert server.seen[0].target == f"{ROOT}.json"
