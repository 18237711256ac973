"""A bid in an auction, from its approval to the auction's outcome.

Nobody waits for an auction's last minute: an event rests in the inbox until then. It starts the
flow that places the bid, and leaves another event to rest until the auction is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Lane
from hotrod.errors import NotFoundError
from hotrod.parts.lowness import announce
from hotrod.purchasing.buying import note_ordered
from hotrod.purchasing.models import AuctionBid, Purchase, PurchaseState
from hotrod.purchasing.store import read_purchase
from hotrod.sourcing.costs import cents
from hotrod.sourcing.models import Offer, Sale, is_over

EVENT = "auction.due"
SETTLED = timedelta(seconds=20)
"""How long after its end an auction's outcome is read."""


class Due(StrEnum):
    """What a bid asks for next: to be placed, to be followed to its outcome, or nothing."""

    BID = "bid"
    OUTCOME = "outcome"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Outcome:
    """How an auction ended for us.

    Attributes:
        is_over: whether it has ended; all else is unknown before.
        price: what we have won it for, in its currency, without shipping; None: it is lost.
        why: why it is lost.
    """

    is_over: bool
    price: Decimal | None = None
    why: str = ""


async def read_bid(session: AsyncSession, purchase_id: UUID) -> AuctionBid:
    """Return the bid of a purchase.

    Raises:
        NotFoundError: it is no bid.
    """
    found = await find_bid(session, purchase_id)
    if found is None:
        raise NotFoundError("bid of the purchase", str(purchase_id))
    return found


async def find_bid(session: AsyncSession, purchase_id: UUID) -> AuctionBid | None:
    """Return the bid of a purchase; None: it is bought in another way."""
    return await session.get(AuctionBid, purchase_id, populate_existing=True)


async def rest_until_due(session: AsyncSession, purchase_id: UUID, at: datetime) -> None:
    """Let the event rest that places a planned bid before the auction's end.

    Raises:
        NotFoundError: it is no bid.
        DuplicateDeliveryError: it rests already.
    """
    bid = await read_bid(session, purchase_id)
    purchase = (await read_purchase(session, purchase_id)).purchase
    await _rest(session, purchase, "bid", bid.place_at, at)


async def what_is_due(session: AsyncSession, purchase_id: UUID) -> Due:
    """Return what a bid asks for next.

    Raises:
        NotFoundError: it is no bid.
    """
    bid = await read_bid(session, purchase_id)
    purchase = (await read_purchase(session, purchase_id)).purchase
    if purchase.state != PurchaseState.PLANNED:
        return Due.NOTHING
    return Due.BID if bid.placed_at is None else Due.OUTCOME


def objection(bid: AuctionBid, seen: Offer | None, at: datetime) -> str:
    """Return why a bid can't be placed as it was approved, or nothing.

    Args:
        bid: as approved.
        seen: the auction now; None: it is gone.
        at: the present moment.
    """
    if seen is None or seen.sale is not Sale.AUCTION or seen.available == 0:
        return "the auction was ended before its time"
    if is_over(seen, at):
        return "the auction was over before the bid was placed"
    if seen.currency != bid.currency:
        return f"it is sold in {seen.currency} now, not in {bid.currency}"
    if seen.terms is None or seen.terms.shipping > bid.shipping:
        return "its shipping costs more than was approved, or isn't told any more"
    if seen.least_bid is not None and seen.least_bid > bid.most:
        return f"the next bid would be {seen.least_bid} {bid.currency}, above the limit"
    return ""


async def note_placed(session: AsyncSession, purchase_id: UUID, at: datetime) -> None:
    """Note that the bid stands, and let the event rest that reads the outcome.

    Said again, it changes nothing. A bid can't be taken back: it stands, too, when somebody has
    cancelled the purchase while it was placed. What was bought otherwise meanwhile stays so.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    bid = await read_bid(session, purchase_id)
    if bid.placed_at is not None:
        return
    bid.placed_at = at
    if purchase.state == PurchaseState.CANCELLED:
        purchase.state = PurchaseState.PLANNED
    session.add(bid)
    session.add(purchase)
    await record(
        session,
        "bid.placed",
        purchase.business_key,
        dedup_key=f"bid.placed:{purchase.id}",
        purchase=purchase.number,
        most=str(bid.most),
        currency=bid.currency,
        seconds_left=round((bid.ends_at - at).total_seconds(), 1),
    )
    await _rest(session, purchase, "outcome", bid.ends_at + SETTLED, at)


async def look_again_at(
    session: AsyncSession, purchase_id: UUID, moment: datetime, at: datetime
) -> None:
    """Let an event rest that reads the outcome at another moment: the auction goes on."""
    purchase = (await read_purchase(session, purchase_id)).purchase
    await _rest(session, purchase, f"outcome after {at:%F %T.%f}", moment, at)


async def note_won(
    session: AsyncSession, purchase_id: UUID, price: Decimal, at: datetime
) -> Purchase:
    """Note that an auction is won, and what it costs: it is on order.

    Said again, it changes nothing.

    Args:
        session: in a transaction.
        purchase_id: of the bid.
        price: final, in the auction's currency, without shipping.
        at: when.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    bid = await read_bid(session, purchase_id)
    if bid.price is not None:
        return purchase
    bid.price = price
    session.add(bid)
    return await note_ordered(
        session,
        purchase_id,
        by="bid in the auction",
        order_number=bid.item_id,
        total=price_at_door(purchase.total, bid, price),
        at=at,
    )


async def note_lost(session: AsyncSession, purchase_id: UUID, why: str) -> None:
    """Note that an auction is lost, and why; what is low is looked for anew.

    Said again, it changes nothing.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    if purchase.state != PurchaseState.PLANNED:
        return
    bid = await read_bid(session, purchase_id)
    bid.why_lost = why[:200]
    purchase.state = PurchaseState.LOST
    session.add(bid)
    session.add(purchase)
    await record(
        session,
        "purchase.lost",
        purchase.business_key,
        dedup_key=f"purchase.lost:{purchase.id}",
        purchase=purchase.number,
        why=bid.why_lost,
    )
    await announce(session, f"{purchase.id}:lost", f"{purchase.number} is lost at auction")


def price_at_door(at_limit: Decimal, bid: AuctionBid, price: Decimal) -> Decimal:
    """Return what a final price comes to at the door, at the rates at which it was planned.

    Args:
        at_limit: what the limit comes to there, in the company's currency.
        bid: with limit and shipping in the auction's currency.
        price: final, in the auction's currency.
    """
    return cents(at_limit * (price + bid.shipping) / (bid.most + bid.shipping))


async def _rest(
    session: AsyncSession, purchase: Purchase, name: str, until: datetime, at: datetime
) -> None:
    delivery_id = f"{purchase.id}:{name}"
    await inbox.accept(
        session,
        NewDelivery(
            source="auction",
            delivery_id=delivery_id,
            body_hash=EVENT,
            event=EVENT,
            business_key=purchase.business_key,
            ordering_key=f"auction:{delivery_id}",
            title=f"{purchase.number} at auction",
            payload={"purchase": str(purchase.id)},
            lane=Lane.URGENT,
            rest=max(timedelta(0), until - at),
        ),
    )
