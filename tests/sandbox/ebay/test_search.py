from __future__ import annotations

import base64
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.ebay.pictures import draw
from sandbox.ebay.store import Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES

SEARCH = "/buy/browse/v1/item_summary/search"


async def titles(ask: Any, **query: str) -> list[str]:
    answer = (await ask(SEARCH, params={"q": "part", **query})).json()
    return [one["title"] for one in answer.get("itemSummaries", [])]


def number(answer: httpx.Response) -> int:
    return int(answer.json()["errors"][0]["errorId"])


async def test_all_words_must_match_and_any_of_those_in_parentheses(ask: Any, sell: Any) -> None:
    for title in ("Sony fan part", "Korg fan part", "Sony port part"):
        sell(title)

    assert await titles(ask, q="sony fan") == ["Sony fan part"]
    assert await titles(ask, q="(korg, port)") == ["Korg fan part", "Sony port part"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["part new", "part used"]),
        ("price:[10],priceCurrency:CAD", ["part used"]),
        ("price:[..10],priceCurrency:CAD", ["part new"]),
        ("price:[7..9],priceCurrency:USD", []),
        ("price:[3..4],priceCurrency:USD", ["part new"]),
        ("conditions:{NEW}", ["part new"]),
        ("conditionIds:{3000|7000}", ["part used"]),
        ("buyingOptions:{AUCTION}", ["part bid for"]),
        ("buyingOptions:{AUCTION|FIXED_PRICE}", ["part new", "part used", "part bid for"]),
        ("maxDeliveryCost:0", ["part new"]),
        ("itemLocationCountry:US", ["part used"]),
        ("sellers:{nobody_yet}", ["part used"]),
        ("excludeSellers:{nobody_yet|x}", ["part new"]),
        ("sellerAccountTypes:{INDIVIDUAL}", ["part used"]),
        ("returnsAccepted:true", ["part new"]),
        ("bidCount:[0..5],buyingOptions:{AUCTION}", ["part bid for"]),
        ("deliveryCountry:DE", ["part new"]),
        ("itemEndDate:[..2020-01-01T00:00:00Z]", []),
    ],
)
async def test_filters_keep_what_they_say(
    ask: Any, sell: Any, words: str, found: list[str]
) -> None:
    sell("part new", "5.00", condition_id="1000")
    sell(
        "part used",
        "20.00",
        seller=Seller("nobody_yet", 0, Decimal(0), "INDIVIDUAL"),
        country="US",
        shipping=Decimal(8),
        returns=False,
        ships_to=frozenset({"CA", "US"}),
    )
    sell("part bid for", None, start=Decimal(1), ships_to=frozenset({"CA"}))

    assert await titles(ask, filter=words) == found


@pytest.mark.parametrize(
    ("query", "warned"),
    [
        ({"filter": "price:[1..2]"}, 12012),
        ({"filter": "price:1,priceCurrency:CAD"}, 12002),
        ({"filter": "price:[NaN..2],priceCurrency:CAD"}, 12002),
        ({"filter": "colour:{red}"}, 12002),
        ({"filter": "conditions:{SHINY}"}, 12002),
        ({"filter": "deliveryCountry:canada"}, 12002),
        ({"sort": "cheapest"}, 12008),
        ({"category_ids": "parts"}, 12009),
        ({"aspect_filter": "Color:{Red}"}, 12017),
        ({"category_ids": "171833", "aspect_filter": "categoryId:171833,Color:Red"}, 12018),
    ],
)
async def test_what_cannot_be_applied_is_ignored_with_a_warning(
    ask: Any, sell: Any, query: dict[str, str], warned: int
) -> None:
    sell("part")

    answer = (await ask(SEARCH, params={"q": "part", **query})).json()

    assert [one["errorId"] for one in answer["warnings"]] == [warned]
    assert answer["total"] == 1


async def test_words_are_looked_for_in_descriptions_when_asked_to(ask: Any, sell: Any) -> None:
    sell("part", description="with a Torx screwdriver")

    assert await titles(ask, q="torx") == []
    assert await titles(ask, q="torx", filter="searchInDescription:true") == ["part"]


