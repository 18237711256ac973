"""What is offered, what is wanted, and what the rules say of it: plain values.

Amounts of an offer are in its own currency; those of costs, scores and proposals are in the
company's. Listings are data: their words are never followed, only weighed.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from hotrod.errors import InvalidInputError
from hotrod.outside import OutsideUrl

Amount = Annotated[Decimal, Field(ge=0, max_digits=12)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Share = Annotated[Decimal, Field(ge=0, le=1)]
MOST_TAX = Decimal(100)
TaxRate = Annotated[Decimal, Field(ge=0, le=MOST_TAX)]
"""A share; what a checkout asks beyond its listings counts as tax, and may be more than all."""
Fit = Literal["fits", "does not fit", "unknown"]


class Condition(StrEnum):
    """State of what is offered."""

    NEW = "new"
    REFURBISHED = "refurbished"
    USED = "used"
    FOR_PARTS = "for parts"


class Sale(StrEnum):
    """How it is sold; an auction's price is its bid, and may rise."""

    FIXED_PRICE = "fixed price"
    AUCTION = "auction"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PriceBreak(_Value):
    """The price of one piece, for those who buy so many or more."""

    from_quantity: int = Field(ge=1)
    unit_price: Amount


class OrderTerms(_Value):
    """What an order costs besides its goods; in the offer's currency, before tax."""

    shipping: Amount
    free_from: Amount | None = Field(None, description="Value of goods that ships for free.")
    minimum: Amount = Field(Decimal(0), description="Least value of goods that is sold.")
    is_per_listing: bool = Field(
        default=True, description="Each listing ships on its own, not the seller's order as one."
    )


class Seller(_Value):
    """Who sells. Ratings are a marketplace's feedback, or our own record of a supplier."""

    name: str = Field(min_length=1)
    ratings: int | None = Field(None, ge=0, description="How many; unset: not known.")
    positive: Share | None = Field(None, description="Share of the ratings that are good.")
    joined_on: date | None = None
    region: str = Field("", description="Country that it ships from, two letters.")
    is_vetted: bool = Field(default=False, description="A supplier that we have chosen.")


class DeliveryWindow(_Value):
    """Days on which it arrives, both included."""

    earliest: date
    latest: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.earliest > self.latest:
            raise ValueError("earliest must not be after latest")
        return self


class Offer(_Value):
    """Something that can be bought.

    ``prices`` rise in quantity; the first is the least that is sold. Terms or a tax rate that
    aren't known are unset: such an offer can't be scored.
    """

    source: str
    reference: str
    title: str
    condition: Condition
    sale: Sale = Sale.FIXED_PRICE
    prices: tuple[PriceBreak, ...] = Field(min_length=1)
    pack_size: int = Field(1, ge=1)
    available: int | None = Field(None, ge=0, description="Unset: as many as are wanted.")
    currency: Currency
    terms: OrderTerms | None
    tax_rate: TaxRate | None = Field(description="Share added to goods and shipping.")
    seller: Seller
    sku: str = Field("", description="Our part, where the source knows it.")
    part_number: str = Field("", description="The maker's number.")
    fit: Fit = Field("unknown", description="What a catalogue of compatibility says.")
    accepts_returns: bool | None = None
    return_days: int | None = Field(None, ge=0)
    delivery: DeliveryWindow | None = None
    has_stock_photos: bool | None = None
    picture_url: OutsideUrl = ""
    url: str = ""
    seen_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    least_bid: Amount | None = Field(
        None, description="Of an auction: the smallest bid that is taken, where it is told."
    )

    @model_validator(mode="after")
    def _prices_rise(self) -> Self:
        steps = [one.from_quantity for one in self.prices]
        if steps != sorted(set(steps)):
            raise ValueError("prices must rise in from_quantity")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What names it among all offers."""
        return self.source, self.reference

    def unit_price(self, quantity: int) -> Decimal:
        """Return the price of one piece when so many are bought.

        Raises:
            InvalidInputError: fewer than the least that is sold.
        """
        reached = [one.unit_price for one in self.prices if one.from_quantity <= quantity]
        if not reached:
            raise InvalidInputError(
                "quantity",
                f"{quantity} is less than is sold.",
                f"Buy {self.prices[0].from_quantity} or more.",
            )
        return reached[-1]

    def buyable(self, wanted: int) -> int:
        """Return how many to buy for a wanted quantity; 0 when it isn't sold so.

        Rounded up to full packs and the least that is sold, then down to what there is.
        """
        least = max(wanted, self.prices[0].from_quantity)
        quantity = -(-least // self.pack_size) * self.pack_size
        if self.available is not None:
            quantity = min(quantity, self.available // self.pack_size * self.pack_size)
        return quantity if quantity >= self.prices[0].from_quantity else 0


class Wanted(_Value):
    """A part that runs low: how many, and until when."""

    sku: str
    name: str
    fits: tuple[str, ...] = Field(description="Device types or models, as in the catalogue.")
    quantity: int = Field(ge=1)
    part_numbers: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = (Condition.NEW,)
    stock_out_on: date | None = Field(None, description="Unset: no hurry.")
    book_cost: Decimal | None = Field(None, description="What a piece of our stock has cost.")


class ExchangeRate(_Value):
    """What one unit of a currency is worth in the company's, and when that was so."""

    value: Decimal = Field(gt=0)
    seen_at: AwareDatetime


