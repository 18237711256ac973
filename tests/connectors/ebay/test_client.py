from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
from connectors._http.limits import Rate
from connectors._http.retry import RetryPolicy
from connectors.ebay.auth import Buyer
from connectors.ebay.bids import EbayBids
from connectors.ebay.client import EbayClient, share_of
from connectors.ebay.errors import (
    AuctionEndedError,
    BidTooLowError,
    MayNotBidError,
    NoBidsError,
    NotForSaleError,
)
from connectors.ebay.models import CheckoutSession
from connectors.ebay.orders import EbayOrders, Recipient
from connectors.ebay.search import Search

TOKEN = {"access_token": "v^1.1#abc", "expires_in": 7200, "token_type": "Application Access Token"}
ANN = Recipient(
    first_name="Ann",
    last_name="Secret",
    email="ann@example.org",
    phone="6135550100",
    address="1 Hidden St",
    city="Ottawa",
    country="CA",
    postal_code="K1P 1J1",
    province="ON",
)
CAD = {"value": "1.00", "currency": "CAD"}
PRICES = {"priceSubtotal": CAD, "deliveryCost": CAD, "total": CAD}


def refusal(number: int, message: str = "No.") -> dict[str, Any]:
    detail = {"errorId": number, "domain": "API", "category": "REQUEST", "message": message}
    return {"errors": [detail]}


@pytest.fixture
def keyset(server: Any, retry: RetryPolicy) -> dict[str, Any]:
    return {
        "base_url": f"{server.url}/api",
        "client_id": "app",
        "client_secret": SecretStr("hunter2"),
        "marketplace": "EBAY_CA",
        "timeout_seconds": 5.0,
        "retry": retry,
    }


@pytest.fixture
async def ebay(keyset: dict[str, Any]) -> AsyncIterator[EbayClient]:
    ebay = EbayClient(buyer=Buyer("CA", "K1P 1J1", "fr-CA"), **keyset)
    yield ebay
    await ebay.aclose()


@pytest.fixture
async def bids(keyset: dict[str, Any]) -> AsyncIterator[EbayBids]:
    bids = EbayBids(refresh_token=SecretStr("grant"), **keyset)
    yield bids
    await bids.aclose()


@pytest.fixture
async def orders(server: Any, keyset: dict[str, Any]) -> AsyncIterator[EbayOrders]:
    orders = EbayOrders(order_url=f"{server.url}/apix", **keyset)
    yield orders
    await orders.aclose()


