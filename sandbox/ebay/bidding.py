"""How eBay bids for its buyers: up to each one's maximum, by the smallest step that leads.

Source: eBay help, "Automatic bidding" and "Bid increments" (the steps of ebay.com and ebay.ca).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

_STEPS = (
    (Decimal("0.99"), Decimal("0.05")),
    (Decimal("4.99"), Decimal("0.25")),
    (Decimal("24.99"), Decimal("0.50")),
    (Decimal("99.99"), Decimal("1.00")),
    (Decimal("249.99"), Decimal("2.50")),
    (Decimal("499.99"), Decimal("5.00")),
    (Decimal("999.99"), Decimal("10.00")),
    (Decimal("2499.99"), Decimal("25.00")),
    (Decimal("4999.99"), Decimal("50.00")),
)
_LAST_STEP = Decimal("100.00")


@dataclass(frozen=True)
class Bid:
    """The most that somebody would pay, and since when."""

    id: str
    bidder: str
    most: Decimal
    at: datetime


@dataclass(frozen=True)
class Standing:
    """How an auction stands: its price, and who leads."""

    price: Decimal
    leader: Bid | None


def step(price: Decimal) -> Decimal:
    """Return by how much a bid must be above a price."""
    return next((by for up_to, by in _STEPS if price <= up_to), _LAST_STEP)


def best_of(bidder: str, bids: Sequence[Bid]) -> Bid | None:
    """Return somebody's highest bid."""
    return max((bid for bid in bids if bid.bidder == bidder), key=lambda b: b.most, default=None)


def standing(start: Decimal, reserve: Decimal | None, bids: Sequence[Bid]) -> Standing:
    """Return how an auction stands; of equal maxima, the earlier leads."""
    ranked = sorted(
        (best for name in {bid.bidder for bid in bids} if (best := best_of(name, bids))),
        key=lambda bid: (-bid.most, bid.at),
    )
    if not ranked:
        return Standing(start, None)
    leader, *rivals = ranked
    price = start
    if rivals:
        second = rivals[0].most
        price = max(start, min(leader.most, second + step(second)))
    if reserve is not None and leader.most >= reserve:
        price = max(price, reserve)
    return Standing(price, leader)


def least_next(start: Decimal, now: Standing) -> Decimal:
    """Return the smallest bid that is taken."""
    return start if now.leader is None else now.price + step(now.price)
