from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.ebay.bids import EbayBids
from connectors.ebay.client import EbayClient
from connectors.ebay.orders import EbayOrders, Recipient
from connectors.ebay.search import Search
from sandbox.ebay.money import Money
from sandbox.ebay.orders import Checkout, Checkouts, Line
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES
from tests.contract.cases import Case

KEYSET: dict[str, Any] = {"client_id": "sandbox", "client_secret": SecretStr("sandbox-secret")}
ANN = Recipient(
    first_name="Ann",
    last_name="Roy",
    email="ann@example.org",
    phone="6135550100",
    address="1 Main St",
    city="Ottawa",
    country="CA",
)
ADDRESS = {
    "recipient": {"firstName": "Ann", "lastName": "Roy"},
    "phoneNumber": "6135550100",
    "addressLine1": "1 Main St",
    "city": "Ottawa",
    "country": "CA",
}
_amounts = count(20)


def sell(stand_ins: Any, **more: Any) -> Listing:
    """Put something up for sale; says only what matters."""
    now = datetime.now(UTC)
    listings = stand_ins.sandbox.state.store(Listings)
    usual: dict[str, Any] = {
        "legacy_id": listings.new_number(),
        "title": "HDMI port for PlayStation 5",
        "seller": Seller("good_parts", 1200, Decimal("99.5")),
        "category": CATEGORIES["171833"],
        "country": "CA",
        "city": "Toronto",
        "currency": "CAD",
        "listed_at": now - timedelta(days=1),
        "ends_at": now + timedelta(days=3),
        "price": Decimal("9.99"),
        "quantity": 100,
    }
    listing = Listing(**{**usual, **more})
    listings.add(listing)
    return listing


def browse(stand_ins: Any, retry: RetryPolicy | None = None, seconds: float = 10.0) -> EbayClient:
    return EbayClient(
        base_url=f"{stand_ins.url}/ebay",
        marketplace="EBAY_CA",
        timeout_seconds=seconds,
        retry=retry,
        **KEYSET,
    )


def bids(stand_ins: Any, retry: RetryPolicy | None = None, seconds: float = 10.0) -> EbayBids:
    return EbayBids(
        base_url=f"{stand_ins.url}/ebay",
        refresh_token=SecretStr("sandbox-refresh"),
        marketplace="EBAY_CA",
        timeout_seconds=seconds,
        retry=retry,
        **KEYSET,
    )


def orders(stand_ins: Any, retry: RetryPolicy | None = None, seconds: float = 10.0) -> EbayOrders:
    return EbayOrders(
        base_url=f"{stand_ins.url}/ebay",
        order_url=f"{stand_ins.url}/ebay",
        marketplace="EBAY_CA",
        timeout_seconds=seconds,
        retry=retry,
        **KEYSET,
    )


def with_auction(stand_ins: Any, retry: RetryPolicy, seconds: float) -> EbayBids:
    sell(stand_ins, legacy_id="77", price=None, start=Decimal(10))
    return bids(stand_ins, retry, seconds)


def with_stock(stand_ins: Any, retry: RetryPolicy, seconds: float) -> EbayOrders:
    listing, nothing = sell(stand_ins, legacy_id="78"), Money(Decimal(0), "CAD")
    line = Line("1", listing, 1, Money(Decimal(9), "CAD"), nothing, nothing)
    begun = Checkout("77", "EBAY_CA", "CAD", ADDRESS, (line,), "", datetime.now(UTC))
    stand_ins.sandbox.state.store(Checkouts).add(begun)
    return orders(stand_ins, retry, seconds)


async def read(ebay: EbayClient) -> object:
    return [one async for one in ebay.search(Search(words="HDMI"))]


async def bid(ebay: EbayBids) -> object:
    return await ebay.place_proxy_bid("v1|77|0", Decimal(next(_amounts)), "CAD")


async def bid_first(ebay: EbayBids) -> None:
    await bid(ebay)


async def bids_placed(stand_ins: Any) -> int:
    auction = stand_ins.sandbox.state.store(Listings).get("v1|77|0")
    return len(auction.bids)


async def checkouts_begun(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Checkouts).all())


_RENEWED = {"expired token": 2}  # a refused token is renewed, once

CASES = {
    "ebay search": Case(
        service="ebay",
        make=browse,
        read=read,
        read_path="item_summary/search",
        read_tries=_RENEWED,
    ),
    "ebay bids": Case(
        service="ebay",
        make=with_auction,
        prepare=bid_first,
        read=lambda ebay: ebay.get_bidding("v1|77|0"),
        read_path="/bidding/v1|77|0",
        write=bid,
        write_path="place_proxy_bid",
        written=bids_placed,
        read_tries=_RENEWED,
        write_fails={"expired token": None},
        write_tries=_RENEWED,
    ),
    "ebay orders": Case(
        service="ebay",
        make=with_stock,
        read=lambda ebay: ebay.get_guest_checkout("77"),
        read_path="guest_checkout_session/77",
        write=lambda ebay: ebay.initiate_guest_checkout({"v1|78|0": 1}, ANN),
        write_path="initiate",
        written=checkouts_begun,
        read_tries=_RENEWED,
        write_fails={"expired token": None},
        write_tries=_RENEWED,
    ),
}