def query(target: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


async def test_a_search_says_who_asks_from_where(server: Any, ebay: EbayClient) -> None:
    server.answer(200, TOKEN)
    server.answer(200, {"total": 0, "limit": 200, "offset": 0})

    assert [one async for one in ebay.search(Search(words="HDMI", sort="price"))] == []

    token, search = server.seen
    assert token.target == "/api/identity/v1/oauth2/token"
    assert token.headers["authorization"].startswith("Basic ")
    assert parse_qs(token.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["https://api.ebay.com/oauth/api_scope"],
    }
    assert search.headers["authorization"] == "Bearer v^1.1#abc"
    assert search.headers["x-ebay-c-marketplace-id"] == "EBAY_CA"
    assert search.headers["accept-language"] == "fr-CA"
    assert search.headers["x-ebay-c-enduserctx"] == (
        "contextualLocation=country%3DCA%2Czip%3DK1P%201J1"
    )
    assert query(search.target) == {"q": "HDMI", "sort": "price", "limit": "200", "offset": "0"}


async def test_pages_end_with_next_not_with_total(server: Any, ebay: EbayClient) -> None:
    line = {"itemId": "v1|1|0", "title": "Port", "buyingOptions": None}
    server.answer(200, TOKEN)
    server.answer(200, {"total": 1, "next": "somewhere", "itemSummaries": [line]})
    server.answer(200, {"total": 9000, "itemSummaries": [line]})

    found = [one async for one in ebay.search(Search(words="HDMI", page_size=50))]

    assert len(found) == 2
    assert [query(one.target)["offset"] for one in server.seen[1:]] == ["0", "50"]


async def test_search_ends_after_ten_thousand_items(server: Any, ebay: EbayClient) -> None:
    server.answer(200, TOKEN)
    for _ in range(50):
        server.answer(200, {"total": 90_000, "next": "more", "itemSummaries": []})

    pages = [page async for page in ebay.search_pages(Search(words="HDMI"))]

    assert len(pages) == 50
    assert query(server.seen[-1].target)["offset"] == "9800"


async def test_an_id_stays_in_its_place_of_the_path(server: Any, ebay: EbayClient) -> None:
    server.answer(200, TOKEN)
    server.answer(404, refusal(11001))

    with pytest.raises(ServiceNotFoundError):
        await ebay.get_item("v1|1|0/../x")

    assert server.seen[1].target == "/api/buy/browse/v1/item/v1%7C1%7C0%2F..%2Fx"


@pytest.mark.parametrize(
    ("status", "number", "kind"),
    [
        (401, 1001, NeedsReauthError),
        (400, 1002, NeedsReauthError),
        (403, 1100, NeedsReauthError),
        (404, 2002, ServiceNotFoundError),
        (400, 11001, ServiceNotFoundError),
        (400, 11003, ServiceNotFoundError),
        (400, 11004, NotForSaleError),
        (400, 11006, RejectedError),
        (409, 12013, RejectedError),
        (400, 99999, RejectedError),
        (500, 11000, TransientError),
        (503, 0, TransientError),
    ],
)
async def test_refusals_are_classified_by_number(
    server: Any, ebay: EbayClient, status: int, number: int, kind: type[ConnectorError]
) -> None:
    server.answer(200, TOKEN)
    if status == 401:
        server.answer(401, refusal(number))
        server.answer(200, TOKEN)
    for _ in range(3 if kind is TransientError else 1):
        server.answer(status, refusal(number) if number else b"<html>")

    with pytest.raises(ConnectorError) as caught:
        await ebay.get_item("v1|1|0")

    assert type(caught.value) is kind
    assert str(number or "503") in caught.value.message
    assert "hunter2" not in str(caught.value)


def quota_of(remaining: int) -> dict[str, Any]:
    reset = datetime.now(UTC) + timedelta(hours=3)
    rate = {
        "limit": 5000,
        "remaining": remaining,
        "reset": reset.isoformat(),
        "timeWindow": 86_400,
    }
    resources = [{"name": "buy.browse", "rates": [rate]}]
    return {"rateLimits": [{"apiName": "browse", "resources": resources}]}


async def test_a_429_without_a_wait_is_told_with_the_one_of_analytics(
    server: Any, ebay: EbayClient
) -> None:
    server.answer(200, TOKEN)
    for _ in range(3):
        server.answer(429, refusal(2001, "Too many requests."))
    server.answer(200, quota_of(0))

    with pytest.raises(RateLimitedError, match="5000 calls are used up") as caught:
        await ebay.get_item("v1|1|0")

    assert caught.value.retry_after_seconds == pytest.approx(3 * 3600, abs=60)
    assert query(server.seen[-1].target) == {"api_context": "buy", "api_name": "browse"}


@pytest.mark.parametrize(("status", "told"), [(204, b""), (200, quota_of(12))])
async def test_when_analytics_tells_no_end_the_429_stays(
    server: Any, ebay: EbayClient, status: int, told: object
) -> None:
    server.answer(200, TOKEN)
    for _ in range(3):
        server.answer(429, refusal(2001))
    server.answer(status, told)

    with pytest.raises(RateLimitedError, match="2001") as caught:
        await ebay.get_item("v1|1|0")

    assert caught.value.retry_after_seconds is None


def test_a_days_quota_is_shared_out_by_the_hour() -> None:
    assert share_of(5000) == Rate(208, 3600.0)
    assert share_of(5000).calls * 24 <= 5000
    assert share_of(1).calls == 1


async def test_a_bid_says_site_and_maximum_as_the_user(server: Any, bids: EbayBids) -> None:
    server.answer(200, TOKEN)
    server.answer(200, {"proxyBidId": "7"})

    placed = await bids.place_proxy_bid("v1|1|0", Decimal(20), "USD")

    token, bid = server.seen
    assert placed.proxy_bid_id == "7"
    form = parse_qs(token.body.decode())
    assert form["refresh_token"] == ["grant"]
    assert form["scope"] == ["https://api.ebay.com/oauth/api_scope/buy.offer.auction"]
    assert bid.target == "/api/buy/offer/v1_beta/bidding/v1%7C1%7C0/place_proxy_bid"
    assert bid.headers["x-ebay-c-marketplace-id"] == "EBAY_CA"
    assert json.loads(bid.body) == {"maxAmount": {"value": "20.00", "currency": "USD"}}


@pytest.mark.parametrize(
    ("status", "number", "kind"),
    [
        (404, 120001, ServiceNotFoundError),
        (409, 120002, AuctionEndedError),
        (409, 120003, MayNotBidError),
        (409, 120005, RejectedError),
        (409, 120008, BidTooLowError),
        (409, 120010, BidTooLowError),
        (409, 120012, AuctionEndedError),
        (409, 120019, MayNotBidError),
        (409, 120024, NotForSaleError),
        (409, 120032, MayNotBidError),
        (400, 120013, RejectedError),
        (404, 120033, NoBidsError),
        (403, 1100, NeedsReauthError),
        (500, 120000, UnknownOutcomeError),
    ],
)
async def test_refused_bids_are_classified_by_number_and_sent_once(
    server: Any, bids: EbayBids, status: int, number: int, kind: type[ConnectorError]
) -> None:
    server.answer(200, TOKEN)
    server.answer(status, refusal(number))

    with pytest.raises(ConnectorError) as caught:
        await bids.place_proxy_bid("v1|1|0", Decimal(20), "CAD")

    assert type(caught.value) is kind
    assert len(caught.value.cure) > 30
    assert len(server.seen) == 2


async def test_checkouts_and_orders_lie_on_different_hosts(server: Any, orders: EbayOrders) -> None:
    line = {"itemId": "v1|1|0", "quantity": 2, "netPrice": CAD}
    order = {
        "purchaseOrderId": "5",
        "purchaseOrderStatus": "PENDING",
        "purchaseOrderPaymentStatus": "PAID",
        "purchaseOrderCreationDate": "2026-11-21T10:00:00.000Z",
        "lineItems": [line],
        "pricingSummary": PRICES,
    }
    begun = {"checkoutSessionId": "s/1", "lineItems": [line], "pricingSummary": PRICES}
    server.answer(200, TOKEN)
    server.answer(200, begun, X_EBAY_SECURITY_SIGNATURE="opens-the-widget")
    server.answer(200, begun)
    server.answer(200, order)

    session = await orders.initiate_guest_checkout({"v1|1|0": 2}, ANN)
    await orders.get_guest_checkout(session.checkout_session_id)
    await orders.get_guest_purchase_order("5")

    _, initiate, get, purchase = server.seen
    assert session.security_signature.get_secret_value() == "opens-the-widget"
    assert "opens-the-widget" not in repr(session)
    assert initiate.target == "/apix/buy/order/v2/guest_checkout_session/initiate"
    assert get.target == "/apix/buy/order/v2/guest_checkout_session/s%2F1"
    assert purchase.target == "/api/buy/order/v2/guest_purchase_order/5"
    sent = json.loads(initiate.body)
    assert sent["lineItemInputs"] == [{"itemId": "v1|1|0", "quantity": 2}]
    assert sent["contactEmail"] == "ann@example.org"
    assert sent["shippingAddress"]["stateOrProvince"] == "ON"


@pytest.mark.parametrize(
    ("status", "number", "kind"),
    [
        (400, 15003, ServiceNotFoundError),
        (400, 16002, ServiceNotFoundError),
        (409, 15013, NotForSaleError),
        (409, 15018, NotForSaleError),
        (400, 15025, NeedsReauthError),
        (409, 15026, RejectedError),
        (500, 15000, UnknownOutcomeError),
    ],
)
async def test_refused_checkouts_are_classified_and_keep_the_buyer_private(
    server: Any, orders: EbayOrders, status: int, number: int, kind: type[ConnectorError]
) -> None:
    detail = refusal(number, "Write to ann@example.org.")
    detail["errors"][0]["parameters"] = [{"name": "address", "value": "1 Hidden St"}]
    server.answer(200, TOKEN)
    server.answer(status, detail)

    with pytest.raises(ConnectorError) as caught:
        await orders.initiate_guest_checkout({"v1|1|0": 1}, ANN)

    assert type(caught.value) is kind
    told = str(caught.value)
    assert not any(secret in told for secret in ("ann@example.org", "Hidden", "hunter2"))


async def test_a_checkout_whose_answer_cannot_be_read_is_unknown(
    server: Any, orders: EbayOrders
) -> None:
    server.answer(200, TOKEN)
    server.answer(200, b"<html>")

    with pytest.raises(UnknownOutcomeError, match="can't be read"):
        await orders.initiate_guest_checkout({"v1|1|0": 1}, ANN)


async def test_a_failed_ping_tells_what_to_do(server: Any, orders: EbayOrders) -> None:
    server.answer(400, {"error": "invalid_scope"})

    with pytest.raises(NeedsReauthError, match="approved"):
        await orders.ping()


def test_what_is_not_used_of_an_answer_is_left() -> None:
    begun = {"checkoutSessionId": "1", "lineItems": [], "pricingSummary": PRICES, "new": 1}

    assert CheckoutSession.model_validate(begun).checkout_session_id == "1"
