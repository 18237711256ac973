"""Where offers come from: an interface that each source implements, and suppliers' price lists."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Protocol, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    model_validator,
)

from hotrod.outside import OutsideUrl
from hotrod.sourcing.models import (
    Condition,
    Currency,
    DeliveryWindow,
    Offer,
    OrderTerms,
    PriceBreak,
    Seller,
    Share,
    Wanted,
)


def _rising(days: tuple[int, int]) -> tuple[int, int]:
    if days[0] > days[1]:
        raise ValueError("the least days must not be above the most")
    return days


LeadDays = Annotated[tuple[NonNegativeInt, NonNegativeInt], AfterValidator(_rising)]


class OfferSource(Protocol):
    """A place where parts are offered."""

    @property
    def name(self) -> str:
        """Name of the source, as it stands in its offers."""

    async def search(self, wanted: Wanted) -> list[Offer]:
        """Return what may be the wanted part; the rules judge whether it is."""

    async def look_again(self, offer: Offer) -> Offer | None:
        """Return an offer of this source as it is now; None: it is gone."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PriceListRow(_Value):
    """A line of a price list, for one of our parts."""

    sku: str = Field(min_length=1, description="Our part.")
    reference: str = Field(min_length=1, description="The supplier's number.")
    title: str
    part_number: str = Field("", description="The maker's number.")
    condition: Condition = Condition.NEW
    prices: tuple[PriceBreak, ...] = Field(min_length=1, description="First: the least sold.")
    pack_size: int = Field(1, ge=1)
    available: int | None = Field(None, ge=0, description="Unset: as many as are wanted.")
    lead_days: LeadDays | None = Field(
        None, description="Days to the door, least and most; unset: as the supplier delivers."
    )
    url: str = ""
    seen_at: AwareDatetime | None = Field(None, description="Unset: with the list.")
    valid_until: AwareDatetime | None = Field(None, description="Unset: as long as the list.")


class Supplier(_Value):
    """A supplier that we have chosen, and what our orders there were like."""

    name: str = Field(min_length=1)
    region: str = Field("", description="Country that it ships from, two letters.")
    currency: Currency
    terms: OrderTerms
    tax_rate: Share = Field(description="Share added to goods and shipping.")
    orders: int | None = Field(None, ge=0, description="Orders we placed there.")
    good_orders: int = Field(0, ge=0, description="Those that came right and in time.")
    lead_days: LeadDays | None = Field(None, description="Least and most.")
    is_measured: bool = Field(default=False, description="By our orders, not as it says.")
    accepts_returns: bool | None = None
    return_days: int | None = Field(None, ge=0)
    order_page: OutsideUrl = Field("", description="Where a person orders; empty: nowhere.")

    @model_validator(mode="after")
    def _no_more_good_than_all(self) -> Self:
        if self.good_orders > (self.orders or 0):
            raise ValueError("good_orders can't be more than orders")
        return self

    def as_seller(self) -> Seller:
        """Return the supplier as a seller: each order of ours is a rating."""
        return Seller(
            name=self.name,
            ratings=self.orders,
            positive=Decimal(self.good_orders) / self.orders if self.orders else None,
            region=self.region,
            is_vetted=True,
        )


def _believed(stated: LeadDays | None, supplier: Supplier) -> LeadDays | None:
    """Return the days that a line of a list may take.

    As it says; but once the supplier is measured, no less than its orders took.
    """
    if stated is None or supplier.lead_days is None or not supplier.is_measured:
        return stated or supplier.lead_days
    return max(stated[0], supplier.lead_days[0]), max(stated[1], supplier.lead_days[1])


class PriceList(_Value):
    """A supplier's price list: a source of offers that asks nobody."""

    supplier: Supplier
    rows: tuple[PriceListRow, ...]
    seen_at: AwareDatetime
    valid_until: AwareDatetime | None = None
    order_on: date = Field(description="The day on which would be ordered.")

    @property
    def name(self) -> str:
        """Name of the source: the supplier."""
        return self.supplier.name

    async def search(self, wanted: Wanted) -> list[Offer]:
        """Return the supplier's offers for a part."""
        return [self.offer(row) for row in self.rows if row.sku == wanted.sku]

    async def look_again(self, offer: Offer) -> Offer | None:
        """Return an offer as the list has it."""
        rows = (row for row in self.rows if row.reference == offer.reference)
        return next((self.offer(row) for row in rows if row.sku == offer.sku), None)

    def offer(self, row: PriceListRow) -> Offer:
        """Return what a line of the list offers."""
        supplier = self.supplier
        return Offer(
            source=self.name,
            reference=row.reference,
            title=row.title,
            condition=row.condition,
            prices=row.prices,
            pack_size=row.pack_size,
            available=row.available,
            currency=supplier.currency,
            terms=supplier.terms,
            tax_rate=supplier.tax_rate,
            seller=supplier.as_seller(),
            sku=row.sku,
            part_number=row.part_number,
            accepts_returns=supplier.accepts_returns,
            return_days=supplier.return_days,
            delivery=self._delivery(_believed(row.lead_days, supplier)),
            url=row.url or supplier.order_page,
            seen_at=row.seen_at or self.seen_at,
            ends_at=row.valid_until or self.valid_until,
        )

    def _delivery(self, lead_days: tuple[int, int] | None) -> DeliveryWindow | None:
        if lead_days is None:
            return None
        least, most = lead_days
        return DeliveryWindow(
            earliest=self.order_on + timedelta(days=least),
            latest=self.order_on + timedelta(days=most),
        )
