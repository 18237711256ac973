"""Tokens, quotas, guest checkout, deliveries, the page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox import Sandbox
from sandbox.ebay.store import Listings

TOKEN = "/ebay/identity/v1/oauth2/token"
PUBLIC = "https://api.ebay.com/oauth/api_scope"
GUEST = f"{PUBLIC}/buy.guest.order"
GUEST_FORM = {"grant_type": "client_credentials", "scope": PUBLIC}
SECRET = "a" * 32


def number(answer: httpx.Response) -> int:
    return int(answer.json()["errors"][0]["errorId"])


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        (GUEST_FORM, ("sandbox", "wrong"), 401, "invalid_client"),
        (GUEST_FORM, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, True, 400, "invalid_scope"),
        ({**GUEST_FORM, "scope": f"{PUBLIC}/buy.offer.auction"}, True, 400, "invalid_scope"),
        ({"grant_type": "password"}, True, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, True, 400, "invalid_grant"),
    ],
)
async def test_who_is_not_known_gets_no_token(
    client: httpx.AsyncClient, form: dict[str, str], auth: Any, status: int, error: str
) -> None:
    keyset = ("sandbox", "sandbox-secret") if auth is True else auth
    answer = await client.post(TOKEN, data=form, auth=keyset)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_tokens_are_needed_and_end(client: httpx.AsyncClient, ask: Any) -> None:
    path = "/buy/browse/v1/item/v1|1|0"
    none = await client.get(f"/ebay{path}")
    await client.post("/_control/ebay/tokens/end")
    ended = await ask(path)

    assert (none.status_code, number(none)) == (400, 1002)
    assert (ended.status_code, number(ended)) == (401, 1001)


async def test_what_is_not_played_is_ebays_own_404(ask: Any) -> None:
    for path in ("/buy/feed/v1/item", "/nothing", "/buy/browse/v1/item_summary/nothing"):
        answer = await ask(path)
        assert (answer.status_code, number(answer)) == (404, 2002)


async def test_the_days_calls_are_counted_and_then_refused(
    client: httpx.AsyncClient, ask: Any, sell: Any
) -> None:
    sell("part")
    await client.post("/_control/ebay/quota", json={"left": 1})
    search = "/buy/browse/v1/item_summary/search?q=part"

    first, second = await ask(search), await ask(search)
    told = (await ask("/developer/analytics/v1_beta/rate_limit/?api_name=browse")).json()
    await client.post("/_control/ebay/wait", json={"seconds": 86_400})
    next_day = await ask(search)

    assert first.status_code == next_day.status_code == 200
    assert (second.status_code, number(second)) == (429, 2001)
    assert "retry-after" not in second.headers
    (browse,) = told["rateLimits"]
    rate = browse["resources"][0]["rates"][0]
    assert (rate["limit"], rate["remaining"], rate["timeWindow"]) == (5000, 0, 86_400)


async def test_no_such_limit_is_an_empty_answer(ask: Any) -> None:
    answer = await ask("/developer/analytics/v1_beta/rate_limit/?api_name=nothing")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.fixture
async def guest(client: httpx.AsyncClient, token: Any) -> Any:
    shown = {"Authorization": f"Bearer {await token(GUEST)}", "X-EBAY-C-MARKETPLACE-ID": "EBAY_CA"}

    async def call(path: str, method: str = "GET", **more: Any) -> httpx.Response:
        return await client.request(method, f"/ebay/buy/order/v2{path}", headers=shown, **more)

    return call


def cart(item_id: str, quantity: object = 2, **address: object) -> dict[str, Any]:
    return {
        "contactEmail": "ann@example.org",
        "lineItemInputs": [{"itemId": item_id, "quantity": quantity}],
        "shippingAddress": {
            "recipient": {"firstName": "Ann", "lastName": "Roy"},
            "addressLine1": "1 Main St",
            "city": "Ottawa",
            "country": "CA",
            "phoneNumber": "6135550100",
            **address,
        },
    }


async def test_a_guest_pays_on_ebays_page_and_then_there_is_an_order(
    client: httpx.AsyncClient, guest: Any, sell: Any
) -> None:
    listing = sell("part", "10.00", quantity=3)

    begun = await guest("/guest_checkout_session/initiate", "POST", json=cart(listing.item_id))
    session = begun.json()
    pay = f"/_control/ebay/checkouts/{session['checkoutSessionId']}/pay"
    order_id = (await client.post(pay)).json()["purchaseOrderId"]
    again = (await client.post(pay)).json()["purchaseOrderId"]
    order = (await guest(f"/guest_purchase_order/{order_id}")).json()

    elsewhere = await client.get(
        f"/ebay/buy/order/v2/guest_checkout_session/{session['checkoutSessionId']}",
        headers={"Authorization": begun.request.headers["authorization"]},
    )

    assert number(elsewhere) == 15029
    assert begun.headers["X-EBAY-SECURITY-SIGNATURE"]
    assert session["pricingSummary"]["total"] == {"value": "20.00", "currency": "CAD"}
    assert order["purchaseOrderPaymentStatus"] == "PAID"
    assert order["lineItems"][0]["quantity"] == 2
    assert again == order_id
    assert listing.left == 1


@pytest.mark.parametrize(
    ("change", "status", "refused"),
    [
        ({"contactEmail": None}, 400, 15001),
        ({"contactEmail": "ann"}, 400, 15002),
        ({"lineItemInputs": []}, 400, 15001),
        ({"lineItemInputs": [{"itemId": "v1|0|0", "quantity": 1}]}, 409, 15018),
        ({"lineItemInputs": [{"itemId": "v1|0|0", "quantity": 0}]}, 409, 15014),
        ({"shippingAddress": {"city": "Ottawa"}}, 400, 15001),
    ],
)
async def test_wrong_carts_are_refused_by_number(
    guest: Any, change: dict[str, Any], status: int, refused: int
) -> None:
    body = {**cart("v1|1|0"), **change}

    answer = await guest("/guest_checkout_session/initiate", "POST", json=body)

    assert (answer.status_code, number(answer)) == (status, refused)


async def test_more_than_there_is_or_too_far_away_is_refused(guest: Any, sell: Any) -> None:
    listing = sell("part", quantity=1, ships_to=frozenset({"CA"}))
    path = "/guest_checkout_session/initiate"

    assert number(await guest(path, "POST", json=cart(listing.item_id, 2))) == 15013
    assert number(await guest(path, "POST", json=cart(listing.item_id, 1, country="US"))) == 15026
    assert number(await guest("/guest_checkout_session/none")) == 15003
    assert number(await guest("/guest_purchase_order/none")) == 16002


@pytest.fixture
async def listener() -> AsyncIterator[tuple[str, list[tuple[bytes, bytes]]]]:
    """An endpoint that keeps heads and bodies, and answers challenges."""
    seen: list[tuple[bytes, bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-len")]
        body = await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
        seen.append((head, body))
        answer = b""
        if b"challenge_code=" in head:
            code = head.split(b"challenge_code=")[1].split(b" ")[0].decode()
            proof = hashlib.sha256(f"{code}{SECRET}{endpoint}".encode()).hexdigest()
            answer = json.dumps({"challengeResponse": proof}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer)
        )
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ebay"
    yield endpoint, seen
    server.close()
    await server.wait_closed()


async def test_deliveries_are_signed_and_may_repeat(
    client: httpx.AsyncClient, ask: Any, listener: Any
) -> None:
    endpoint, seen = listener
    order = {"endpoint": endpoint, "events": [{"n": 2}, {"n": 1}], "times": 2}

    assert (await client.post("/_control/ebay/deliver", json=order)).json() == [200] * 4

    told = [json.loads(body)["notification"] for _, body in seen]
    assert [one["data"]["n"] for one in told] == [2, 2, 1, 1]
    assert [one["publishAttemptCount"] for one in told] == [1, 2, 1, 2]
    assert told[0]["notificationId"] == told[1]["notificationId"] != told[2]["notificationId"]
    key, signature = await unpack(ask, seen[0][0])
    key.verify(signature, seen[0][1], ec.ECDSA(hashes.SHA1()))  # noqa: S303


async def test_a_forged_delivery_does_not_verify(
    client: httpx.AsyncClient, ask: Any, listener: Any
) -> None:
    endpoint, seen = listener
    order = {"endpoint": endpoint, "events": [{}], "forged": True}
    await client.post("/_control/ebay/deliver", json=order)

    key, signature = await unpack(ask, seen[0][0])
    with pytest.raises(InvalidSignature):
        key.verify(signature, seen[0][1], ec.ECDSA(hashes.SHA1()))  # noqa: S303


async def unpack(ask: Any, head: bytes) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    lines = (line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:] if line)
    shown = {name.lower(): value for name, value in lines}["x-ebay-signature"]
    signed = json.loads(base64.b64decode(shown))
    told = (await ask(f"/commerce/notification/v1/public_key/{signed['kid']}")).json()
    assert (told["algorithm"], told["digest"]) == ("ECDSA", "SHA1")
    marks = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    inner = told["key"].removeprefix(marks[0]).removesuffix(marks[1])
    key = load_pem_public_key(f"{marks[0]}\n{inner}\n{marks[1]}\n".encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key, base64.b64decode(signed["signature"])


async def test_an_endpoint_is_challenged(client: httpx.AsyncClient, listener: Any) -> None:
    endpoint, _ = listener
    right = {"endpoint": endpoint, "verification_token": SECRET}

    told = (await client.post("/_control/ebay/challenge", json=right)).json()
    wrong = await client.post(
        "/_control/ebay/challenge", json={**right, "verification_token": "b" * 32}
    )

    assert (told, wrong.json()) == ({"right": True}, {"right": False})


@pytest.mark.parametrize("endpoint", ["https://example.com/x", "http://10.0.0.1/", "nothing"])
async def test_nothing_is_delivered_off_this_machine(
    client: httpx.AsyncClient, endpoint: str
) -> None:
    order = {"endpoint": endpoint, "events": [{}]}

    assert (await client.post("/_control/ebay/deliver", json=order)).status_code == 422


async def test_a_person_sells_bids_and_ends_on_the_page(
    client: httpx.AsyncClient, sandbox: Sandbox, sell: Any
) -> None:
    fixed = sell("part", "10.00")
    form = {"title": "A <b>thing</b>", "seller": "me", "price": "5.00", "category": "171833"}
    more = {"condition": "3000", "kind": "auction"}

    sold = await client.post("/pages/ebay/listings", data={**form, **more})
    auction = sandbox.state.store(Listings).all()[0]
    await client.post(
        "/pages/ebay/bid", data={"item_id": auction.item_id, "bidder": "bo", "most": "7"}
    )
    await client.post("/pages/ebay/price", data={"item_id": fixed.item_id, "price": "12.00"})
    await client.post("/pages/ebay/end", data={"item_id": fixed.item_id})
    page = (await client.get("/ebay")).text

    assert sold.status_code == 303
    assert "A &lt;b&gt;thing&lt;/b&gt;" in page
    assert "bo leads" in page
    assert "CAD 12.00" in page
    assert ">over<" in page


async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, sell: Any) -> None:
    answer = await client.post(
        "/pages/ebay/end",
        data={"item_id": sell().item_id},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403


async def test_the_page_without_anything_says_so(client: httpx.AsyncClient) -> None:
    assert "Nothing is for sale" in (await client.get("/ebay")).text
