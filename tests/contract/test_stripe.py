"""What the Stripe connector promises, against the stand-in; and the vendor's client with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import stripe as vendor
from pydantic import SecretStr

from connectors._http.errors import NeedsReauthError, RejectedError, UnknownOutcomeError
from connectors._http.retry import RetryPolicy
from connectors.stripe.client import StripeClient
from connectors.stripe.errors import DeclinedError, ReusedKeyError, WrongStateError
from connectors.stripe.models import CheckoutSession, LineItem, PaymentIntent
from connectors.stripe.webhook import read_event, verify
from sandbox.stripe.store import Payments
from tests.contract.contracts.stripe import differences
from tests.receiver import Receiver, receiving

KEY, SECRET = SecretStr("sk_test_sandbox"), SecretStr("whsec_sandbox")
VISA, POOR = "pm_card_visa", "pm_card_chargeDeclinedInsufficientFunds"


def client(stand_ins: Any, key: SecretStr = KEY) -> StripeClient:
    return StripeClient(
        base_url=f"{stand_ins.url}/stripe",
        api_key=key,
        timeout_seconds=5.0,
        retry=RetryPolicy(tries=1),
    )


@pytest.fixture
async def stripe(stand_ins: Any) -> AsyncIterator[StripeClient]:
    stripe = client(stand_ins)
    yield stripe
    await stripe.aclose()


@pytest.fixture
async def receiver(stand_ins: Any) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        url = {"url": f"{receiver.url}/hook"}
        (await stand_ins.control.put("/_control/stripe/webhook", json=url)).raise_for_status()
        yield receiver


async def checkout(stripe: StripeClient, key: str = "NL-1042/checkout") -> CheckoutSession:
    return await stripe.create_checkout_session(
        [LineItem("HDMI port", 2500, quantity=2), LineItem("Work", 4000)],
        idempotency_key=key,
        reference="NL-1042",
        success_url="https://shop.example/done?id={CHECKOUT_SESSION_ID}",
        cancel_url="https://shop.example/",
        customer_email="ann@example.org",
        metadata={"ticket": "NL-1042"},
    )


async def paid(stripe: StripeClient, key: str = "pay") -> PaymentIntent:
    return await stripe.create_payment_intent(
        9000, "cad", idempotency_key=key, payment_method=VISA, confirm=True
    )


async def test_a_checkout_is_paid_by_a_person(stand_ins: Any, stripe: StripeClient) -> None:
    opened = await checkout(stripe)
    await stand_ins.control.post(opened.url, data={"method": VISA})

    done = await stripe.get_checkout_session(opened.id)
    intent = await stripe.get_payment_intent(done.payment_intent or "")

    assert (opened.status, opened.amount_total, opened.payment_status) == ("open", 9000, "unpaid")
    assert (done.status, done.payment_status) == ("complete", "paid")
    assert intent.is_paid
    assert intent.metadata == {"ticket": "NL-1042"}


async def test_a_checkout_is_closed_once(stripe: StripeClient) -> None:
    opened = await checkout(stripe)

    closed = await stripe.expire_checkout_session(opened.id, idempotency_key="close")
    again = await stripe.expire_checkout_session(opened.id, idempotency_key="close")
    with pytest.raises(RejectedError):
        await stripe.expire_checkout_session(opened.id, idempotency_key="close again")

    assert closed.status == again.status == "expired"


@pytest.mark.parametrize("kind", ["drop_after_accept", "truncate", "reset"])
async def test_an_unknown_outcome_is_looked_up_by_the_same_key(
    stand_ins: Any, stripe: StripeClient, kind: str
) -> None:
    await stand_ins.fault("stripe", kind)
    with pytest.raises(UnknownOutcomeError):
        await paid(stripe)

    intent = await paid(stripe)

    assert intent.is_paid
    assert len(stand_ins.sandbox.state.store(Payments).all("payment_intent")) == 1


async def test_a_key_is_for_one_act(stripe: StripeClient) -> None:
    intent = await paid(stripe, key="one")

    with pytest.raises(ReusedKeyError):
        await stripe.create_refund(intent.id, idempotency_key="one")


async def test_a_decline_stays_under_its_key(stripe: StripeClient) -> None:
    intent = await stripe.create_payment_intent(9000, "cad", idempotency_key="begin")
    for _ in range(2):
        with pytest.raises(DeclinedError, match="insufficient_funds"):
            await stripe.confirm_payment_intent(
                intent.id, idempotency_key="first", payment_method=POOR
            )

    done = await stripe.confirm_payment_intent(
        intent.id, idempotency_key="second", payment_method=VISA
    )

    assert done.is_paid


async def test_money_is_reserved_and_taken_or_let_go(stripe: StripeClient) -> None:
    async def reserved(key: str) -> PaymentIntent:
        return await stripe.create_payment_intent(
            9000,
            "cad",
            idempotency_key=key,
            payment_method=VISA,
            confirm=True,
            capture_method="manual",
        )

    one, two = await reserved("1"), await reserved("2")
    taken = await stripe.capture_payment_intent(one.id, idempotency_key="3", amount=8000)
    let_go = await stripe.cancel_payment_intent(two.id, idempotency_key="4")

    assert (one.status, one.amount_capturable) == ("requires_capture", 9000)
    assert (taken.is_paid, taken.amount_received) == (True, 8000)
    assert let_go.status == "canceled"
    with pytest.raises(WrongStateError):
        await stripe.capture_payment_intent(two.id, idempotency_key="5")


async def test_refunds_go_to_the_last_cent_and_no_further(stripe: StripeClient) -> None:
    intent = await paid(stripe)

    part = await stripe.create_refund(
        intent.id, idempotency_key="1", amount=5000, reason="requested_by_customer"
    )
    with pytest.raises(RejectedError, match="greater than"):
        await stripe.create_refund(intent.id, idempotency_key="2", amount=4001)
    rest = await stripe.create_refund(intent.id, idempotency_key="3", metadata={"ticket": "NL-1"})
    with pytest.raises(WrongStateError):
        await stripe.create_refund(intent.id, idempotency_key="4")

    assert (part.amount, rest.amount) == (5000, 4000)
    assert await stripe.get_refund(rest.id) == rest
    assert [one.id async for one in stripe.list_refunds(intent.id)] == [rest.id, part.id]


async def test_all_pages_are_read(stand_ins: Any, stripe: StripeClient) -> None:
    intent = await paid(stripe)
    payments = stand_ins.sandbox.state.store(Payments)
    one = await stripe.create_refund(intent.id, idempotency_key="1", amount=1)
    known = payments.get("refund", one.id)
    for n in range(205):
        payments.add({**known, "id": f"re_{n}"})

    assert len([refund async for refund in stripe.list_refunds(intent.id)]) == 206


async def test_events_are_signed_repeat_and_come_out_of_order(
    stand_ins: Any, stripe: StripeClient, receiver: Receiver
) -> None:
    await paid(stripe)
    deliver = "/_control/stripe/deliver?times=2&newest_first=true"
    (await stand_ins.control.post(deliver)).raise_for_status()

    for got in receiver.got:
        verify(got.body, got.headers["stripe-signature"], SECRET)
        vendor.Webhook.construct_event(
            got.body.decode(), got.headers["stripe-signature"], SECRET.get_secret_value()
        )
    told = [read_event(got.body) for got in receiver.got]
    assert [one.type.rpartition(".")[2] for one in told] == ["succeeded"] * 2 + ["created"] * 2
    assert len({one.id for one in told}) == 2
    assert await stripe.get_event(told[0].id) == told[0]


async def test_a_wrong_key_needs_a_person(stand_ins: Any) -> None:
    stripe = client(stand_ins, key=SecretStr("sk_test_wrong"))

    with pytest.raises(NeedsReauthError) as caught:
        await stripe.ping()
    await stripe.aclose()

    assert "HOTROD_STRIPE__API_KEY" in caught.value.cure


async def test_ping(stripe: StripeClient) -> None:
    await stripe.ping()


@pytest.fixture
def official(stand_ins: Any) -> Callable[[Callable[[vendor.StripeClient], None]], Awaitable[None]]:
    """Run the vendor's own client in a thread, with nothing but its base changed."""

    def run(act: Callable[[vendor.StripeClient], None]) -> None:
        http = vendor.RequestsClient()
        act(
            vendor.StripeClient(
                KEY.get_secret_value(),
                base_addresses={"api": f"{stand_ins.url}/stripe"},
                http_client=http,
                max_network_retries=0,
            )
        )
        http.close()  # type: ignore[no-untyped-call]

    return lambda act: asyncio.to_thread(run, act)


