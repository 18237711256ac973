from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

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
from connectors.stripe.client import API_VERSION, StripeClient
from connectors.stripe.errors import DeclinedError, ReusedKeyError, WrongStateError
from connectors.stripe.form import Value, encode
from connectors.stripe.models import LineItem

INTENT = {"id": "pi_1", "status": "succeeded", "amount": 99, "currency": "cad"}
REFUND = {"id": "re_1", "status": "succeeded", "amount": 99, "currency": "cad"}
SESSION = {
    "id": "cs_1",
    "status": "open",
    "payment_status": "unpaid",
    "url": "https://checkout.stripe.com/c/pay/cs_1",
    "expires_at": 1795280400,
    "locale": None,
}


@pytest.fixture
async def stripe(server: Any, retry: RetryPolicy) -> AsyncIterator[StripeClient]:
    stripe = StripeClient(
        base_url=server.url, api_key=SecretStr("sk_hunter2"), timeout_seconds=5.0, retry=retry
    )
    yield stripe
    await stripe.aclose()


def form(request: Any) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


async def test_a_checkout_is_opened_by_a_form_of_brackets(
    server: Any, stripe: StripeClient
) -> None:
    server.answer(200, SESSION)

    session = await stripe.create_checkout_session(
        [LineItem("Écran", 2500, quantity=2), LineItem("Work", 4000)],
        idempotency_key="NL-1042/checkout",
        reference="NL-1042",
        success_url="https://shop.example/done",
        expires_at=datetime(2026, 11, 21, 17, tzinfo=UTC),
        metadata={"ticket": "NL-1042"},
    )

    assert (session.id, session.status) == ("cs_1", "open")
    request = server.seen[0]
    assert (request.method, request.target) == ("POST", "/v1/checkout/sessions")
    assert request.headers["authorization"] == "Bearer sk_hunter2"
    assert request.headers["stripe-version"] == API_VERSION
    assert request.headers["idempotency-key"] == "NL-1042/checkout"
    assert form(request) == {
        "mode": "payment",
        "client_reference_id": "NL-1042",
        "success_url": "https://shop.example/done",
        "expires_at": "1795280400",
        "metadata[ticket]": "NL-1042",
        "line_items[0][quantity]": "2",
        "line_items[0][price_data][currency]": "cad",
        "line_items[0][price_data][unit_amount]": "2500",
        "line_items[0][price_data][product_data][name]": "Écran",
        "line_items[1][quantity]": "1",
        "line_items[1][price_data][currency]": "cad",
        "line_items[1][price_data][unit_amount]": "4000",
        "line_items[1][price_data][product_data][name]": "Work",
    }


def test_a_tree_is_written_without_what_is_none() -> None:
    tree: dict[str, Value] = {"a": {"b": [1, True], "c": None, "d": {}}, "e": "", "f": 0}

    assert encode(tree) == {"a[b][0]": "1", "a[b][1]": "true", "e": "", "f": "0"}


