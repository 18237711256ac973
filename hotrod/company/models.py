"""Who the company is: businesses, brands, technicians, rates. Read from one TOML file."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, EmailStr, Field, field_validator, model_validator

from hotrod.repairs.diagnosis import Category

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
UnitPrice = Annotated[Decimal, Field(ge=0, max_digits=12)]
OrderBy = Literal["url", "mail", "marketplace"]
Share = Annotated[Decimal, Field(ge=0, le=5, max_digits=6, decimal_places=4)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Province = Literal[
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"
]  # fmt: skip

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(_Section):
    """How a business looks and signs in mails and pages."""

    display_name: str = Field(min_length=1, max_length=60, description="Name in the From line.")
    color: str = Field("#1f2937", pattern=r"^#[0-9a-fA-F]{6}$", description="Accent color.")
    tagline: str = Field("", max_length=120, description="One line under the name.")
    signature: str = Field("", max_length=400, description="Closing lines of every mail.")
    address: str = Field("", max_length=200, description="Postal address in the footer.")
    phone: str = Field("", max_length=40, description="Phone number in the footer.")
    website: str = Field("", max_length=200, description="Website in the footer.")


class Hours(_Section):
    """Opening hours of one weekday, local time; ``opens`` before ``closes``."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self


class Business(_Section):
    """One of the group's businesses."""

    key: Key = Field(description="Stable name in data and API, e.g. noizylab.")
    name: str = Field(min_length=1, max_length=80)
    ticket_prefix: str = Field(pattern=r"^[A-Z]{2,4}$", description="NL makes NL-1042.")
    repairs: bool = Field(False, description="Takes repair requests.")
    aliases: tuple[EmailStr, ...] = Field(
        min_length=1, description="Addresses that reach it; the first one writes."
    )
    province: Province = Field("ON", description="Place of supply: decides the sales tax.")
    brand: Brand
    opening_hours: dict[Weekday, Hours] = Field(
        default_factory=dict, description="Missing weekdays are closed."
    )


class Technician(_Section):
    """Someone who repairs."""

    key: Key
    name: str = Field(min_length=1, max_length=80)
    email: EmailStr
    slack: str = Field("", description="Slack channel or member id told of new work.")
    skills: tuple[str, ...] = Field(
        min_length=1, description="Device types and fault categories, e.g. console, power."
    )
    capacity: int = Field(6, ge=1, le=100, description="Open tickets carried at most.")
    absences: tuple[Absence, ...] = ()


class Absence(_Section):
    """Days on which somebody takes no new work, both ends included."""

    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_day > self.last_day:
            raise ValueError("first_day must not be after last_day")
        return self


class Manager(_Section):
    """Someone who may say yes to spending money."""

    key: Key
    name: str = Field(min_length=1, max_length=80)
    email: EmailStr
    slack: str = Field("", max_length=80, description="Slack user id, e.g. U024BE7LH.")
    limit: Money | None = Field(
        None, description="Largest amount, in the company's currency. Unset: any amount."
    )
    absences: tuple[Absence, ...] = ()

    def is_absent(self, on: date) -> bool:
        """Tell whether the manager is away on a day, local time."""
        return any(absence.first_day <= on <= absence.last_day for absence in self.absences)


