"""Whatever is sent, eBay's stand-in answers, and refuses by number."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.ebay.errors import EbayError
from sandbox.ebay.filters import read_filters
from sandbox.ebay.search import read_window, search
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES

NAMES = st.sampled_from(
    (
        "price",
        "priceCurrency",
        "conditions",
        "conditionIds",
        "buyingOptions",
        "maxDeliveryCost",
        "deliveryCountry",
        "deliveryPostalCode",
        "itemLocationCountry",
        "sellers",
        "sellerAccountTypes",
        "returnsAccepted",
        "bidCount",
        "itemEndDate",
        "searchInDescription",
        "nothing",
    )
)
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(("CAD", "{NEW|USED}", "{AUCTION}", "[1..2]", "[..]", "[]", "true", "{", "|")),
    st.builds("[{}..{}]".format, st.decimals(), st.decimals()),
    st.builds("[{}..]".format, st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)),
    st.builds("[{}]".format, st.text(alphabet="0123456789eE+-.", max_size=9)),
)
FILTERS = st.lists(st.builds("{}:{}".format, NAMES, VALUES), max_size=4).map(",".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
LINES = st.lists(st.fixed_dictionaries({"itemId": st.just("v1|1|0"), "quantity": JSON}), max_size=2)
PAIRS = st.lists(st.fixed_dictionaries({"name": JSON, "value": JSON}), max_size=3)

nonsense = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shelf() -> Listings:
    now, listings = datetime.now(UTC), Listings()
    for price, start in ((Decimal(5), None), (None, Decimal(1))):
        listings.add(
            Listing(
                legacy_id="1" if price else "2",
                title="part",
                seller=Seller("a", 1, Decimal(99)),
                category=CATEGORIES["171833"],
                country="CA",
                city="Ottawa",
                currency="CAD",
                listed_at=now - timedelta(days=1),
                ends_at=now + timedelta(days=1),
                price=price,
                start=start,
                fits=({"Year": "2018"},),
            )
        )
    return listings


@settings(max_examples=200)
@given(FILTERS | st.text(max_size=60))
def test_any_filter_is_applied_or_warned_of(text: str) -> None:
    filters = read_filters(text)

    for listing in shelf().all():
        assert filters.keep(listing) in (True, False)
    assert all(one["errorId"] in (12002, 12012) for one in filters.warnings)


@given(
    st.dictionaries(
        st.sampled_from(("q", "limit", "offset", "sort", "category_ids", "aspect_filter")),
        st.text(max_size=12) | st.integers().map(str),
    )
)
def test_any_search_is_answered_or_refused_by_number(query: dict[str, str]) -> None:
    with suppress(EbayError):
        window = read_window(query)
        found, _ = search(shelf(), query, "CA", datetime.now(UTC))
        assert window.offset % window.limit == 0
        assert len(found) <= 2


@pytest.fixture
def shown(sell: Any) -> None:
    sell(legacy_id="1", fits=({"Year": "2018"},))
    sell(legacy_id="2", price=None, start=Decimal(1))


@nonsense
@given(body=JSON | st.fixed_dictionaries({"compatibilityProperties": PAIRS}))
async def test_any_vehicle_is_answered(ask: Any, shown: None, body: Any) -> None:
    answer = await ask(
        "/buy/browse/v1/item/v1|1|0/check_compatibility", "POST", content=dumps(body)
    )

    assert answer.status_code in (200, 400)


@nonsense
@given(
    body=JSON
    | st.fixed_dictionaries({"maxAmount": JSON})
    | st.fixed_dictionaries(
        {
            "maxAmount": st.fixed_dictionaries(
                {"value": JSON | st.decimals().map(str), "currency": st.just("CAD")}
            )
        }
    )
)
async def test_any_bid_is_answered(bidder: Any, shown: None, body: Any) -> None:
    answer = await bidder("/bidding/v1|2|0/place_proxy_bid", "POST", content=dumps(body))

    assert answer.status_code in (200, 400, 409)


@nonsense
@given(
    body=JSON
    | st.fixed_dictionaries(
        {
            "contactEmail": st.just("a@b.example"),
            "lineItemInputs": LINES | JSON,
            "shippingAddress": st.fixed_dictionaries(
                {
                    "recipient": st.just({"firstName": "A", "lastName": "B"}) | JSON,
                    "addressLine1": st.text(min_size=1, max_size=5),
                    "city": st.text(st.characters(), min_size=1, max_size=5),
                    "country": st.sampled_from(("CA", "ca", "XX")) | JSON,
                    "phoneNumber": st.just("1"),
                }
            ),
        }
    )
)
async def test_any_cart_is_answered(
    client: httpx.AsyncClient,
    token: Any,
    shown: None,
    body: Any,
) -> None:
    scope = "https://api.ebay.com/oauth/api_scope/buy.guest.order"
    answer = await client.post(
        "/ebay/buy/order/v2/guest_checkout_session/initiate",
        headers={"Authorization": f"Bearer {await token(scope)}"},
        content=dumps(body),
    )

    assert answer.status_code in (200, 400, 409)


def dumps(body: object) -> bytes:
    return json.dumps(body).encode()