async def test_the_vendors_client_pays_and_refunds(official: Any) -> None:
    def act(client: vendor.StripeClient) -> None:
        intent = client.v1.payment_intents.create(
            {"amount": 900, "currency": "cad", "capture_method": "manual", "payment_method": VISA}
        )
        assert client.v1.payment_intents.confirm(intent.id).status == "requires_capture"
        assert client.v1.payment_intents.capture(intent.id).status == "succeeded"
        for n in range(12):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": n + 1})
        listed = client.v1.refunds.list({"limit": 5, "payment_intent": intent.id})
        assert len(list(listed.auto_paging_iter())) == 12
        assert client.v1.balance.retrieve().pending[0].amount == 900 - 78
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "success_url": "https://shop.example/",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": "cad",
                            "unit_amount": 900,
                            "product_data": {"name": "Work"},
                        },
                    }
                ],
            }
        )
        assert client.v1.checkout.sessions.expire(session.id).status == "expired"

    await official(act)


@pytest.mark.offends
async def test_the_vendors_client_understands_the_refusals(official: Any) -> None:
    def act(client: vendor.StripeClient) -> None:
        poor: Any = {
            "amount": 900,
            "currency": "cad",
            "confirm": True,
            "payment_method": POOR,
        }
        with pytest.raises(vendor.CardError) as declined:
            client.v1.payment_intents.create(poor)
        assert declined.value.code == "card_declined"
        key: Any = {"idempotency_key": "one"}
        client.v1.payment_intents.create({"amount": 900, "currency": "cad"}, key)
        with pytest.raises(vendor.IdempotencyError):
            client.v1.payment_intents.create({"amount": 901, "currency": "cad"}, key)
        with pytest.raises(vendor.InvalidRequestError) as unknown:
            client.v1.refunds.retrieve("re_none")
        assert unknown.value.code == "resource_missing"

    await official(act)


def test_the_judge_sees_what_differs_from_an_example() -> None:
    example = json.loads('{"id": "x", "n": 1, "list": [{"a": 1}], "maybe": null}')

    assert differences({"id": "y", "n": None, "maybe": 1}, example, "it") == []
    assert differences({"id": 1}, example, "it") == ["it.id is int, not str"]
    assert differences({"more": 1}, example, "it") == ["it has no more"]
    assert differences({"list": [{"b": 1}]}, example, "it") == ["it.list[] has no b"]
