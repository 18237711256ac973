"""Listings of the story's parts: from good sellers, dear ones, and a few to beware of."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from sandbox.ebay.bidding import Bid
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.money import Money
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES
from sandbox.state import SandboxState
from sandbox.story import Part, Story

_CENT = Decimal("0.01")
_GOOD = (
    (Seller("maple_console_parts", 18422, Decimal("99.8")), "CA", "Toronto", "CAD"),
    (Seller("retro_repair_depot", 5310, Decimal("99.3")), "US", "Columbus", "USD"),
    (Seller("shenzhen_spares_88", 96230, Decimal("98.1")), "CN", "Shenzhen", "USD"),
    (Seller("marie_clears_out", 212, Decimal("100.0"), "INDIVIDUAL"), "CA", "Laval", "CAD"),
)
_TOO_NEW = (Seller("bestdeals-4821", 0, Decimal("0.0"), "INDIVIDUAL"), "CN", "Guangzhou", "USD")
_DISLIKED = (Seller("quick_parts_4u", 640, Decimal("86.4")), "US", "Miami", "USD")
_CATEGORY_OF = {
    "Sony": "171833",
    "Nintendo": "171833",
    "Apple": "43304",
    "Samsung": "43304",
    "Microsoft": "175673",
    "Yamaha": "180014",
    "Korg": "180014",
}
_CIVIC = tuple({"Year": str(year), "Make": "Honda", "Model": "Civic"} for year in range(2016, 2021))


def seed(state: SandboxState, story: Story) -> None:
    """Put the story's parts up for sale."""
    dice = random.Random(len(story.parts))  # noqa: S311 - repeatable on purpose
    market = _Market(state, dice)
    for place, part in enumerate(story.parts):
        for offer in dice.sample(_GOOD, 2):
            market.sell(part, offer, factor=dice.randrange(85, 135))
        if place % 3 == 0:
            market.auction(part, dice.choice(_GOOD))
        if place % 8 == 0:
            market.sell(part, _TOO_NEW, factor=22, condition_id="1000", returns=False)
        if place % 8 == 4:  # noqa: PLR2004
            market.sell(part, _DISLIKED, factor=55, returns=False)
    market.vary()
    market.fit()


class _Market:
    def __init__(self, state: SandboxState, dice: random.Random) -> None:
        self._listings = state.store(Listings)
        self._now = state.store(EbayClock).now()
        self._dice = dice

    def sell(
        self,
        part: Part,
        offer: tuple[Seller, str, str, str],
        *,
        factor: int,
        condition_id: str = "",
        returns: bool = True,
    ) -> None:
        """Offer a part at a fixed price, ``factor`` percent of the story's."""
        listing = self._listing(part, offer, condition_id or self._dice.choice(("1000", "3000")))
        listing.price = _price(part, factor, listing.currency)
        listing.returns = returns
        listing.quantity = self._dice.choice((1, 2, 4, 12, 40))
        self._listings.add(listing)

    def auction(self, part: Part, offer: tuple[Seller, str, str, str]) -> None:
        """Let a part be bid for; some rivals have begun."""
        listing = self._listing(part, offer, "3000")
        listing.title += " - auction"
        listing.start = _price(part, 30, listing.currency)
        listing.ends_at = self._now + timedelta(minutes=self._dice.randrange(30, 7 * 24 * 60))
        for place in range(self._dice.randrange(3)):
            most = _price(part, 40 + 12 * place, listing.currency)
            bidder = f"rival_{place + 1}"
            listing.bids.append(Bid(self._listings.new_number(), bidder, most, self._now))
        self._listings.add(listing)

    def vary(self) -> None:
        """Offer one thing in two variations."""
        number = self._listings.new_number()
        for variation, color in (("501", "Black"), ("502", "White")):
            self._listings.add(
                Listing(
                    legacy_id=number,
                    title=f"Controller shell, {color.lower()}",
                    seller=_GOOD[0][0],
                    category=CATEGORIES["171833"],
                    country="CA",
                    city="Toronto",
                    currency="CAD",
                    listed_at=self._now - timedelta(days=4),
                    ends_at=self._now + timedelta(days=26),
                    price=Decimal("17.50"),
                    condition_id="1000",
                    quantity=9,
                    description="A shell with all screws.",
                    group=number,
                    variation=variation,
                    aspects={"Color": color},
                )
            )

    def fit(self) -> None:
        """Offer a part of a vehicle: only these can be asked about compatibility."""
        self._listings.add(
            Listing(
                legacy_id=self._listings.new_number(),
                title="Front brake pads for Honda Civic 2016-2020",
                seller=_GOOD[1][0],
                category=CATEGORIES["33559"],
                country="US",
                city="Columbus",
                currency="USD",
                listed_at=self._now - timedelta(days=2),
                ends_at=self._now + timedelta(days=28),
                price=Decimal("38.90"),
                shipping=Decimal("9.50"),
                condition_id="1000",
                quantity=30,
                fits=_CIVIC,
            )
        )

    def _listing(
        self, part: Part, offer: tuple[Seller, str, str, str], condition_id: str
    ) -> Listing:
        seller, country, city, currency = offer
        return Listing(
            legacy_id=self._listings.new_number(),
            title=part.name,
            seller=seller,
            category=CATEGORIES[_CATEGORY_OF.get(part.brand, "175673")],
            country=country,
            city=city,
            currency=currency,
            listed_at=self._now - timedelta(hours=self._dice.randrange(2, 900)),
            ends_at=self._now + timedelta(days=self._dice.randrange(2, 30)),
            shipping=self._dice.choice((Decimal(0), Decimal("4.99"), Decimal("14.50"), None)),
            condition_id=condition_id,
            description=f"{part.name}. Tested. SKU {part.sku}.",
            aspects={"Brand": part.brand, "Compatible Model": part.model, "MPN": part.sku},
        )


def _price(part: Part, factor: int, currency: str) -> Decimal:
    value = Money(part.price, "CAD").to(currency).value * factor / 100
    return max(value.quantize(_CENT), Decimal("0.99"))
