"""A bid in an auction: placed in the last minute, and followed to the auction's outcome."""

from __future__ import annotations

from uuid import UUID

from prefect import flow

from hotrod.purchasing.bids import Due
from tasks.bids import find_due, look_at_outcome, note_bid, note_outcome, place_bid
from tasks.letters import ask_to_pay_bid


@flow(name="auction-bid", persist_result=True)
async def auction_bid(purchase: UUID) -> str:
    """Bid once, up to what was approved; when the auction is over, note who got it.

    Started twice by the event ``auction.due``, which rests until shortly before the auction's end,
    and then until shortly after. Where nothing ran at the minute, it bids late, if it still can.
    Returns placed, won, lost, running or nothing_due.

    Args:
        purchase: Id of the approved purchase.
    """
    due = await find_due(purchase)
    if due == Due.BID:
        return await note_bid(purchase, await place_bid(purchase))
    if due == Due.OUTCOME:
        ended = await note_outcome(purchase, await look_at_outcome(purchase))
        if ended == "won":
            await ask_to_pay_bid(purchase)
        return ended
    return "nothing_due"
