"""Suppliers that we have chosen, and what they ask for our parts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, money, primary_key, timestamp
from hotrod.sourcing.models import Condition

_TAX_RATE: Any = Numeric(6, 4)


class OrderBy(StrEnum):
    """How one orders there."""

    URL = "url"
    MAIL = "mail"
    MARKETPLACE = "marketplace"


class SupplierRow(SQLModel, table=True):
    """A supplier of the company file; removed ones stay, for their orders' sake.

    All amounts, those of its prices too, are in ``currency``, before tax.
    """

    __tablename__ = "suppliers"
    __table_args__ = (
        CheckConstraint(
            "shipping >= 0 AND free_from >= 0 AND minimum >= 0 AND tax_rate BETWEEN 0 AND 1",
            name="amounts_not_negative",
        ),
        CheckConstraint(
            "(lead_days_least IS NULL) = (lead_days_most IS NULL) "
            "AND lead_days_least BETWEEN 0 AND lead_days_most",
            name="lead_days_in_order",
        ),
    )

    id: UUID = primary_key()
    key: str = Field(max_length=31, unique=True)
    name: str = Field(max_length=80, unique=True)
    region: str = Field(default="", max_length=2, description="Country that it ships from.")
    currency: str = Field(max_length=3)
    shipping: Decimal = money()
    free_from: Decimal | None = money(default=None)
    minimum: Decimal = money(default=Decimal(0))
    tax_rate: Decimal = Field(sa_type=_TAX_RATE, description="Share added to goods and shipping.")
    lead_days_least: int | None = Field(default=None, description="As the supplier says.")
    lead_days_most: int | None = None
    accepts_returns: bool | None = None
    return_days: int | None = None
    order_by: str = Field(max_length=11)
    order_at: str = Field(default="", max_length=300, description="Page, address or shop.")
    active: bool = True


class SupplierPrice(SQLModel, table=True):
    """A line of a supplier's price list, in the supplier's currency.

    ``prices`` are ``PriceBreak`` values as JSON, rising in quantity; there are none where only the
    supplier's number is known, from a label: it is no offer then.
    """

    __tablename__ = "supplier_prices"
    __table_args__ = (
        CheckConstraint("pack_size > 0 AND available >= 0", name="quantities_not_negative"),
        CheckConstraint(
            "(lead_days_least IS NULL) = (lead_days_most IS NULL) "
            "AND lead_days_least BETWEEN 0 AND lead_days_most",
            name="lead_days_in_order",
        ),
    )

    supplier_id: UUID = Field(foreign_key="suppliers.id", primary_key=True)
    reference: str = Field(max_length=80, primary_key=True, description="The supplier's number.")
    part_id: UUID = Field(foreign_key="parts.id", index=True)
    title: str = Field(max_length=200)
    part_number: str = Field(default="", max_length=80, description="The maker's number.")
    condition: str = Field(default=Condition.NEW, max_length=11)
    prices: list[dict[str, Any]] = json(default=list)
    pack_size: int = 1
    available: int | None = Field(default=None, description="Unset: as many as are wanted.")
    lead_days_least: int | None = Field(default=None, description="Unset: as the supplier's.")
    lead_days_most: int | None = None
    url: str = Field(default="", max_length=500)
    seen_at: datetime = timestamp()
    valid_until: datetime | None = timestamp(optional=True)
