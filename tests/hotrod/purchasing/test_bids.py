"""A bid on record: it rests, stands, is won or lost, each once, and never above its limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable.models import Delivery
from hotrod.errors import ForbiddenTransitionError, NotFoundError
from hotrod.parts.models import Part
from hotrod.parts.store import on_order
from hotrod.purchasing.bids import (
    EVENT,
    Due,
    look_again_at,
    note_lost,
    note_placed,
    note_won,
    objection,
    price_at_door,
    read_bid,
    rest_until_due,
    what_is_due,
)
from hotrod.purchasing.buying import cancel, note_ordered
from hotrod.purchasing.models import (
    AuctionBid,
    Method,
    Purchase,
    PurchaseState,
    RoundState,
    SourcingRound,
)
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import read_purchase, taken_care_of
from hotrod.sourcing.auctions import as_bid
from hotrod.sourcing.models import ExchangeRates, Offer, OrderTerms, Proposal, Sale, ScoredOffer
from hotrod.sourcing.proposals import propose
from tests.hotrod.sourcing.kit import NOW, POLICY, needed, offer, scored, seller

ENDS = NOW + timedelta(days=2)
LEAD = timedelta(seconds=45)
AUCTION = offer(
    "5.00",
    "2.00",
    reference="v1|1|0",
    sale=Sale.AUCTION,
    ends_at=ENDS,
    least_bid=Decimal("5.50"),
    available=1,
    tax_rate=Decimal("0.13"),
)


def bid_of(most: str = "15.00", shipping: str = "2.00") -> AuctionBid:
    return AuctionBid(
        purchase_id=uuid4(),
        item_id=AUCTION.reference,
        most=Decimal(most),
        shipping=Decimal(shipping),
        currency="CAD",
        ends_at=ENDS,
        place_at=ENDS - LEAD,
    )


def proposal_for(sku: str, *auctions: Offer) -> Proposal:
    bids = [scored(as_bid(one, Decimal(15)), sku) for one in auctions]
    return propose(bids, [needed(sku)], ExchangeRates(currency="CAD"), NOW, POLICY, bids)


@pytest.fixture
async def part(session: AsyncSession) -> Part:
    row = Part(
        sku=f"FAN-{uuid4().hex[:8].upper()}",
        name="Fan",
        category="thermal",
        fits=["console"],
        unit_cost=Decimal(9),
    )
    session.add(row)
    await session.flush()
    return row


@pytest.fixture
async def purchase(session: AsyncSession, part: Part) -> Purchase:
    """A bid of up to 15.00 for a fan, approved."""
    proposal = proposal_for(part.sku, AUCTION)
    current = SourcingRound(
        business_key="noizylab",
        state=RoundState.PROPOSED,
        proposal=proposal.model_dump(mode="json"),
    )
    session.add(current)
    await session.flush()
    (planned,) = await plan_purchases(session, current, proposal.orders, {}, LEAD)
    return planned


async def resting(session: AsyncSession, purchase: UUID) -> list[tuple[str, datetime | None]]:
    rows = await session.exec(
        select(Delivery)
        .where(Delivery.event == EVENT, col(Delivery.ordering_key).contains(str(purchase)))
        .order_by(col(Delivery.id))
    )
    return [(row.state, row.lease_until) for row in rows]


async def test_an_approved_bid_rests_until_shortly_before_the_end(
    session: AsyncSession, purchase: Purchase
) -> None:
    assert (purchase.method, purchase.state) == (Method.BID, PurchaseState.PLANNED)
    assert purchase.total == Decimal("19.21"), "(15.00 + 2.00) * 1.13"
    bid = await read_bid(session, purchase.id)
    assert (bid.most, bid.shipping, bid.place_at) == (Decimal(15), Decimal(2), ENDS - LEAD)

    await rest_until_due(session, purchase.id, NOW)

    ((state, until),) = await resting(session, purchase.id)
    assert state == "claimed"
    assert until is not None
    assert abs(until - datetime.now(UTC) - (ENDS - LEAD - NOW)) < timedelta(seconds=5)
    assert await what_is_due(session, purchase.id) is Due.BID


async def test_a_bid_that_is_late_rests_no_longer(
    session: AsyncSession, purchase: Purchase
) -> None:
    await rest_until_due(session, purchase.id, ENDS - timedelta(seconds=3))

    assert await resting(session, purchase.id) == [("waiting", None)]


async def test_a_bid_that_stands_is_noted_once_and_cannot_be_cancelled(
    session: AsyncSession, purchase: Purchase, part: Part
) -> None:
    for _ in range(2):
        await note_placed(session, purchase.id, ENDS - LEAD)

    assert len(await resting(session, purchase.id)) == 1
    assert await what_is_due(session, purchase.id) is Due.OUTCOME
    assert part.sku in await taken_care_of(session)
    with pytest.raises(ForbiddenTransitionError, match="bid for"):
        await cancel(session, purchase.id, by="ops")

    await look_again_at(session, purchase.id, ENDS, ENDS)
    assert len(await resting(session, purchase.id)) == 2


async def test_a_bid_that_was_cancelled_while_it_was_placed_is_followed(
    session: AsyncSession, purchase: Purchase
) -> None:
    await cancel(session, purchase.id, by="ops")
    assert await what_is_due(session, purchase.id) is Due.NOTHING

    await note_placed(session, purchase.id, ENDS)

    assert await what_is_due(session, purchase.id) is Due.OUTCOME


async def test_what_was_bought_by_hand_while_its_bid_was_placed_stays_on_order(
    session: AsyncSession, purchase: Purchase, part: Part
) -> None:
    await note_ordered(session, purchase.id, by="maya", order_number="12-345")

    await note_placed(session, purchase.id, ENDS - LEAD)

    assert (purchase.state, purchase.order_number) == ("ordered", "12-345")
    assert await on_order(session, part.id) == 1
    assert (await read_bid(session, purchase.id)).placed_at == ENDS - LEAD


async def test_what_is_won_is_on_order_once_for_its_final_price(
    session: AsyncSession, purchase: Purchase, part: Part
) -> None:
    await note_placed(session, purchase.id, ENDS - LEAD)
    for _ in range(2):
        await note_won(session, purchase.id, Decimal("9.50"), ENDS)

    found = await read_purchase(session, purchase.id)
    assert (found.purchase.state, found.purchase.total) == ("ordered", Decimal("13.00"))
    assert found.purchase.order_number == AUCTION.reference
    assert [line.per_piece for line in found.lines] == [Decimal("13.00")]
    assert await on_order(session, part.id) == 1
    assert await what_is_due(session, purchase.id) is Due.NOTHING


async def test_what_is_lost_stays_lost_and_is_looked_for_anew(
    session: AsyncSession, purchase: Purchase, part: Part
) -> None:
    for _ in range(2):
        await note_lost(session, purchase.id, "others bid more")

    assert purchase.state == PurchaseState.LOST
    assert part.sku not in await taken_care_of(session)
    told = await session.exec(
        select(Delivery.event).where(Delivery.delivery_id == f"{purchase.id}:lost")
    )
    assert told.all() == ["stock.low"]
    for change in (note_ordered, cancel):
        with pytest.raises(ForbiddenTransitionError):
            await change(session, purchase.id, by="ops")


async def test_two_auctions_of_a_seller_are_two_purchases(
    session: AsyncSession, part: Part
) -> None:
    other = Part(sku=f"{part.sku}-2", name="Fan", category="thermal", fits=[], unit_cost=Decimal(9))
    session.add(other)
    current = SourcingRound(business_key="noizylab", state=RoundState.PROPOSED)
    bids: list[ScoredOffer] = [
        scored(as_bid(AUCTION, Decimal(15)), part.sku),
        scored(as_bid(AUCTION.model_copy(update={"reference": "v1|2|0"}), Decimal(15)), other.sku),
    ]
    needs = [needed(part.sku), needed(other.sku)]
    proposal = propose(bids, needs, ExchangeRates(currency="CAD"), NOW, POLICY, bids)
    current.proposal = proposal.model_dump(mode="json")
    session.add(current)
    await session.flush()

    planned = await plan_purchases(session, current, proposal.orders, {"ebay": Method.MAIL}, LEAD)

    assert [one.method for one in planned] == [Method.BID, Method.BID]
    with pytest.raises(ForbiddenTransitionError):
        await plan_purchases(session, current, proposal.orders, {}, LEAD)


async def test_what_is_bought_otherwise_has_no_bid(session: AsyncSession) -> None:
    with pytest.raises(NotFoundError, match="bid of the purchase"):
        await read_bid(session, uuid4())


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (None, "ended before its time"),
        (AUCTION.model_copy(update={"available": 0}), "ended before its time"),
        (AUCTION.model_copy(update={"sale": Sale.FIXED_PRICE}), "ended before its time"),
        (AUCTION.model_copy(update={"ends_at": NOW}), "was over"),
        (AUCTION.model_copy(update={"currency": "USD"}), "sold in USD"),
        (AUCTION.model_copy(update={"terms": None}), "shipping"),
        (AUCTION.model_copy(update={"terms": OrderTerms(shipping=Decimal(3))}), "shipping"),
        (AUCTION.model_copy(update={"least_bid": Decimal("15.01")}), "above the limit"),
        (AUCTION.model_copy(update={"least_bid": Decimal(15)}), ""),
        (AUCTION.model_copy(update={"least_bid": None, "seller": seller(name="renamed")}), ""),
    ],
)
def test_an_auction_that_has_changed_is_not_bid_in(seen: Offer | None, why: str) -> None:
    said = objection(bid_of(), seen, NOW)

    assert why in said
    assert bool(said) == bool(why)


amounts = st.decimals(Decimal("0.01"), Decimal(900), places=2)


@given(
    most=amounts,
    shipping=st.decimals(Decimal(0), Decimal(90), places=2),
    shares=st.lists(st.integers(0, 100), min_size=2, max_size=2),
)
def test_what_is_paid_is_within_what_was_approved_and_rises_with_the_price(
    most: Decimal, shipping: Decimal, shares: list[int]
) -> None:
    bid, approved = bid_of(str(most), str(shipping)), round((most + shipping) * 2, 2)
    low, high = (price_at_door(approved, bid, most * share / 100) for share in sorted(shares))

    assert low <= high <= approved
    assert price_at_door(approved, bid, most) == approved
