"""Quotes: versioned, itemised, each line with its reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from hotrod.db.columns import long_text, money, primary_key, timestamp


class QuoteState(StrEnum):
    """Where a quote stands; APPROVED, DECLINED, EXPIRED and SUPERSEDED are final."""

    DRAFT = "draft"
    SENT = "sent"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class LineKind(StrEnum):
    """What a quote line charges for."""

    LABOUR = "labour"
    PART = "part"
    SURCHARGE = "surcharge"
    ADJUSTMENT = "adjustment"
    TAX = "tax"


class Quote(SQLModel, table=True):
    """An offer to a customer; a changed offer is a new version."""

    __tablename__ = "quotes"
    __table_args__ = (UniqueConstraint("ticket_id", "version"),)

    id: UUID = primary_key()
    ticket_id: UUID = Field(foreign_key="tickets.id", index=True)
    version: int = Field(ge=1)
    diagnosis_id: UUID = Field(foreign_key="diagnoses.id")
    state: str = Field(max_length=12, index=True)
    currency: str = Field(max_length=3)
    subtotal: Decimal = money()
    tax: Decimal = money()
    total: Decimal = money()
    fingerprint: str = Field(max_length=64, description="SHA-256 of the pricing input.")
    created_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    sent_at: datetime | None = timestamp(optional=True)
    decided_at: datetime | None = timestamp(optional=True)
    decided_from: str | None = Field(
        default=None, max_length=45, description="IP address of the decision."
    )
    decline_reason: str = long_text(default="")


class QuoteLine(SQLModel, table=True):
    """One line of a quote."""

    __tablename__ = "quote_lines"
    __table_args__ = (UniqueConstraint("quote_id", "position"),)

    id: UUID = primary_key()
    quote_id: UUID = Field(foreign_key="quotes.id", index=True)
    position: int = Field(ge=1)
    kind: str = Field(max_length=12)
    description: str = Field(max_length=200)
    quantity: Decimal = Field(max_digits=8, decimal_places=2)
    unit_price: Decimal = money()
    amount: Decimal = money()
    reason: str = long_text()
    sku: str | None = Field(default=None, max_length=40)
