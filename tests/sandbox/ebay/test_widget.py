"""The Checkout with eBay widget: who has session and token pays, and once."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.money import Money
from sandbox.ebay.orders import Checkout, Checkouts, Line
from tests.sandbox.ebay.conftest import Sell

OPENER = "http://shop.test:8000"


@pytest.fixture
def begun(sandbox: Sandbox, sell: Sell) -> Checkout:
    listing, nothing = sell(quantity=3), Money(Decimal(0), "CAD")
    checkout = Checkout(
        id="s1",
        site="EBAY_CA",
        currency="CAD",
        address={},
        lines=(Line("1", listing, 2, listing.money, Money(listing.money.value, "CAD"), nothing),),
        signature="right+token/==",
        begun_at=sandbox.state.store(EbayClock).now(),
    )
    sandbox.state.store(Checkouts).add(checkout)
    return checkout


def asked(**changes: str) -> dict[str, Any]:
    return {"token": "right+token/==", "sessionid": "s1", "origin": OPENER} | changes


async def test_the_script_makes_ebays_button(client: httpx.AsyncClient, begun: Checkout) -> None:
    script = await client.get("/ebay/checkout/sdk/js", params=asked(locale="en-US"))
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert "window.ebaypay = { Button }" in script.text
    assert "/ebay/checkout/pay" in script.text
    assert begun.order_id == ""


@pytest.mark.parametrize("wrong", [{"token": "x"}, {"sessionid": "s2"}])
async def test_a_wrong_token_opens_and_pays_nothing(
    client: httpx.AsyncClient, begun: Checkout, wrong: dict[str, str]
) -> None:
    for path in ("/ebay/checkout/sdk/js", "/ebay/checkout/pay"):
        assert (await client.get(path, params=asked(**wrong))).status_code == 401
    assert (await client.post("/ebay/checkout/pay", data=asked(**wrong))).status_code == 401
    assert begun.order_id == ""


async def test_a_guest_pays_once_and_the_opener_is_told(
    client: httpx.AsyncClient, begun: Checkout
) -> None:
    window = await client.get("/ebay/checkout/pay", params=asked(token="right%2Btoken%2F%3D%3D"))
    assert "Confirm and pay" in window.text
    told = set()
    for _ in range(2):
        paid = await client.post("/ebay/checkout/pay", data=asked())
        told |= set(re.findall(r'purchaseOrderId: "([^"]+)"', paid.text))
        assert f'"{OPENER}"' in paid.text
    assert told == {begun.order_id}
    assert begun.lines[0].listing.left == 1


async def test_another_site_can_not_send_the_payment(
    client: httpx.AsyncClient, begun: Checkout
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    refused = await client.post("/ebay/checkout/pay", data=asked(), headers=headers)
    assert refused.status_code == 403
    assert begun.order_id == ""
    assert (await client.get("/ebay/checkout/pay", params=asked(origin="x"))).status_code == 422
