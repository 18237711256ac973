"""Steps of a bid: it rests, is placed once, and its outcome is read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import task

from connectors._http.errors import ServiceNotFoundError
from connectors.ebay.bids import EbayBids
from connectors.ebay.errors import AuctionEndedError, BidTooLowError, MayNotBidError
from connectors.ebay.models import Bidding
from hotrod.db.columns import now
from hotrod.durable.effects import Found, perform
from hotrod.durable.inbox import DuplicateDeliveryError
from hotrod.errors import HotrodError, NotFoundError
from hotrod.keys import bid_key
from hotrod.purchasing.bids import (
    SETTLED,
    Due,
    Outcome,
    look_again_at,
    note_lost,
    note_placed,
    note_won,
    objection,
    read_bid,
    rest_until_due,
    what_is_due,
)
from hotrod.purchasing.models import AuctionBid
from hotrod.sourcing.models import Offer
from tasks._policy import OUTWARD, RECORD, REFUSED
from tasks._resources import resources
from tasks.offers import ebay_offer

_AGAIN = timedelta(minutes=1)
_LOST = (AuctionEndedError, BidTooLowError, MayNotBidError, ServiceNotFoundError)
"""Refusals of eBay's after which no bid of ours can be placed any more."""


class UnwiseBidError(HotrodError):
    """The auction isn't any more what was approved; nothing was bid."""


@dataclass(frozen=True)
class Seen:
    """An outcome, and when to look again while there is none."""

    outcome: Outcome
    again_at: datetime | None = None


@task(name="let bid rest", **RECORD)
async def let_bid_rest(purchase: UUID) -> None:
    """Leave an event that starts the bid shortly before the auction's end."""
    with suppress(DuplicateDeliveryError):
        async with resources().database.transaction() as session:
            await rest_until_due(session, purchase, now())


@task(name="find what is due", **RECORD)
async def find_due(purchase: UUID) -> Due:
    """Return what a bid asks for now."""
    async with resources().database.transaction() as session:
        return await what_is_due(session, purchase)


@task(name="place bid", **OUTWARD)
async def place_bid(purchase: UUID) -> str:
    """Look at the auction again, and bid once, up to the limit; return why not, if not.

    Raises:
        NotFoundError: nobody has granted us to bid any more.
        ConnectorError: eBay can't be asked, for the reason that the class says.
    """
    kit, bids = resources(), _bids()
    async with kit.database.transaction() as session:
        bid = await read_bid(session, purchase)

    async def act() -> dict[str, Any]:
        if await look_up() is Found.DONE:
            return {"found": True}
        await _check(purchase, bid)
        placed = await bids.place_proxy_bid(bid.item_id, bid.most, bid.currency)
        return {"proxy_bid": placed.proxy_bid_id}

    async def look_up() -> Found:
        ours = await bids.find_proxy_bid(bid.item_id, bid.most)
        return Found.NOT_DONE if ours is None else Found.DONE

    try:
        refused = (*REFUSED, UnwiseBidError)
        await perform(kit.database, bid_key(purchase), act, look_up, refused=refused)
    except _LOST as refusal:
        return f"eBay refused the bid: {refusal.message}"
    except UnwiseBidError as unwise:
        return str(unwise)
    return ""


@task(name="note bid", **RECORD)
async def note_bid(purchase: UUID, why_not: str) -> str:
    """Say that the bid stands, or that the auction is lost; return which."""
    async with resources().database.transaction() as session:
        if why_not:
            await note_lost(session, purchase, why_not)
            return "lost"
        await note_placed(session, purchase, now())
        return "placed"


@task(name="look at outcome", **OUTWARD)
async def look_at_outcome(purchase: UUID) -> Seen:
    """Ask how the auction stands for us.

    Raises:
        NotFoundError: nobody has granted us to bid any more.
        ConnectorError: eBay can't be asked, for the reason that the class says.
    """
    async with resources().database.transaction() as session:
        bid = await read_bid(session, purchase)
    try:
        bidding = await _bids().get_bidding(bid.item_id)
    except ServiceNotFoundError:
        return Seen(Outcome(is_over=True, why="eBay has taken the auction or our bid down"))
    if bidding.auction_status == "ACTIVE":
        again = max(bidding.auction_end_date + SETTLED, now() + _AGAIN)
        return Seen(Outcome(is_over=False), again)
    return Seen(_outcome(bidding))


@task(name="note outcome", **RECORD)
async def note_outcome(purchase: UUID, seen: Seen) -> str:
    """Say how the auction ended, or look again later; return won, lost or running."""
    outcome = seen.outcome
    if seen.again_at is not None:
        async with resources().database.transaction() as session:
            await look_again_at(session, purchase, seen.again_at, now())
        return "running"
    async with resources().database.transaction() as session:
        if outcome.price is None:
            await note_lost(session, purchase, outcome.why)
            return "lost"
        await note_won(session, purchase, outcome.price, now())
        return "won"


async def _check(purchase: UUID, bid: AuctionBid) -> None:
    """Look at the auction as it is now.

    Raises:
        UnwiseBidError: it isn't what was approved any more, or was cancelled by ops.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        due = await what_is_due(session, purchase)
    if due is not Due.BID:
        raise UnwiseBidError("it was cancelled")
    if why := objection(bid, await _seen(bid.item_id), now()):
        raise UnwiseBidError(why)


async def _seen(item_id: str) -> Offer | None:
    ebay = resources().ebay
    if ebay is None:
        raise NotFoundError("keyset of eBay", "HOTROD_EBAY__CLIENT_SECRET")
    try:
        item = await ebay.get_item(item_id)
    except ServiceNotFoundError:
        return None
    return ebay_offer(item, seen_at=now(), tax_rate=None)


def _outcome(bidding: Bidding) -> Outcome:
    price = bidding.current_price
    if bidding.high_bidder and bidding.reserve_price_met is not False:
        return Outcome(is_over=True, price=price.value)
    why = "the reserve price wasn't met" if bidding.high_bidder else "others bid more"
    return Outcome(is_over=True, why=f"{why}; it ended at {price.value} {price.currency}")


def _bids() -> EbayBids:
    found = resources().bids
    if found is None:
        raise NotFoundError("grant to bid on eBay", "HOTROD_EBAY__REFRESH_TOKEN")
    return found
