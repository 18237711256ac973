from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.ebay.links import item_link
from connectors.ebay.search import ImageSearch, Search, SearchFilter


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({}, ""),
        ({"price_from": Decimal(5), "currency": "CAD"}, "price:[5],priceCurrency:CAD"),
        ({"price_to": Decimal("9.5"), "currency": "CAD"}, "price:[..9.5],priceCurrency:CAD"),
        (
            {"price_from": Decimal(0), "price_to": Decimal(9), "currency": "USD"},
            "price:[0..9],priceCurrency:USD",
        ),
        (
            {"conditions": ("NEW",), "condition_ids": (1000, 3000)},
            "conditions:{NEW},conditionIds:{1000|3000}",
        ),
        ({"buying_options": ("AUCTION", "FIXED_PRICE")}, "buyingOptions:{AUCTION|FIXED_PRICE}"),
        (
            {"delivery_country": "CA", "delivery_postal_code": "K1P 1J1"},
            "deliveryCountry:CA,deliveryPostalCode:K1P 1J1",
        ),
        (
            {"max_delivery_cost": Decimal(0), "currency": "CAD"},
            "priceCurrency:CAD,maxDeliveryCost:0",
        ),
        ({"sellers": ("a|b", "c")}, "sellers:{a\\|b|c}"),
        ({"least_bids": 0, "returns_accepted": True}, "returnsAccepted:true,bidCount:[0]"),
        (
            {"ends_before": datetime(2026, 11, 21, 12, tzinfo=UTC)},
            "itemEndDate:[..2026-11-21T12:00:00Z]",
        ),
    ],
)
def test_filters_are_written_in_ebays_words(wanted: dict[str, Any], text: str) -> None:
    assert SearchFilter(**wanted).text() == text


@pytest.mark.parametrize(
    "wanted",
    [{"price_to": Decimal(5)}, {"max_delivery_cost": Decimal(0)}, {"delivery_postal_code": "K1P"}],
)
def test_a_filter_that_ebay_would_ignore_is_refused_at_once(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs its"):
        SearchFilter(**wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"words": "  "},
        {"words": "port", "page_size": 201},
        {"words": "port", "page_size": 0},
        {"words": "port", "aspects": {"Brand": ["Sony"]}},
        {"category_ids": ["1", "2"], "aspects": {"Brand": ["Sony"]}},
    ],
)
def test_a_search_that_ebay_would_refuse_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give|page|category"):
        Search(**wrong)


def test_aspects_name_their_category_twice() -> None:
    search = Search(category_ids=["171833"], aspects={"Brand": ["Bed|Stü", "Sony"]})

    assert search.parameters(400) == {
        "category_ids": "171833",
        "aspect_filter": "categoryId:171833,Brand:{Bed\\|Stü|Sony}",
        "limit": "200",
        "offset": "400",
    }


def test_no_image_is_no_search() -> None:
    with pytest.raises(ValueError, match="image"):
        ImageSearch(image=b"")


@pytest.mark.parametrize(
    ("item_id", "marketplace", "link"),
    [
        ("v1|265123456789|0", "EBAY_CA", "https://www.ebay.ca/itm/265123456789"),
        ("v1|265123456789|501", "EBAY_GB", "https://www.ebay.co.uk/itm/265123456789?var=501"),
        ("v1|1|0", "EBAY_PL", "https://www.ebay.com/itm/1"),
    ],
)
def test_a_person_is_led_to_the_items_page(item_id: str, marketplace: str, link: str) -> None:
    assert item_link(item_id, marketplace) == link


@pytest.mark.parametrize("item_id", ["", "265123456789", "v1|x|0", "v1|1|0/../evil", "v1|1|0\n"])
def test_what_is_no_id_leads_nowhere(item_id: str) -> None:
    with pytest.raises(ValueError, match="no item id"):
        item_link(item_id, "EBAY_CA")
