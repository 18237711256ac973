"""The parts that the company keeps, who sells them, and what common faults take."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from hotrod.company.values import Key, Money, Section, Share
from hotrod.repairs.diagnosis import Category

UnitPrice = Annotated[Decimal, Field(ge=0, max_digits=12)]
OrderBy = Literal["url", "mail", "marketplace"]


class StockedPart(Section):
    """A part kept in stock, as it stands when the database is first filled."""

    sku: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,39}$")
    name: str
    category: str = Field(description="Fault category that it mends, e.g. display.")
    fits: tuple[str, ...] = Field(description="Device types or models that it fits.")
    unit_cost: Money
    quantity: int = Field(ge=0)
    reorder_point: int = Field(0, ge=0)


class ListedPrice(Section):
    """What a supplier asks for a part, in its currency, before tax."""

    sku: str
    reference: str = Field(min_length=1, max_length=80, description="The supplier's number.")
    part_number: str = Field("", max_length=80, description="The maker's number.")
    each: dict[Annotated[int, Field(ge=1)], UnitPrice] = Field(
        min_length=1, description="Price of one piece, by how many are bought at least."
    )
    pack_size: int = Field(1, ge=1)


class ChosenSupplier(Section):
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


class KnownSubstitute(Section):
    """A catalogue's word that a part stands in for another."""

    sku: str
    substitute: str
    both_ways: bool = False
    note: str = ""


class FaultBill(Section):
    """The parts that a common fault takes."""

    device: str = Field(min_length=1, max_length=60, description="Device type or model.")
    category: Category = Field(description="Of the fault, e.g. display.")
    parts: dict[str, Annotated[int, Field(ge=1)]] = Field(
        min_length=1, description="How many, by SKU."
    )
    note: str = ""
