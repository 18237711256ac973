"""What is for sale at eBay, and who bids for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.ebay.bidding import Bid, Standing, standing
from sandbox.ebay.money import Money

US = "sandbox_buyer"
"""The buyer whose grant is accepted."""

CONDITIONS = {
    "1000": "New",
    "1500": "Open box",
    "2000": "Certified - Refurbished",
    "3000": "Used",
    "7000": "For parts or not working",
}


@dataclass(frozen=True)
class Seller:
    """Who sells; ``feedback`` is the share of good ratings in percent."""

    username: str
    score: int
    feedback: Decimal
    account: str = "BUSINESS"


@dataclass(frozen=True)
class Category:
    """Where a listing is filed: ids and names from the top down, joined by ``|``."""

    id: str
    name: str
    ids: str
    names: str


@dataclass
class Listing:
    """Something for sale; money is in its own currency.

    Args:
        legacy_id: its number.
        price: for which it can be bought at once; None: only by bids.
        start: where bids begin; None: it is no auction.
        shipping: cost to the buyer; None: told only at checkout.
        ships_to: countries; empty: everywhere.
        group: listings that differ in a variation share one; empty: none.
        fits: vehicles it is for; empty: it isn't a vehicle's part.
        refuses: buyers that the seller won't sell to.
    """

    legacy_id: str
    title: str
    seller: Seller
    category: Category
    country: str
    city: str
    currency: str
    listed_at: datetime
    ends_at: datetime
    price: Decimal | None = None
    start: Decimal | None = None
    reserve: Decimal | None = None
    shipping: Decimal | None = Decimal(0)
    fee: Decimal = Decimal(0)
    ships_to: frozenset[str] = frozenset()
    condition_id: str = "3000"
    quantity: int = 1
    sold: int = 0
    description: str = ""
    group: str = ""
    variation: str = "0"
    aspects: dict[str, str] = field(default_factory=dict)
    fits: tuple[dict[str, str], ...] = ()
    returns: bool = True
    refuses: frozenset[str] = frozenset()
    bids: list[Bid] = field(default_factory=list)

    @property
    def item_id(self) -> str:
        """Its id in the REST APIs."""
        return f"v1|{self.legacy_id}|{self.variation}"

    @property
    def is_auction(self) -> bool:
        """Whether bids are taken."""
        return self.start is not None

    @property
    def left(self) -> int:
        """How many there are."""
        return self.quantity - self.sold

    @property
    def standing(self) -> Standing:
        """How the auction stands."""
        return standing(self.start or Decimal(0), self.reserve, self.bids)

    @property
    def buying_options(self) -> list[str]:
        """How it can be bought; the first bid takes "Buy It Now" away."""
        options = ["AUCTION"] if self.is_auction else []
        if self.price is not None and not self.bids:
            options.append("FIXED_PRICE")
        return options

    @property
    def money(self) -> Money:
        """What it costs now, without shipping."""
        if self.is_auction and "FIXED_PRICE" not in self.buying_options:
            return self.amount(self.standing.price)
        return self.amount(self.price or Decimal(0))

    @property
    def total(self) -> Money:
        """What it costs now, with shipping as far as it is known."""
        return self.money + self.amount(self.shipping or Decimal(0))

    def amount(self, value: Decimal) -> Money:
        """Return an amount in its currency."""
        return Money(value, self.currency)

    def is_over(self, now: datetime) -> bool:
        """Whether it is for sale no more."""
        return now >= self.ends_at or self.left < 1

    def reaches(self, country: str) -> bool:
        """Whether it is sent to a country."""
        return not self.ships_to or country in self.ships_to


class Listings:
    """All listings by id. What is new is found by search some time after it is there."""

    def __init__(self) -> None:
        self._kept: dict[str, Listing] = {}
        self._numbers = itertools.count(1)
        self.search_lag = timedelta()

    def new_number(self) -> str:
        """Return a number for a listing or a bid; no other has it."""
        return f"{265_000_000_000 + next(self._numbers)}"

    def add(self, listing: Listing) -> None:
        """Put something up for sale."""
        self._kept[listing.item_id] = listing

    def get(self, item_id: str) -> Listing | None:
        """Return a listing by its REST id."""
        return self._kept.get(item_id)

    def find(self, *, legacy_id: str = "", group: str = "") -> list[Listing]:
        """Return the listings of a number, or of a group."""
        return [
            one
            for one in self._kept.values()
            if (legacy_id and one.legacy_id == legacy_id) or (group and one.group == group)
        ]

    def all(self) -> list[Listing]:
        """Return all, the latest first."""
        return list(self._kept.values())[::-1]

    def searchable(self, now: datetime) -> Iterable[Listing]:
        """Return what search has heard of and is for sale."""
        known = now - self.search_lag
        return [
            one for one in self._kept.values() if one.listed_at <= known and not one.is_over(now)
        ]

    def clear(self) -> None:
        """Forget all listings."""
        self._kept.clear()
        self.search_lag = timedelta()
