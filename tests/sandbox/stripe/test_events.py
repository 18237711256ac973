from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.receiver import Receiver, receiving

AUTH = {"Authorization": "Bearer sk_test_sandbox"}
PAID = {"amount": "2599", "currency": "cad", "confirm": "true", "payment_method": "pm_card_visa"}


@pytest.fixture
async def receiver(client: httpx.AsyncClient) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        await client.put("/_control/stripe/webhook", json={"url": f"{receiver.url}/hook"})
        yield receiver


def kinds(receiver: Receiver) -> list[str]:
    return [json.loads(got.body)["type"] for got in receiver.got]


async def test_events_wait_repeat_and_come_in_any_order(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    await client.post("/stripe/v1/payment_intents", data=PAID, headers=AUTH)
    assert receiver.got == []

    await client.post("/_control/stripe/deliver?times=2&newest_first=true")

    assert kinds(receiver) == ["payment_intent.succeeded"] * 2 + ["payment_intent.created"] * 2


async def test_events_tell_how_it_was_then(client: httpx.AsyncClient, receiver: Receiver) -> None:
    await client.post("/stripe/v1/payment_intents", data=PAID, headers=AUTH)

    await client.post("/_control/stripe/deliver")

    states = [json.loads(got.body)["data"]["object"]["status"] for got in receiver.got]
    assert states == ["requires_payment_method", "succeeded"]


async def test_deliveries_are_signed(client: httpx.AsyncClient, receiver: Receiver) -> None:
    await client.post("/stripe/v1/payment_intents", data=PAID, headers=AUTH)
    await client.post("/_control/stripe/deliver")

    got = receiver.got[0]
    moment, _, given = got.headers["stripe-signature"].partition(",v1=")
    signed = moment.removeprefix("t=").encode() + b"." + got.body
    assert given == hmac.new(b"whsec_sandbox", signed, hashlib.sha256).hexdigest()


async def test_a_session_is_paid_by_the_control_api(client: httpx.AsyncClient) -> None:
    form = {
        "mode": "payment",
        "success_url": "https://shop.example/",
        "line_items[0][price_data][currency]": "cad",
        "line_items[0][price_data][unit_amount]": "2500",
        "line_items[0][price_data][product_data][name]": "HDMI port",
    }
    session = (await client.post("/stripe/v1/checkout/sessions", data=form, headers=AUTH)).json()
    pay = f"/_control/stripe/sessions/{session['id']}/pay"

    refused = await client.post(pay, json={"method": "pm_card_chargeDeclined"})
    paid = await client.post(pay, json={})

    assert refused.status_code == 402
    assert paid.json()["payment_intent"].startswith("pi_")
