"""Analytics events: what happened, as facts to count."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, timestamp


class AnalyticsEvent(SQLModel, table=True):
    """One fact; ``fields`` holds figures and names of things, never personal data."""

    __tablename__ = "analytics_events"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    name: str = Field(max_length=60, index=True, description="e.g. ticket.quoted")
    business_key: str = Field(max_length=31, index=True)
    ticket_id: UUID | None = Field(default=None, foreign_key="tickets.id", index=True)
    dedup_key: str | None = Field(default=None, max_length=200, unique=True)
    fields: dict[str, Any] = json()
    at: datetime = timestamp(index=True)
