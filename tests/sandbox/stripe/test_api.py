from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.stripe.store import Payments

V1 = "/stripe/v1"
AUTH = {"Authorization": "Bearer sk_test_sandbox"}
PAID = {"amount": "2599", "currency": "cad", "confirm": "true", "payment_method": "pm_card_visa"}
SESSION = {
    "mode": "payment",
    "success_url": "https://shop.example/done?id={CHECKOUT_SESSION_ID}",
    "client_reference_id": "NL-1042",
    "line_items[0][price_data][currency]": "cad",
    "line_items[0][price_data][unit_amount]": "2500",
    "line_items[0][price_data][product_data][name]": "HDMI port",
    "line_items[0][quantity]": "2",
}


class Api:
    """Stripe's API, let in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self._client.get(V1 + path, params=query, headers=AUTH)

    async def post(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.post(V1 + path, data=form or {}, headers={**AUTH, **named})


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    return Api(client)


def refusal(answer: httpx.Response) -> tuple[int, Any, Any]:
    error = answer.json()["error"]
    return answer.status_code, error["type"], error.get("code")


async def test_a_payment_is_made_and_given_back_in_parts(api: Api) -> None:
    intent = (await api.post("/payment_intents", PAID)).json()
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 2599)

    first = await api.post("/refunds", {"payment_intent": intent["id"], "amount": "2000"})
    too_much = await api.post("/refunds", {"payment_intent": intent["id"], "amount": "600"})
    rest = await api.post("/refunds", {"charge": intent["latest_charge"]})
    again = await api.post("/refunds", {"payment_intent": intent["id"]})

    assert [first.json()["amount"], rest.json()["amount"]] == [2000, 599]
    assert refusal(too_much) == (400, "invalid_request_error", None)
    assert refusal(again) == (400, "invalid_request_error", "charge_already_refunded")
    listed = (await api.get("/refunds", payment_intent=intent["id"], limit="1")).json()
    assert [one["id"] for one in listed["data"]] == [rest.json()["id"]]
    assert listed["has_more"]
    after = await api.get("/refunds", starting_after=rest.json()["id"])
    assert [one["id"] for one in after.json()["data"]] == [first.json()["id"]]
    assert (await api.get("/balance")).json()["pending"][0]["amount"] == 0


async def test_money_is_reserved_and_taken_or_let_go(api: Api) -> None:
    held = {**PAID, "capture_method": "manual"}
    one = (await api.post("/payment_intents", held)).json()
    two = (await api.post("/payment_intents", held)).json()

    taken = (
        await api.post(f"/payment_intents/{one['id']}/capture", {"amount_to_capture": "99"})
    ).json()
    let_go = (await api.post(f"/payment_intents/{two['id']}/cancel")).json()
    late = await api.post(f"/payment_intents/{two['id']}/capture")

    assert (one["status"], one["amount_capturable"]) == ("requires_capture", 2599)
    assert (taken["status"], taken["amount_received"]) == ("succeeded", 99)
    assert let_go["status"] == "canceled"
    assert refusal(late)[2] == "payment_intent_unexpected_state"


async def test_a_bank_asks_for_the_person_first(api: Api) -> None:
    method = {"payment_method": "pm_card_authenticationRequired"}
    intent = (await api.post("/payment_intents", {"amount": "99", "currency": "cad"})).json()
    confirm = f"/payment_intents/{intent['id']}/confirm"

    waiting = (await api.post(confirm, method)).json()
    done = (await api.post(confirm, method)).json()

    assert intent["status"] == "requires_payment_method"
    assert (waiting["status"], done["status"]) == ("requires_action", "succeeded")


async def test_a_bank_refuses(api: Api) -> None:
    declined = await api.post(
        "/payment_intents", {**PAID, "payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
    )

    assert refusal(declined) == (402, "card_error", "card_declined")
    error = declined.json()["error"]
    assert error["decline_code"] == "insufficient_funds"
    assert error["payment_intent"]["status"] == "requires_payment_method"
    newest = (await api.get("/events", limit="1")).json()["data"][0]
    assert newest["type"] == "payment_intent.payment_failed"
    assert (await api.get(f"/events/{newest['id']}")).json() == newest


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        ("/payment_intents", {"currency": "cad"}, (400, "parameter_missing")),
        ("/payment_intents", {"amount": "9", "currency": "cad"}, (400, "amount_too_small")),
        ("/payment_intents", {"amount": "9999999999"}, (400, "amount_too_large")),
        ("/payment_intents", {"amount": "x"}, (400, "parameter_invalid_integer")),
        ("/payment_intents", {"amount": "99", "currency": "money"}, (400, None)),
        ("/payment_intents", {"amount": "99", "color": "red"}, (400, "parameter_unknown")),
        ("/payment_intents", {"amount[x]": "99"}, (400, "parameter_invalid")),
        ("/payment_intents", {"amount]": "99"}, (400, "parameter_unknown")),
        ("/payment_intents/pi_1/confirm", {}, (404, "resource_missing")),
        ("/payment_intents/pi_1/bless", {}, (404, None)),
        ("/refunds", {}, (400, "parameter_missing")),
        ("/refunds", {"payment_intent": "pi_1"}, (404, "resource_missing")),
        ("/refunds", {"charge": "ch_1"}, (404, "resource_missing")),
        ("/checkout/sessions", {"mode": "payment"}, (400, "parameter_missing")),
        ("/checkout/sessions", {"mode": "magic"}, (400, "parameter_invalid")),
        ("/checkout/sessions", {**SESSION, "success_url": "x"}, (400, "url_invalid")),
        ("/checkout/sessions", {**SESSION, "expires_at": "5"}, (400, "parameter_invalid_integer")),
        ("/magic", {}, (404, None)),
    ],
)
async def test_what_is_wrong_is_told_by_type_and_code(
    api: Api, path: str, form: dict[str, str], expected: tuple[int, str | None]
) -> None:
    status, kind, code = refusal(await api.post(path, form))

    assert (status, code) == expected
    assert kind == "invalid_request_error"


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"starting_after": "re_1"}])
async def test_a_list_that_cannot_be_is_refused(api: Api, query: dict[str, str]) -> None:
    assert (await api.get("/refunds", **query)).status_code in (400, 404)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer sk_test_x"}, {"Authorization": "Basic x"}]
)
async def test_strangers_are_not_let_in(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get(f"{V1}/balance", headers=headers)

    assert refusal(answer) == (401, "invalid_request_error", None)


async def test_a_version_that_is_none_is_refused(api: Api) -> None:
    assert refusal(await api.post("/refunds", {}, Stripe_Version="newest"))[0] == 400


async def test_a_key_brings_the_answer_back(api: Api, sandbox: Sandbox) -> None:
    first = await api.post("/payment_intents", PAID, Idempotency_Key="one")
    await api.post("/refunds", {"payment_intent": first.json()["id"]})
    again = await api.post("/payment_intents", PAID, Idempotency_Key="one")
    other = await api.post("/payment_intents", {**PAID, "amount": "1"}, Idempotency_Key="one")
    elsewhere = await api.post("/refunds", PAID, Idempotency_Key="one")

    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert refusal(other)[:2] == refusal(elsewhere)[:2] == (400, "idempotency_error")
    assert len(sandbox.state.store(Payments).all("payment_intent")) == 1


async def test_a_key_keeps_what_a_bank_refused_but_not_what_was_wrong(api: Api) -> None:
    declined = {**PAID, "payment_method": "pm_card_chargeDeclined"}
    await api.post("/payment_intents", declined, Idempotency_Key="bank")
    again = await api.post("/payment_intents", declined, Idempotency_Key="bank")
    await api.post("/payment_intents", {**PAID, "amount": "1"}, Idempotency_Key="wrong")
    right = await api.post("/payment_intents", PAID, Idempotency_Key="wrong")

    assert (again.status_code, again.headers["idempotent-replayed"]) == (402, "true")
    assert right.status_code == 200


async def test_a_key_is_forgotten_after_a_day(
    api: Api, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    await api.post("/payment_intents", PAID, Idempotency_Key="one")
    tomorrow = time.time() + 24 * 3600 + 1
    monkeypatch.setattr("sandbox.stripe.api.time.time", lambda: tomorrow)
    await api.post("/payment_intents", PAID, Idempotency_Key="one")

    assert len(sandbox.state.store(Payments).all("payment_intent")) == 2


async def test_a_session_is_paid_on_its_page(api: Api, client: httpx.AsyncClient) -> None:
    session = (await api.post("/checkout/sessions", SESSION)).json()
    assert (session["status"], session["amount_total"]) == ("open", 5000)
    page = await client.get(session["url"])
    assert "50.00 CAD" in page.text

    poor = {"method": "pm_card_chargeDeclinedInsufficientFunds"}
    refused = await client.post(session["url"], data=poor, follow_redirects=True)
    assert "declined" in refused.text
    paid = await client.post(session["url"], data={"method": "pm_card_visa"}, follow_redirects=True)

    assert f"https://shop.example/done?id={session['id']}" in paid.text
    later = (await api.get(f"/checkout/sessions/{session['id']}")).json()
    assert (later["status"], later["payment_status"], later["url"]) == ("complete", "paid", None)
    intent = (await api.get(f"/payment_intents/{later['payment_intent']}")).json()
    assert (intent["status"], intent["amount"]) == ("succeeded", 5000)
    newest = (await api.get("/events", limit="1")).json()["data"][0]
    assert newest["type"] == "checkout.session.completed"
    late = await api.post(f"/checkout/sessions/{session['id']}/expire")
    assert refusal(late)[0] == 400


async def test_a_session_expires_by_will_or_by_time(
    api: Api, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = (await api.post("/checkout/sessions", SESSION)).json()
    two = (await api.post("/checkout/sessions", SESSION)).json()

    closed = (await api.post(f"/checkout/sessions/{one['id']}/expire")).json()
    monkeypatch.setattr("sandbox.stripe.sessions.time.time", lambda: two["expires_at"])
    over = (await api.get(f"/checkout/sessions/{two['id']}")).json()

    assert closed["status"] == over["status"] == "expired"
    assert "expired" in (await client.get(one["url"])).text


async def test_the_page_shows_and_gives_back(api: Api, client: httpx.AsyncClient) -> None:
    form = {**PAID, "description": "<b>NL-1042</b>"}
    intent = (await api.post("/payment_intents", form)).json()
    held = (await api.post("/payment_intents", {"amount": "99", "currency": "cad"})).json()

    given = await client.post(f"/pages/stripe/refund/{intent['id']}")
    again = await client.post(f"/pages/stripe/refund/{intent['id']}")
    canceled = await client.post(f"/pages/stripe/cancel/{held['id']}")
    page = (await client.get("/stripe")).text

    assert [given.status_code, again.status_code, canceled.status_code] == [303, 400, 303]
    assert "25.99 CAD refunded" in page
    assert "&lt;b&gt;NL-1042" in page
    assert "canceled" in page


@pytest.mark.parametrize("path", ["refund/pi_1", "cancel/pi_1", "pay/cs_1", "webhook", "deliver"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(
        f"/pages/stripe/{path}", data={"method": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403


async def test_the_story_is_of_paid_orders(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_control/seed")).json()["stripe"] == "20 payments"