class ExchangeRates(_Value):
    """Rates into the company's currency, by the other currency."""

    currency: Currency
    rates: dict[str, ExchangeRate] = {}


class Cost(_Value):
    """What an offer costs at the door, in the company's currency, to the cent.

    ``per_piece`` is of the pieces that are wanted: a pack's surplus is worth nothing.
    """

    bought: int
    goods: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    per_piece: Decimal
    currency: Currency


class PaidPrice(_Value):
    """What a piece cost us at the door once, in the company's currency."""

    per_piece: Amount
    bought_at: AwareDatetime


class Market(_Value):
    """What is offered now.

    Rates, medians at the door by condition where enough are known, and the pictures that several
    sellers show.
    """

    at: AwareDatetime
    rates: ExchangeRates
    medians: dict[Condition, Decimal] = {}
    shared_pictures: frozenset[str] = frozenset()


class Reason(_Value):
    """What a rule says: points added or, below zero, taken."""

    rule: str
    points: int
    words: str


class Score(_Value):
    """What the rules say of an offer: 0 to 100 points, and why.

    An excluded offer isn't to be bought, whatever its points; ``why`` says what excludes it. One
    that can't be scored is excluded with 0 points.
    """

    points: int = Field(ge=0, le=100)
    reasons: tuple[Reason, ...] = ()
    is_excluded: bool = False
    why: str = ""
    cost: Cost | None = None


class ScoredOffer(_Value):
    """An offer for a part, with its score."""

    sku: str
    offer: Offer
    score: Score


class ProposedLine(_Value):
    """One offer of an order; the amount is before tax, in the company's currency.

    ``rate`` is what one unit of the offer's currency counted for; proposals of old don't tell it.
    """

    sku: str
    offer: Offer
    quantity: int
    amount: Decimal
    rate: Decimal | None = None
    points: int
    words: str


class ProposedOrder(_Value):
    """All that is bought of one seller, or a bid in one auction up to its limit."""

    source: str
    seller: str
    lines: tuple[ProposedLine, ...]
    goods: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal

    @property
    def is_bid(self) -> bool:
        """Whether it is a bid, which may be lost; its amounts are those of its limit."""
        return any(line.offer.sale is Sale.AUCTION for line in self.lines)


class Missing(_Value):
    """Pieces that no acceptable offer covers."""

    sku: str
    quantity: int
    why: str


class Proposal(_Value):
    """What to buy where; ``is_exact`` when it is proved that no way is better (``plans``).

    ``taken`` are the offers of the orders with their scores; proposals of old don't tell them.
    """

    currency: Currency
    orders: tuple[ProposedOrder, ...]
    total: Decimal
    missing: tuple[Missing, ...]
    taken: tuple[ScoredOffer, ...] = ()
    alternatives: tuple[ScoredOffer, ...] = Field(description="Best first, by part.")
    reasons: tuple[str, ...]
    is_exact: bool


def is_over(offer: Offer, at: datetime) -> bool:
    """Tell whether a listing, an auction or a price list has ended."""
    return offer.ends_at is not None and offer.ends_at <= at
