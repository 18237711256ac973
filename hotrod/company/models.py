"""Who the company is: businesses, brands, technicians, rates. Read from one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import EmailStr, Field, field_validator, model_validator

from hotrod.company.policies import Approvals, Pricing, Sourcing
from hotrod.company.supply import ChosenSupplier, FaultBill, KnownSubstitute, StockedPart
from hotrod.company.values import Key, Money, Section
from hotrod.errors import NotFoundError

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Province = Literal[
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"
]  # fmt: skip

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Brand(Section):
    """How a business looks and signs in mails and pages."""

    display_name: str = Field(min_length=1, max_length=60, description="Name in the From line.")
    color: str = Field("#1f2937", pattern=r"^#[0-9a-fA-F]{6}$", description="Accent color.")
    tagline: str = Field("", max_length=120, description="One line under the name.")
    signature: str = Field("", max_length=400, description="Closing lines of every mail.")
    address: str = Field("", max_length=200, description="Postal address in the footer.")
    phone: str = Field("", max_length=40, description="Phone number in the footer.")
    website: str = Field("", max_length=200, description="Website in the footer.")


class Hours(Section):
    """Opening hours of one weekday, local time; ``opens`` before ``closes``."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self


class Recipient(Section):
    """Who takes parcels in, and where; the province is the business's."""

    first_name: str = Field(min_length=1, max_length=40)
    last_name: str = Field(min_length=1, max_length=40)
    street: str = Field(min_length=1, max_length=120, description="With the number.")
    city: str = Field(min_length=1, max_length=60)
    postal_code: str = Field(pattern=r"^[A-Z]\d[A-Z] \d[A-Z]\d$", description="e.g. K1A 0B1.")
    phone: str = Field(min_length=7, max_length=40, description="For the carrier.")


class Business(Section):
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
    recipient: Recipient | None = Field(
        None, description="Who gets what is bought; without it, eBay takes no order."
    )
    opening_hours: dict[Weekday, Hours] = Field(
        default_factory=dict, description="Missing weekdays are closed."
    )


class Technician(Section):
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


class Absence(Section):
    """Days on which somebody takes no new work, both ends included."""

    first_day: date
    last_day: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_day > self.last_day:
            raise ValueError("first_day must not be after last_day")
        return self


class Manager(Section):
    """Someone who may say yes to spending money."""

    key: Key
    name: str = Field(min_length=1, max_length=80)
    email: EmailStr
    slack: str = Field("", max_length=80, description="Slack user id, e.g. U024BE7LH.")
    role: Key | None = Field(None, description="One of ``approvals.limits``, for its limit.")
    limit: Money | None = Field(
        None,
        description="Largest amount, in the company's currency. Unset: the role's, or any amount.",
    )
    absences: tuple[Absence, ...] = ()

    def is_absent(self, on: date) -> bool:
        """Tell whether the manager is away on a day, local time."""
        return any(absence.first_day <= on <= absence.last_day for absence in self.absences)


class Company(Section):
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

    @model_validator(mode="before")
    @classmethod
    def _limits_of_roles(cls, given: Any) -> Any:  # noqa: ANN401 - pydantic's
        """Give managers with a role, and no limit of their own, the limit of the role."""
        match given:
            case {"managers": [*managers], "approvals": {"limits": {**limits}}}:
                return given | {"managers": [_with_limit(one, limits) for one in managers]}
        return given

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
    def _roles_are_known(self) -> Self:
        roles = {manager.role for manager in self.managers if manager.role is not None}
        if unknown := roles - self.approvals.limits.keys():
            raise ValueError(f"approvals.limits names no role {', '.join(sorted(unknown))}")
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

    def business_of(self, key: str) -> Business:
        """Return the business that a row names.

        Raises:
            NotFoundError: it is in the company file no more.
        """
        if (business := self.business(key)) is None:
            raise NotFoundError("business in the company file", key)
        return business

    def technician(self, key: str) -> Technician | None:
        """Return the technician with this key, or None."""
        return next((person for person in self.technicians if person.key == key), None)

    def manager(self, key: str) -> Manager | None:
        """Return the manager with this key, or None."""
        return next((person for person in self.managers if person.key == key), None)


Technician.model_rebuild()


def _with_limit(manager: Any, limits: Mapping[object, Any]) -> Any:  # noqa: ANN401 - not read yet
    match manager:
        case {"role": str(role)} if "limit" not in manager and role in limits:
            return manager | {"limit": limits[role]}
    return manager
