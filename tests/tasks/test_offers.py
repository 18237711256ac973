"""What eBay's items offer: nothing guessed in our favor."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.ebay.models import Item, ItemSummary
from hotrod.sourcing.models import Condition, Offer, Sale
from tasks.offers import ebay_offer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SUMMARY: dict[str, Any] = {
    "itemId": "v1|123|0",
    "title": "HDMI port PS5",
    "price": {"value": "9.50", "currency": "CAD"},
    "buyingOptions": ["FIXED_PRICE", "BEST_OFFER"],
    "conditionId": "1000",
    "seller": {"username": "bench", "feedbackPercentage": "99.2", "feedbackScore": 5000},
    "shippingOptions": [
        {
            "shippingCost": {"value": "3.00", "currency": "CAD"},
            "minEstimatedDeliveryDate": "2026-11-24T08:00:00Z",
            "maxEstimatedDeliveryDate": "2026-11-27T08:00:00Z",
        }
    ],
    "itemLocation": {"country": "CA"},
    "itemWebUrl": "https://www.ebay.ca/itm/123",
}


def listed(**changes: Any) -> Offer | None:
    item = ItemSummary.model_validate(SUMMARY | changes)
    return ebay_offer(item, seen_at=NOW, tax_rate=Decimal("0.13"))


def read(**changes: Any) -> Offer | None:
    item = Item.model_validate(SUMMARY | changes)
    return ebay_offer(item, seen_at=NOW, tax_rate=Decimal("0.13"))


def test_a_line_of_a_search_is_an_offer_of_one_piece() -> None:
    offer = listed()

    assert offer is not None
    assert (offer.key, offer.condition, offer.sale) == (
        ("ebay", "v1|123|0"),
        Condition.NEW,
        Sale.FIXED_PRICE,
    )
    assert (offer.unit_price(1), offer.currency, offer.available) == (Decimal("9.50"), "CAD", 1)
    assert offer.terms is not None
    assert (offer.terms.shipping, offer.terms.is_per_listing) == (Decimal("3.00"), True)
    assert (offer.seller.positive, offer.seller.ratings) == (Decimal("0.992"), 5000)
    assert (offer.seller.region, offer.seller.is_vetted) == ("CA", False)
    assert offer.delivery is not None
    assert (offer.delivery.earliest, offer.delivery.latest) == (
        date(2026, 11, 24),
        date(2026, 11, 27),
    )
    assert (offer.accepts_returns, offer.sku, offer.seen_at) == (None, "", NOW)


@pytest.mark.parametrize(
    ("availability", "available"),
    [
        ([{"estimatedAvailableQuantity": 7}], 7),
        ([{"availabilityThreshold": 10}], 10),
        ([{"estimatedAvailabilityStatus": "OUT_OF_STOCK", "estimatedAvailableQuantity": 3}], 0),
        ([], 1),
        (None, 1),
    ],
)
def test_an_item_tells_how_many_there_are(availability: Any, available: int) -> None:
    offer = read(estimatedAvailabilities=availability)

    assert offer is not None
    assert offer.available == available


def test_an_item_tells_its_number_and_returns() -> None:
    offer = read(mpn="TX-1", returnTerms={"returnsAccepted": True})

    assert offer is not None
    assert (offer.part_number, offer.accepts_returns, offer.return_days) == ("TX-1", True, None)


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"conditionId": "2500"}, Condition.REFURBISHED),
        ({"conditionId": "3000"}, Condition.USED),
        ({"conditionId": "7000"}, Condition.FOR_PARTS),
        ({"conditionId": ""}, Condition.USED),
        ({"conditionId": "1750"}, Condition.USED),
    ],
)
def test_conditions_are_read_as_the_worse(changes: dict[str, Any], condition: Condition) -> None:
    offer = listed(**changes)

    assert offer is not None
    assert offer.condition is condition


def test_an_auctions_price_is_its_bid_and_it_ends() -> None:
    offer = listed(
        buyingOptions=["AUCTION"],
        currentBidPrice={"value": "4.00", "currency": "CAD"},
        itemEndDate="2026-11-21T10:00:00Z",
    )

    assert offer is not None
    assert (offer.sale, offer.unit_price(1)) == (Sale.AUCTION, Decimal("4.00"))
    assert offer.ends_at == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_an_auction_that_can_be_bought_now_has_its_fixed_price() -> None:
    offer = listed(
        buyingOptions=["AUCTION", "FIXED_PRICE"],
        currentBidPrice={"value": "4.00", "currency": "CAD"},
    )

    assert offer is not None
    assert (offer.sale, offer.unit_price(1)) == (Sale.FIXED_PRICE, Decimal("9.50"))


CONVERTED = {
    "value": "9.50",
    "currency": "CAD",
    "convertedFromValue": "7.00",
    "convertedFromCurrency": "USD",
}


def test_a_converted_price_is_read_as_the_seller_asks_it() -> None:
    shipping = {"value": "3", "currency": "CAD"}
    converted = shipping | {"convertedFromValue": "2", "convertedFromCurrency": "USD"}

    offer = listed(price=CONVERTED, shippingOptions=[{"shippingCost": converted}])

    assert offer is not None
    assert (offer.unit_price(1), offer.currency) == (Decimal("7.00"), "USD")
    assert offer.terms is not None
    assert offer.terms.shipping == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"shippingOptions": []},
        {"shippingOptions": [{"shippingCostType": "CALCULATED"}]},
        {"price": CONVERTED},
    ],
)
def test_shipping_that_is_not_told_is_not_known(changes: dict[str, Any]) -> None:
    offer = listed(**changes)

    assert offer is not None
    assert offer.terms is None


def test_what_has_no_price_is_no_offer() -> None:
    assert listed(price=None) is None


@pytest.mark.parametrize(
    "told",
    [
        "https://i.ebayimg.com/thumbs/images/g/abc/s-l225.jpg",
        "https://i.ebayimg.com/images/g/abc/s-l500.jpg",
        "https://i.ebayimg.com/images/g/abc/s-l1600.jpg",
    ],
)
def test_a_picture_is_the_same_however_large_it_is_told(told: str) -> None:
    offer = listed(image={"imageUrl": told})
    assert offer is not None
    assert offer.picture_url == "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"


@pytest.mark.parametrize("told", ["javascript:alert(1)", "http://evil.example.com/1.png", ""])
def test_what_is_no_picture_costs_no_offer(told: str) -> None:
    offer = listed(image={"imageUrl": told})
    assert offer is not None
    assert offer.picture_url == ""
