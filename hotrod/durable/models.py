"""What must not be lost or done twice: accepted deliveries and outward effects."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, timestamp


class DeliveryState(StrEnum):
    """Where a delivery stands; DONE, DEAD and DISCARDED are final."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


class Lane(StrEnum):
    """Which queue a delivery stands in; earlier lanes go first."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class Delivery(SQLModel, table=True):
    """One accepted delivery, written in the transaction of what it is about."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "delivery_id"),
        Index(
            "ix_inbox_waiting",
            "lane_rank",
            "id",
            postgresql_where=sql("state = 'waiting'"),
        ),
        Index("ix_inbox_leases", "lease_until", postgresql_where=sql("state = 'claimed'")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str = Field(max_length=60, description="Who delivered, e.g. api:<key prefix>.")
    delivery_id: str = Field(max_length=200, description="Unique per source.")
    body_hash: str = Field(max_length=64)
    event: str = Field(max_length=60, description="Trigger name, e.g. repair.requested.")
    business_key: str = Field(max_length=31)
    ordering_key: str = Field(max_length=120, description="Same key: one after another.")
    lane_rank: int = Field(default=1, description="0 urgent, 1 normal, 2 bulk")
    title: str = Field(default="", max_length=120, description="Run name; free of personal data.")
    payload: dict[str, Any] = json()
    answer: dict[str, Any] = json()
    state: str = Field(default="waiting", max_length=10)
    attempts: int = 0
    worker: str | None = Field(default=None, max_length=120)
    lease_until: datetime | None = timestamp(optional=True)
    run_id: UUID | None = None
    last_error: str = long_text(default="")
    accepted_at: datetime = timestamp()
    finished_at: datetime | None = timestamp(optional=True)


class EffectState(StrEnum):
    """What is known about an outward act."""

    CLAIMED = "claimed"
    DONE = "done"
    UNKNOWN = "unknown"


class Effect(SQLModel, table=True):
    """One outward act; its key is made in ``hotrod/keys.py``."""

    __tablename__ = "effects"

    key: str = Field(primary_key=True, max_length=200)
    state: str = Field(max_length=10)
    attempts: int = 1
    outcome: dict[str, Any] = json()
    claimed_at: datetime = timestamp()
    finished_at: datetime | None = timestamp(optional=True)
