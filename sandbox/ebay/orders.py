"""Checkouts, and the purchase orders that came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.ebay.errors import EbayError
from sandbox.ebay.money import Money
from sandbox.ebay.store import Listing


@dataclass(frozen=True)
class Line:
    """So many of something, at the price of the moment."""

    id: str
    listing: Listing
    quantity: int
    unit: Money
    shipping: Money
    fee: Money


@dataclass
class Checkout:
    """What a guest wants to buy; with an order number once it was paid."""

    id: str
    site: str
    currency: str
    address: dict[str, Any]
    lines: tuple[Line, ...]
    signature: str
    begun_at: datetime
    order_id: str = ""
    ordered_at: datetime | None = None
    payment: str = "PENDING"


class Checkouts:
    """All checkouts by id."""

    def __init__(self) -> None:
        self._kept: dict[str, Checkout] = {}

    def add(self, checkout: Checkout) -> None:
        """Keep a checkout."""
        self._kept[checkout.id] = checkout

    def get(self, session_id: str) -> Checkout | None:
        """Return a checkout."""
        return self._kept.get(session_id)

    def ordered(self, order_id: str) -> Checkout | None:
        """Return the checkout that became an order."""
        found = (one for one in self._kept.values() if order_id and one.order_id == order_id)
        return next(found, None)

    def pay(self, checkout: Checkout, now: datetime, *, payment: str = "PAID") -> None:
        """Take the buyer's payment: what was bought is gone.

        Raises:
            EbayError: something isn't for sale any more.
        """
        if checkout.order_id:
            return
        if any(one.listing.is_over(now) for one in checkout.lines):
            raise EbayError(15018)
        if any(one.listing.left < one.quantity for one in checkout.lines):
            raise EbayError(15013)
        for one in checkout.lines:
            one.listing.sold += one.quantity
        checkout.order_id = f"PO-{len(self._kept):06d}-{checkout.id[:6]}"
        checkout.ordered_at, checkout.payment = now, payment

    def all(self) -> list[Checkout]:
        """Return all, the latest first."""
        return list(self._kept.values())[::-1]

    def clear(self) -> None:
        """Forget all checkouts."""
        self._kept.clear()
