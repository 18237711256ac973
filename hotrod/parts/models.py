"""Parts and how many of them are on the shelf."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, money, primary_key, timestamp


class Part(SQLModel, table=True):
    """Something that can be put into a repair."""

    __tablename__ = "parts"

    id: UUID = primary_key()
    sku: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=120)
    category: str = Field(max_length=20, index=True)
    fits: list[str] = json(default=list)
    unit_cost: Decimal = money()
    currency: str = Field(default="CAD", max_length=3)
    reorder_point: int = Field(default=0, ge=0)
    active: bool = True


class StockLevel(SQLModel, table=True):
    """How many of a part are at a location, and how many of those are spoken for."""

    __tablename__ = "stock_levels"
    __table_args__ = (
        UniqueConstraint("part_id", "location"),
        CheckConstraint("on_hand >= 0 AND reserved >= 0", name="not_negative"),
    )

    id: UUID = primary_key()
    part_id: UUID = Field(foreign_key="parts.id", index=True)
    location: str = Field(default="bench", max_length=40)
    on_hand: int = 0
    reserved: int = 0
    updated_at: datetime = timestamp()
