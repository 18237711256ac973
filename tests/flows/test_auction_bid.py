"""A bid from its approval to the auction's outcome, in a real worker, at the stand-in of eBay."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import select

from hotrod.durable.models import Effect, EffectState
from hotrod.keys import bid_key
from hotrod.purchasing.models import PurchaseState
from hotrod.purchasing.store import paid_prices
from sandbox.ebay.bidding import Bid
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.auction_kit import Auction
from tests.shelf_kit import subjects, until

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox", "worker"),
]


async def test_a_bid_that_wins_is_on_order_for_what_it_ended_at_and_ops_are_asked_to_pay(
    auction: Auction, sandbox: Sandbox
) -> None:
    auction.rival("6.00")
    purchase = await auction.approved()
    assert auction.ours == [], "nobody bids before the last minute"
    bid = await auction.placed(purchase)
    assert auction.ours == [bid.most]

    won = await auction.ends(PurchaseState.ORDERED)

    assert won.order_number == auction.listing.item_id
    assert (await auction.bid(purchase)).price == Decimal("6.50")
    assert won.total == Decimal("9.61"), "(6.50 + 2.00) * 1.13, to the cent"
    assert won.total < purchase.total <= Decimal("20.00")
    assert await auction.shelf.on_order() == 1
    async with auction.shelf.kit.database.transaction() as session:
        assert (await paid_prices(session, auction.shelf.part.sku))[0].per_piece == won.total
    await until(lambda: mails(sandbox, f"Won, please pay: {won.number}, 9.61 CAD"))


async def mails(sandbox: Sandbox, subject: str) -> list[str]:
    return [one for one in await subjects(sandbox, "ops@hotrod") if one == subject]


async def test_who_is_outbid_has_lost_and_the_part_is_looked_for_again(auction: Auction) -> None:
    purchase = await auction.approved()
    bid = await auction.placed(purchase)
    auction.rival("50.00")

    lost = await auction.ends(PurchaseState.LOST)

    assert auction.ours == [bid.most]
    assert (await auction.bid(purchase)).why_lost.startswith("others bid more")
    assert (lost.order_number, await auction.shelf.on_order()) == ("", 0)


async def test_nothing_is_bid_where_the_price_is_above_the_limit_already(auction: Auction) -> None:
    purchase = await auction.approved()
    auction.rival("30.00")
    auction.listing.bids.append(Bid("two", "rival_2", Decimal(29), datetime.now(UTC)))

    await auction.minute_comes()

    lost = await auction.shelf.purchase(PurchaseState.LOST)
    assert auction.ours == []
    assert lost.id == purchase.id
    assert "above the limit" in (await auction.bid(purchase)).why_lost


async def test_an_auction_that_was_ended_early_is_lost(auction: Auction) -> None:
    purchase = await auction.approved()
    auction.listing.sold = 1

    await auction.minute_comes()

    await auction.shelf.purchase(PurchaseState.LOST)
    assert auction.ours == []
    assert "ended" in (await auction.bid(purchase)).why_lost


@pytest.mark.parametrize("kind", ["drop_after_accept", "truncate"])
async def test_a_bid_whose_answer_is_lost_is_looked_up_and_not_placed_again(
    auction: Auction, sandbox: Sandbox, kind: str
) -> None:
    purchase = await auction.approved()
    sandbox.state.faults.order(Fault(service="ebay", kind=kind, path="place_proxy_bid"))

    bid = await auction.placed(purchase)

    assert auction.ours == [bid.most]
    async with auction.shelf.kit.database.transaction() as session:
        effect = (
            await session.exec(select(Effect).where(Effect.key == bid_key(purchase.id)))
        ).one()
    assert (effect.state, effect.outcome) == (EffectState.DONE, {"found": True})


async def test_an_auction_that_goes_on_is_looked_at_again(auction: Auction) -> None:
    purchase = await auction.approved()
    await auction.placed(purchase)
    await auction.minute_comes()

    async def rests_again() -> bool:
        return await auction.states() == ["claimed", "done", "done"]

    await until(rests_again)
    won = await auction.ends(PurchaseState.ORDERED)
    assert won.id == purchase.id
