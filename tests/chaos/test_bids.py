"""A worker dies at every step of a bid: one bid, one order, one mail to who pays."""

from __future__ import annotations

import pytest
from prefect.tasks import Task

from flows import auction_bid
from hotrod.purchasing.models import Purchase, PurchaseState
from sandbox.server import Sandbox
from tests.auction_kit import Auction
from tests.chaos.boundaries import Boundary, Kind
from tests.chaos.dying_worker import BIDDING
from tests.chaos.test_purchases import MORTAL, approve, arrived, die
from tests.chaos.workers import House, Nursery

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox"),
]
PLACING = {
    "find what is due": Kind.RECORD,
    "place bid": Kind.BID,
    "note bid": Kind.RECORD,
}
FOLLOWING = {
    "find what is due": Kind.RECORD,
    "look at outcome": Kind.RECORD,
    "note outcome": Kind.RECORD,
    "ask to pay bid": Kind.MAIL,
}


def boundaries(steps: dict[str, Kind]) -> list[Boundary]:
    """Return every moment of every step."""
    return [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in steps.items()
        for moment in kind.moments
    ]


def test_every_step_of_the_flow_is_tried() -> None:
    steps = {one.name for one in vars(auction_bid).values() if isinstance(one, Task)}
    assert steps == PLACING.keys() | FOLLOWING.keys()


async def approved(auction: Auction, house: House) -> Purchase:
    """Let a bid be approved; return it, resting."""
    house.start("asker")
    question = await auction.asked()
    await house.stop()
    await approve(auction.shelf, question)
    house.start("buyer")
    return await auction.rests(question)


@pytest.mark.parametrize("boundary", boundaries({"let bid rest": Kind.RECORD}), ids=str)
async def test_an_approved_bid_rests_once(
    auction: Auction, house: House, nursery: Nursery, boundary: Boundary
) -> None:
    house.start("asker")
    question = await auction.asked()
    await house.stop()
    await approve(auction.shelf, question)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    purchase = await auction.rests(question)

    assert await auction.states() == ["claimed"]
    assert (await auction.placed(purchase)).most == auction.ours[0]
    assert len(auction.ours) == 1


@pytest.mark.parametrize("boundary", boundaries(PLACING), ids=str)
async def test_one_bid_is_placed(
    auction: Auction, house: House, nursery: Nursery, boundary: Boundary
) -> None:
    purchase = await approved(auction, house)
    await house.stop()
    await auction.minute_comes()
    await die(house, nursery, boundary, BIDDING)

    house.start(MORTAL)
    bid = await auction.placed(purchase)

    assert auction.ours == [bid.most]
    assert (await auction.ends(PurchaseState.ORDERED)).id == purchase.id
    assert auction.ours == [bid.most]


@pytest.mark.parametrize("boundary", boundaries(FOLLOWING), ids=str)
async def test_what_is_won_is_ordered_once(
    auction: Auction, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    purchase = await approved(auction, house)
    bid = await auction.placed(purchase)
    await house.stop()
    auction.is_over()
    await auction.minute_comes()
    await die(house, nursery, boundary, BIDDING)

    house.start(MORTAL)
    await auction.runs_are_done()

    assert auction.ours == [bid.most]
    assert (await auction.shelf.purchase(PurchaseState.ORDERED)).id == purchase.id
    assert await auction.shelf.on_order() == 1
    assert arrived(sandbox).count("ops@hotrod.example.com") == 1
