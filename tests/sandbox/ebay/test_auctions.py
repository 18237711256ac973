from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ebay.bidding import Bid, standing, step
from sandbox.ebay.clock import EbayClock

cents = st.integers(1, 200_000).map(lambda n: Decimal(n) / 100)
rivals = st.lists(st.tuples(st.sampled_from("abcd"), cents), min_size=1, max_size=12)


def bids_of(pairs: list[tuple[str, Decimal]]) -> list[Bid]:
    clock = EbayClock()
    placed = []
    for place, (bidder, most) in enumerate(pairs):
        clock.move(1)
        placed.append(Bid(str(place), bidder, most, clock.now()))
    return placed


@given(rivals)
def test_the_highest_leads_and_never_pays_more_than_it_offered(
    pairs: list[tuple[str, Decimal]],
) -> None:
    now = standing(Decimal("0.01"), None, bids_of(pairs))

    assert now.leader is not None
    assert now.leader.most == max(most for _, most in pairs)
    assert now.price <= now.leader.most
    others = [most for bidder, most in pairs if bidder != now.leader.bidder]
    assert now.price <= max(others, default=Decimal(0)) + step(max(others, default=Decimal("0.01")))


@given(rivals, cents)
def test_another_bid_never_lowers_the_price(
    pairs: list[tuple[str, Decimal]], most: Decimal
) -> None:
    before = standing(Decimal("0.01"), None, bids_of(pairs))
    after = standing(Decimal("0.01"), None, bids_of([*pairs, ("z", most)]))

    assert after.price >= before.price


def test_of_equal_offers_the_earlier_leads() -> None:
    now = standing(Decimal(1), None, bids_of([("a", Decimal(20)), ("b", Decimal(20))]))

    assert (now.price, now.leader and now.leader.bidder) == (Decimal(20), "a")


def most(value: str, currency: str = "CAD") -> dict[str, Any]:
    return {"maxAmount": {"value": value, "currency": currency}}


async def bid(bidder: Any, item_id: str, body: Any) -> httpx.Response:
    answer: httpx.Response = await bidder(f"/bidding/{item_id}/place_proxy_bid", "POST", json=body)
    return answer


def number(answer: httpx.Response) -> int:
    return int(answer.json()["errors"][0]["errorId"])


async def rival(client: httpx.AsyncClient, item_id: str, value: str) -> None:
    order = {"item_id": item_id, "bidder": "rival", "most": value}
    (await client.post("/_control/ebay/bids", json=order)).raise_for_status()


async def test_ebay_bids_for_us_up_to_our_maximum(
    client: httpx.AsyncClient, bidder: Any, ask: Any, sell: Any
) -> None:
    item_id = sell("auction", None, start=Decimal(10)).item_id

    placed = (await bid(bidder, item_id, most("50.00"))).json()
    await rival(client, item_id, "30")
    leading = (await bidder(f"/bidding/{item_id}")).json()
    await rival(client, item_id, "60")
    behind = (await bidder(f"/bidding/{item_id}")).json()
    item = (await ask(f"/buy/browse/v1/item/{item_id}")).json()

    assert leading["currentPrice"] == {"value": "31.00", "currency": "CAD"}
    assert leading["highBidder"] is True
    assert leading["currentProxyBid"]["proxyBidId"] == placed["proxyBidId"]
    assert (behind["currentPrice"]["value"], behind["highBidder"]) == ("51.00", False)
    assert item["currentBidPrice"]["value"] == "51.00"
    assert item["minimumPriceToBid"]["value"] == "52.00"
    assert (item["bidCount"], item["uniqueBidderCount"]) == (3, 2)


async def test_an_auction_ends_by_its_time(
    client: httpx.AsyncClient, bidder: Any, ask: Any, sell: Any
) -> None:
    item_id = sell("auction", None, start=Decimal(10)).item_id
    await bid(bidder, item_id, most("50.00"))

    await client.post("/_control/ebay/wait", json={"seconds": 4 * 86_400})

    assert (await bidder(f"/bidding/{item_id}")).json()["auctionStatus"] == "ENDED"
    late = await bid(bidder, item_id, most("90.00"))
    assert (late.status_code, number(late)) == (409, 120012)
    found = await ask("/buy/browse/v1/item_summary/search?q=auction&filter=buyingOptions:{AUCTION}")
    assert found.json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "status", "refused"),
    [
        ({}, 400, 120016),
        ([], 400, 120016),
        (most("ten"), 400, 120013),
        (most("10.001"), 400, 120013),
        (most("NaN"), 400, 120013),
        (most("1E+99"), 400, 120011),
        (most("20.00", "XXX"), 400, 120014),
        (most("20.00", "USD"), 409, 120009),
        (most("9.99"), 409, 120008),
        (most("80.00"), 409, 120005),
    ],
)
async def test_wrong_bids_are_refused_by_number(
    bidder: Any, sell: Any, body: Any, status: int, refused: int
) -> None:
    listing = sell("auction", "80.00", start=Decimal(10))

    answer = await bid(bidder, listing.item_id, body)

    assert (answer.status_code, number(answer)) == (status, refused)
    assert listing.bids == []


async def test_a_maximum_is_only_raised_and_then_the_price_stays(bidder: Any, sell: Any) -> None:
    listing = sell("auction", None, start=Decimal(10))
    await bid(bidder, listing.item_id, most("50.00"))

    lowered = await bid(bidder, listing.item_id, most("40.00"))
    raised = await bid(bidder, listing.item_id, most("50.01"))

    assert number(lowered) == 120010
    assert raised.status_code == 200
    assert listing.standing.price == Decimal(10)


async def test_the_first_bid_takes_buy_it_now_away(bidder: Any, ask: Any, sell: Any) -> None:
    listing = sell("auction", "80.00", start=Decimal(10))
    path = f"/buy/browse/v1/item/{listing.item_id}"

    before = (await ask(path)).json()["buyingOptions"]
    await bid(bidder, listing.item_id, most("20.00"))

    assert before == ["AUCTION", "FIXED_PRICE"]
    assert (await ask(path)).json()["buyingOptions"] == ["AUCTION"]


async def test_a_reserve_is_jumped_to(client: httpx.AsyncClient, bidder: Any, sell: Any) -> None:
    listing = sell("auction", None, start=Decimal(10), reserve=Decimal(45))
    await bid(bidder, listing.item_id, most("20.00"))
    await rival(client, listing.item_id, "50")

    told = (await bidder(f"/bidding/{listing.item_id}")).json()

    assert (told["currentPrice"]["value"], told["reservePriceMet"]) == ("45.00", True)


async def test_bids_need_the_users_token_and_a_site(
    client: httpx.AsyncClient, token: Any, ask: Any, bidder: Any, sell: Any
) -> None:
    item_id = sell("auction", None, start=Decimal(10)).item_id
    path = f"/buy/offer/v1_beta/bidding/{item_id}"

    without_scope = await ask(path)
    without_site = await client.get(
        f"/ebay{path}", headers={"Authorization": f"Bearer {await token(user=True)}"}
    )

    assert (without_scope.status_code, number(without_scope)) == (403, 1100)
    assert number(without_site) == 120015
    assert number(await bidder(f"/bidding/{item_id}")) == 120033
    assert number(await bidder(f"/bidding/{sell().item_id}")) == 120001
