"""Calls of language models, for the budget and the record."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import Field, SQLModel

from hotrod.db.columns import primary_key, timestamp


class ModelCall(SQLModel, table=True):
    """One call: what it was for and what it cost, at most until that is known. No texts."""

    __tablename__ = "model_calls"

    id: UUID = primary_key()
    ticket_id: UUID | None = Field(default=None, foreign_key="tickets.id", index=True)
    purpose: str = Field(max_length=40)
    model: str = Field(max_length=80)
    request_id: str = Field(default="", max_length=80, index=True)
    input_tokens: int
    output_tokens: int
    cost: Decimal = Field(max_digits=12, decimal_places=6)
    currency: str = Field(default="CAD", max_length=3)
    at: datetime = timestamp(index=True)