async def test_each_step_of_a_payment_has_its_path_and_key(
    server: Any, stripe: StripeClient
) -> None:
    for _ in range(4):
        server.answer(200, INTENT)

    await stripe.create_payment_intent(
        99, "cad", idempotency_key="1", payment_method="pm_1", confirm=True
    )
    await stripe.confirm_payment_intent("pi_1", idempotency_key="2", payment_method="pm_2")
    await stripe.capture_payment_intent("pi_1", idempotency_key="3", amount=50)
    canceled = await stripe.cancel_payment_intent("pi/1", idempotency_key="4")

    assert canceled.is_paid
    assert [request.target for request in server.seen] == [
        "/v1/payment_intents",
        "/v1/payment_intents/pi_1/confirm",
        "/v1/payment_intents/pi_1/capture",
        "/v1/payment_intents/pi%2F1/cancel",
    ]
    assert [request.headers["idempotency-key"] for request in server.seen] == list("1234")
    assert form(server.seen[0])["confirm"] == "true"
    assert [form(request) for request in server.seen[1:]] == [
        {"payment_method": "pm_2"},
        {"amount_to_capture": "50"},
        {},
    ]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (402, {"type": "card_error", "code": "card_declined"}, DeclinedError),
        (402, {"type": "card_error", "code": "a_code_of_next_year"}, DeclinedError),
        (400, {"type": "idempotency_error"}, ReusedKeyError),
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, UnknownOutcomeError),
        (400, {"type": "invalid_request_error", "code": "parameter_missing"}, RejectedError),
        (400, {"type": "invalid_request_error", "code": None}, RejectedError),
        (400, {"code": "payment_intent_unexpected_state"}, WrongStateError),
        (400, {"code": "charge_already_refunded"}, WrongStateError),
        (400, {"code": "resource_missing"}, ServiceNotFoundError),
        (404, {"code": "resource_missing"}, ServiceNotFoundError),
        (401, {"type": "invalid_request_error"}, NeedsReauthError),
        (403, {"type": "invalid_request_error"}, NeedsReauthError),
        (429, {"code": "rate_limit"}, RateLimitedError),
        (429, {"code": "lock_timeout"}, RateLimitedError),
        (500, {"type": "api_error"}, UnknownOutcomeError),
    ],
)
async def test_type_and_code_say_what_is_wrong(
    server: Any,
    stripe: StripeClient,
    status: int,
    error: dict[str, Any],
    kind: type[ConnectorError],
) -> None:
    server.answer(status, {"error": {"message": "No.", **error}})

    with pytest.raises(ConnectorError) as caught:
        await stripe.create_refund("pi_1", idempotency_key="1")

    assert type(caught.value) is kind
    assert str(error.get("code") or "") in caught.value.message
    assert len(server.seen) == 1


async def test_a_decline_tells_the_reason_of_the_bank(server: Any, stripe: StripeClient) -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}
    server.answer(402, {"error": {**error, "message": "Your card was declined."}})

    with pytest.raises(DeclinedError, match="card_declined lost_card Your card was declined"):
        await stripe.confirm_payment_intent("pi_1", idempotency_key="1")


async def test_a_refusal_holds_no_secret(server: Any, stripe: StripeClient) -> None:
    message = "Invalid API Key provided: sk_hunter2 of ann@example.org"
    server.answer(401, {"error": {"message": message}})

    with pytest.raises(NeedsReauthError) as caught:
        await stripe.ping()

    assert "hunter2" not in str(caught.value)
    assert "ann@" not in str(caught.value)


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown_and_the_cure_is_the_key(
    server: Any, stripe: StripeClient, fault: str
) -> None:
    getattr(server, fault)()

    with pytest.raises(UnknownOutcomeError) as caught:
        await stripe.create_refund("pi_1", idempotency_key="1")

    assert "same idempotency key" in caught.value.cure
    assert len(server.seen) == 1


async def test_a_read_is_tried_again(server: Any, stripe: StripeClient) -> None:
    for _ in range(3):
        server.answer(500, {"error": {"type": "api_error", "message": "Sorry"}})

    with pytest.raises(TransientError):
        await stripe.get_payment_intent("pi_1")

    assert len(server.seen) == 3


async def test_a_list_is_read_to_its_end(server: Any, stripe: StripeClient) -> None:
    server.answer(200, {"object": "list", "data": [REFUND], "has_more": True})
    server.answer(200, {"object": "list", "data": [{**REFUND, "id": "re_2"}], "has_more": False})

    assert [one.id async for one in stripe.list_refunds("pi_1")] == ["re_1", "re_2"]
    assert [request.target for request in server.seen] == [
        "/v1/refunds?limit=100&payment_intent=pi_1",
        "/v1/refunds?limit=100&payment_intent=pi_1&starting_after=re_1",
    ]


async def test_an_event_is_read(server: Any, stripe: StripeClient) -> None:
    event = {"id": "evt_1", "type": "refund.created", "created": 1795280400, "livemode": False}
    server.answer(200, {**event, "data": {"object": REFUND}})

    found = await stripe.get_event("evt_1")

    assert (found.object_id, found.created.year) == ("re_1", 2026)
