"""People who bring something in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from hotrod.db.columns import primary_key, timestamp


class Customer(SQLModel, table=True):
    """Someone known by their e-mail address, across all businesses."""

    __tablename__ = "customers"

    id: UUID = primary_key()
    email: str = Field(max_length=254, unique=True, description="Lower case.")
    name: str = Field(max_length=120)
    phone: str | None = Field(default=None, max_length=20, description="E.164, e.g. +16135550142.")
    created_at: datetime = timestamp()


class Device(SQLModel, table=True):
    """A thing that belongs to a customer."""

    __tablename__ = "devices"

    id: UUID = primary_key()
    customer_id: UUID = Field(foreign_key="customers.id", index=True)
    type: str = Field(max_length=40, description="console, laptop, phone, audio, board, ...")
    brand: str | None = Field(default=None, max_length=60)
    model: str | None = Field(default=None, max_length=80)
    serial: str | None = Field(default=None, max_length=60)
    created_at: datetime = timestamp()