class Approvals(_Section):
    """How managers are asked; hours are opening hours of the business that asks."""

    two_person_above: Money | None = Field(
        None, description="A larger amount needs two managers. Unset: one is always enough."
    )
    deadline_hours: int = Field(18, ge=1, le=200, description="No answer by then means no.")
    reminder_hours: int = Field(9, ge=1, le=200, description="Who hasn't answered is reminded.")
    reask_percent: Decimal = Field(
        Decimal(5), ge=0, le=100, description="A price that has changed by more is asked again."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.reminder_hours >= self.deadline_hours:
            raise ValueError("reminder_hours must be less than deadline_hours")
        return self


class LabourRate(_Section):
    """What an hour on the bench costs the customer."""

    device_type: str = Field(description="Device type, or 'default'.")
    per_hour: Money


class MarginRule(_Section):
    """Margin on parts up to a unit cost; the first rule whose limit fits is used."""

    up_to_cost: Money | None = Field(None, description="Unset: no limit; must come last.")
    margin: Share = Field(description="Share added to the cost: 0.35 sells 100.00 at 135.00.")


class CompetitorPrice(_Section):
    """What others ask for the same repair, where it is known."""

    device_type: str
    category: str
    price: Money
    source: str = Field(description="Where and when the price was seen.")


class Pricing(_Section):
    """Rules of the pricing engine; amounts in ``currency`` before tax."""

    currency: Literal["CAD"] = "CAD"
    minimum_labour_hours: Decimal = Field(Decimal("0.5"), gt=0, le=8)
    labour_rates: tuple[LabourRate, ...] = Field(min_length=1)
    part_margins: tuple[MarginRule, ...] = Field(min_length=1)
    rush_surcharge: Share = Field(description="Share of labour added for rush work.")
    floor_margin: Share = Field(description="Smallest share kept over cost of labour and parts.")
    labour_cost_per_hour: Money = Field(description="What an hour costs us, for the floor.")
    round_to: Money = Field(Decimal("1.00"), description="Subtotals are rounded up to this.")
    undercut: Share = Field(
        Decimal("0.03"),
        description="Share below a competitor's price that we go, at most to the floor.",
    )
    quote_valid_days: int = Field(14, ge=1, le=90)
    competitor_prices: tuple[CompetitorPrice, ...] = ()

    @field_validator("labour_rates")
    @classmethod
    def _has_default(cls, rates: tuple[LabourRate, ...]) -> tuple[LabourRate, ...]:
        if not any(rate.device_type == "default" for rate in rates):
            raise ValueError("one labour rate must have device_type 'default'")
        return rates

    @field_validator("part_margins")
    @classmethod
    def _last_is_open(cls, rules: tuple[MarginRule, ...]) -> tuple[MarginRule, ...]:
        if rules[-1].up_to_cost is not None:
            raise ValueError("the last margin rule must have no up_to_cost")
        return rules


class ScoreWeights(_Section):
    """Points that a perfect offer gets of each rule; 100 in all."""

    market_price: int = Field(25, ge=0)
    own_price: int = Field(15, ge=0)
    feedback: int = Field(20, ge=0)
    delivery: int = Field(15, ge=0)
    returns: int = Field(5, ge=0)
    fit: int = Field(20, ge=0)

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if sum(self.model_dump().values()) != 100:  # noqa: PLR2004 - points are of a hundred
            raise ValueError("the weights must add up to 100")
        return self


class Sourcing(_Section):
    """How offers are scored, and which may be proposed; shares of 1, prices at the door."""

    weights: ScoreWeights = ScoreWeights()
    least_points: int = Field(50, ge=0, le=100, description="Less isn't proposed.")
    good_price: Share = Field(Decimal("0.8"), description="Share of the usual: all points.")
    bad_price: Share = Field(Decimal("1.5"), description="Share of the usual: no points.")
    fraud_price: Share = Field(Decimal("0.4"), description="Below this share it is too cheap.")
    least_comparable: int = Field(3, ge=1, description="Offers that make a median.")
    history_days: int = Field(365, ge=1, description="Own prices older than this don't count.")
    good_feedback: Share = Field(Decimal("0.98"), le=1, description="Proven: all points.")
    bad_feedback: Share = Field(Decimal("0.85"), le=1, description="Proven: no points.")
    buffer_days: int = Field(3, ge=0, description="Days before the stock-out: all points.")
    late_days: int = Field(10, ge=1, description="Days after the stock-out: no points.")
    return_days: int = Field(30, ge=1, description="Days of return that get all points.")
    least_fit: Share = Field(Decimal("0.5"), description="Less surely fitting is excluded.")
    regions: tuple[str, ...] = Field(("CA", "US"), description="Countries we buy from.")
    new_seller_days: int = Field(90, ge=0, description="Younger accounts are a warning.")
    few_ratings: int = Field(10, ge=0, description="Fewer are a warning.")
    sign_penalty: int = Field(10, ge=0, le=100, description="Points that a warning takes.")
    most_signs: int = Field(1, ge=0, description="More warnings exclude an offer.")
    listing_hours: int = Field(48, ge=1, description="Listings seen longer ago don't count.")
    rate_hours: int = Field(96, ge=1, description="Exchange rates must be younger: a weekend.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fraud_price <= self.good_price < self.bad_price:
            raise ValueError("fraud_price, good_price and bad_price must rise")
        if self.bad_feedback >= self.good_feedback:
            raise ValueError("bad_feedback must be below good_feedback")
        return self


class StockedPart(_Section):
    """A part kept in stock, as it stands when the database is first filled."""

    sku: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,39}$")
    name: str
    category: str = Field(description="Fault category that it mends, e.g. display.")
    fits: tuple[str, ...] = Field(description="Device types or models that it fits.")
    unit_cost: Money
    quantity: int = Field(ge=0)
    reorder_point: int = Field(0, ge=0)


class ListedPrice(_Section):
    """What a supplier asks for a part, in its currency, before tax."""

    sku: str
    reference: str = Field(min_length=1, max_length=80, description="The supplier's number.")
    part_number: str = Field("", max_length=80, description="The maker's number.")
    each: dict[Annotated[int, Field(ge=1)], UnitPrice] = Field(
        min_length=1, description="Price of one piece, by how many are bought at least."
    )
    pack_size: int = Field(1, ge=1)


class ChosenSupplier(_Section):
    """Where we buy parts; amounts in ``currency``, before tax."""

    key: Key
    name: str = Field(min_length=1, max_length=80)
    region: str = Field(pattern=r"^[A-Z]{2}$", description="Country that it ships from.")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    shipping: Money = Field(description="Of an order, whatever is in it.")
    free_from: Money | None = Field(None, description="Value of goods that ships for free.")
    minimum: Money = Field(Decimal(0), description="Least value of goods of an order.")
    tax_rate: Share = Field(le=1, description="Share added to goods and shipping.")
    lead_days: tuple[int, int] | None = Field(None, description="Least and most, as it says.")
    accepts_returns: bool | None = None
    return_days: int | None = Field(None, ge=0)
    order_by: OrderBy
    order_at: str = Field("", max_length=300, description="Page, address or shop.")
    prices: tuple[ListedPrice, ...] = Field(
        (), description="As they stand when the database is first filled."
    )

    @field_validator("lead_days")
    @classmethod
    def _in_order(cls, days: tuple[int, int] | None) -> tuple[int, int] | None:
        if days is not None and not 0 <= days[0] <= days[1]:
            raise ValueError("lead_days must rise from 0, e.g. [2, 5]")
        return days


class KnownSubstitute(_Section):
    """A catalogue's word that a part stands in for another."""

    sku: str
    substitute: str
    both_ways: bool = False
    note: str = ""


class FaultBill(_Section):
    """The parts that a common fault takes."""

    device: str = Field(min_length=1, max_length=60, description="Device type or model.")
    category: Category = Field(description="Of the fault, e.g. display.")
    parts: dict[str, Annotated[int, Field(ge=1)]] = Field(
        min_length=1, description="How many, by SKU."
    )
    note: str = ""


class Company(_Section):
    """The group of companies; the root of the TOML file."""

    name: str
    time_zone: str = "America/Toronto"
    hub_mailbox: EmailStr = Field(description="Mailbox that sends and receives for all aliases.")
    ops_mailbox: EmailStr = Field(
        description="Gets the messages that aren't repairs, to answer them."
    )
    default_business: Key = Field(description="Takes repair requests that name no business.")
    holidays: tuple[date, ...] = ()
    businesses: tuple[Business, ...] = Field(min_length=1)
    technicians: tuple[Technician, ...] = Field(min_length=1)
    managers: tuple[Manager, ...] = Field((), description="Without any, nothing can be approved.")
    approvals: Approvals = Approvals()
    pricing: Pricing
    sourcing: Sourcing = Sourcing()
    parts: tuple[StockedPart, ...] = ()
    suppliers: tuple[ChosenSupplier, ...] = ()
    substitutes: tuple[KnownSubstitute, ...] = ()
    bills: tuple[FaultBill, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"{name!r} is not a time zone; write it like America/Toronto"
            ) from None
        return name

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for what, names in {
            "business key": [business.key for business in self.businesses],
            "ticket prefix": [business.ticket_prefix for business in self.businesses],
            "alias": [alias.lower() for b in self.businesses for alias in b.aliases],
            "technician key": [technician.key for technician in self.technicians],
            "manager key": [manager.key for manager in self.managers],
            "part sku": [part.sku for part in self.parts],
            "supplier key": [supplier.key for supplier in self.suppliers],
            "supplier name": [supplier.name for supplier in self.suppliers],
            "supplier's reference": [
                f"{supplier.key} {price.reference}"
                for supplier in self.suppliers
                for price in supplier.prices
            ],
            "bill": [f"{bill.device} {bill.category}" for bill in self.bills],
        }.items():
            doubled = {name for name in names if names.count(name) > 1}
            if doubled:
                raise ValueError(f"{what} given twice: {', '.join(sorted(doubled))}")
        if not any(b.key == self.default_business and b.repairs for b in self.businesses):
            raise ValueError("default_business must name a business with repairs = true")
        return self

    @model_validator(mode="after")
    def _every_amount_has_its_managers(self) -> Self:
        needed = 1 if self.approvals.two_person_above is None else 2
        unlimited = sum(manager.limit is None for manager in self.managers)
        if unlimited < needed and (self.managers or needed > 1):
            raise ValueError(
                f"{unlimited} of the managers have no limit, but {needed} must: "
                "else there are amounts that nobody may approve; leave a limit away"
                + ", or two_person_above"
                * (needed > 1)
            )
        return self

    @model_validator(mode="after")
    def _skus_are_known(self) -> Self:
        named = {price.sku for supplier in self.suppliers for price in supplier.prices}
        named |= {sku for one in self.substitutes for sku in (one.sku, one.substitute)}
        named |= {sku for bill in self.bills for sku in bill.parts}
        if unknown := named - {part.sku for part in self.parts}:
            raise ValueError(f"no part has the sku {', '.join(sorted(unknown))}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of opening hours and dates that people see."""
        return ZoneInfo(self.time_zone)

    def business(self, key: str) -> Business | None:
        """Return the business with this key, or None."""
        return next((business for business in self.businesses if business.key == key), None)

    def technician(self, key: str) -> Technician | None:
        """Return the technician with this key, or None."""
        return next((person for person in self.technicians if person.key == key), None)

    def manager(self, key: str) -> Manager | None:
        """Return the manager with this key, or None."""
        return next((person for person in self.managers if person.key == key), None)


Technician.model_rebuild()