async def test_aspects_and_categories_narrow(ask: Any, sell: Any) -> None:
    sell("part a", aspects={"Brand": "Bed|Stü"})
    sell("part b", aspects={"Brand": "Sony"}, category=CATEGORIES["43304"])

    assert await titles(ask, category_ids="15032") == ["part b"]
    assert await titles(
        ask, category_ids="1249", aspect_filter="categoryId:1249,Brand:{Bed\\|Stü|Korg}"
    ) == ["part a"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("price", ["b", "c", "a"]),
        ("-price", ["a", "c", "b"]),
        ("newlyListed", ["c", "a", "b"]),
        ("endingSoonest", ["b", "a", "c"]),
    ],
)
async def test_sorts_count_shipping_and_dates(
    ask: Any, sell: Any, sandbox: Sandbox, sort: str, order: list[str]
) -> None:
    for name, price, shipping, days in (
        ("a", "5", "9", 2),
        ("b", "9", "1", 1),
        ("c", "11", "0", 3),
    ):
        listing = sell(f"part {name}", price, shipping=Decimal(shipping))
        listing.ends_at += timedelta(days=days)
        listing.listed_at += timedelta(hours=days)

    assert [title[-1] for title in await titles(ask, sort=sort)] == order


async def test_pages_lead_to_each_other(ask: Any, sell: Any) -> None:
    for place in range(5):
        sell(f"part {place}")

    middle = (await ask(SEARCH, params={"q": "part", "limit": "2", "offset": "2"})).json()
    assert (middle["total"], middle["limit"], middle["offset"]) == (5, 2, 2)
    path = httpx.URL(middle["next"]).raw_path.decode().removeprefix("/ebay")
    last = (await ask(path)).json()

    assert [one["title"] for one in last["itemSummaries"]] == ["part 4"]
    assert "next" not in last
    assert "offset=2" in last["prev"]


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"q": ""}, 12001),
        ({"limit": "0"}, 12006),
        ({"limit": "201"}, 12006),
        ({"limit": "many"}, 12007),
        ({"offset": "-1"}, 12004),
        ({"offset": "some"}, 12005),
        ({"offset": "3", "limit": "2"}, 12515),
        ({"offset": "10000", "limit": "200"}, 12029),
    ],
)
async def test_wrong_searches_are_refused_by_number(
    ask: Any, query: dict[str, str], refused: int
) -> None:
    answer = await ask(SEARCH, params={"q": "part", **query})

    assert (answer.status_code, number(answer)) == (400, refused)


async def test_prices_are_converted_for_the_site_that_is_asked(ask: Any, sell: Any) -> None:
    sell("part", "10.00", currency="USD")

    in_canada = (await ask(SEARCH, params={"q": "part"})).json()["itemSummaries"][0]
    at_home = await ask(
        SEARCH, params={"q": "part"}, headers={"X-EBAY-C-MARKETPLACE-ID": "EBAY_NOWHERE"}
    )

    assert in_canada["price"] == {
        "value": "14.00",
        "currency": "CAD",
        "convertedFromValue": "10.00",
        "convertedFromCurrency": "USD",
    }
    assert at_home.json()["itemSummaries"][0]["price"] == {"value": "10.00", "currency": "USD"}


async def test_search_may_lag_behind_what_is_there(
    ask: Any, sell: Any, client: httpx.AsyncClient
) -> None:
    listing = sell("part")
    await client.post("/_control/ebay/lag", json={"seconds": 86_400})
    listing.listed_at += timedelta(hours=20)

    assert await titles(ask) == []
    assert (await ask(f"/buy/browse/v1/item/{listing.item_id}")).status_code == 200


async def test_an_image_finds_what_looks_like_it(ask: Any, sell: Any) -> None:
    for title in ("one part", "another part", "a third"):
        sell(title)
    image = base64.b64encode(draw("another part")).decode()

    answer = await ask("/buy/browse/v1/item_summary/search_by_image", "POST", json={"image": image})

    assert answer.json()["itemSummaries"][0]["title"] == "another part"


@pytest.mark.parametrize("image", [None, "", "no base64!", "bm8gaW1hZ2U="])
async def test_what_is_no_image_is_refused(ask: Any, image: str | None) -> None:
    answer = await ask("/buy/browse/v1/item_summary/search_by_image", "POST", json={"image": image})

    assert (answer.status_code, number(answer)) == (400, 12501)


async def test_an_item_is_known_by_both_its_ids(ask: Any, sell: Any) -> None:
    listing = sell("part", quantity=40, sold=3)

    by_id = (await ask(f"/buy/browse/v1/item/{listing.item_id}")).json()
    by_number = await ask(
        f"/buy/browse/v1/item/get_item_by_legacy_id?legacy_item_id={listing.legacy_id}"
    )

    assert by_id["itemId"] == by_number.json()["itemId"] == listing.item_id
    assert by_id["seller"]["feedbackPercentage"] == "99.5"
    assert by_id["estimatedAvailabilities"][0]["availabilityThreshold"] == 10
    assert by_id["itemWebUrl"] == f"https://www.ebay.ca/itm/{listing.legacy_id}"


async def test_variations_are_found_by_their_group(ask: Any, sell: Any) -> None:
    for variation in ("1", "2"):
        sell(variation, legacy_id="77", group="77", variation=variation)

    group = (await ask("/buy/browse/v1/item/get_items_by_item_group?item_group_id=77")).json()
    several = await ask("/buy/browse/v1/item/get_item_by_legacy_id?legacy_item_id=77")

    assert [one["itemId"] for one in group["items"]] == ["v1|77|1", "v1|77|2"]
    assert number(several) == 11006
    assert number(await ask("/buy/browse/v1/item/get_items_by_item_group?item_group_id=8")) == 11002


async def test_many_items_come_at_once_without_those_that_are_not_there(
    ask: Any, sell: Any
) -> None:
    ids = [sell().item_id for _ in range(3)]

    answer = await ask("/buy/browse/v1/item/", params={"item_ids": ",".join([*ids, "v1|0|0"])})

    assert [one["itemId"] for one in answer.json()["items"]] == ids
    too_many = ",".join(["v1|0|0"] * 21)
    assert number(await ask("/buy/browse/v1/item/", params={"item_ids": too_many})) == 11015


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"Year": "2018", "Make": "Honda", "Model": "Civic"}, "COMPATIBLE"),
        ({"Year": "2012", "Make": "Honda", "Model": "Civic"}, "NOT_COMPATIBLE"),
        ({"Year": "2018", "Make": "Honda"}, "UNDETERMINED"),
    ],
)
async def test_compatibility_is_told_for_vehicles(
    ask: Any, sell: Any, properties: dict[str, str], status: str
) -> None:
    fits = ({"Year": "2018", "Make": "Honda", "Model": "Civic"},)
    path = f"/buy/browse/v1/item/{sell(fits=fits).item_id}/check_compatibility"
    pairs = [{"name": name, "value": value} for name, value in properties.items()]

    answer = (await ask(path, "POST", json={"compatibilityProperties": pairs})).json()

    assert answer["compatibilityStatus"] == status


@pytest.mark.parametrize(
    ("fits", "pairs", "refused"),
    [
        ((), [("Year", "2018")], 11505),
        (({"Year": "2018"},), [], 11503),
        (({"Year": "2018"},), [("Year", "1"), ("Year", "2")], 11506),
        (({"Year": "2018"},), [("Color", "red")], 11507),
    ],
)
async def test_compatibility_of_other_things_is_refused(
    ask: Any, sell: Any, fits: Any, pairs: list[tuple[str, str]], refused: int
) -> None:
    path = f"/buy/browse/v1/item/{sell(fits=fits).item_id}/check_compatibility"
    properties = [{"name": name, "value": value} for name, value in pairs]

    answer = await ask(path, "POST", json={"compatibilityProperties": properties})

    assert (answer.status_code, number(answer)) == (400, refused)


async def test_taxonomy_suggests_a_category_of_the_sites_tree(ask: Any) -> None:
    tree = await ask("/commerce/taxonomy/v1/get_default_category_tree_id?marketplace_id=EBAY_CA")
    path = f"/commerce/taxonomy/v1/category_tree/{tree.json()['categoryTreeId']}"
    found = (await ask(f"{path}/get_category_suggestions?q=iPhone 14 battery")).json()
    nothing = await ask(f"{path}/get_category_suggestions?q=xyz")

    assert found["categorySuggestions"][0]["category"]["categoryId"] == "43304"
    assert nothing.status_code == 204


async def test_the_story_fills_the_shelves_with_some_to_beware_of(
    client: httpx.AsyncClient, ask: Any, sandbox: Sandbox
) -> None:
    told = (await client.post("/_control/seed")).json()

    listings = sandbox.state.store(Listings).all()
    assert told["ebay"] == f"{len(listings)} listings"
    assert len(listings) > 70
    assert any(one.is_auction and one.bids for one in listings)
    assert any(one.seller.score == 0 for one in listings)
    assert len({one.seller.username for one in listings}) >= 5
    answer = await ask(SEARCH, params={"q": "HDMI"})
    assert answer.json()["total"] > 2
