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
    """Where a delivery stands; DONE, DEAD and DISCARDED are final.

    HELD: an earlier delivery of its ordering key isn't finished. WAITING: may be claimed. CLAIMED:
    a worker has it, or it rests until its lease ends and it is tried again. SUSPENDED: its run
    sleeps until it is resumed. DEAD: given up, ops decide.
    """

    HELD = "held"
    WAITING = "waiting"
    CLAIMED = "claimed"
    SUSPENDED = "suspended"
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
        # What workers look for, one queue per lane, business and process.
        Index(
            "ix_inbox_queues",
            "lane_rank",
            "business_key",
            "event",
            "id",
            postgresql_where=sql("state = 'waiting'"),
        ),
        # One after another: of an ordering key, one delivery at most is at the head.
        Index(
            "ix_inbox_heads",
            "ordering_key",
            unique=True,
            postgresql_where=sql("state IN ('waiting', 'claimed')"),
        ),
        Index("ix_inbox_held", "ordering_key", "id", postgresql_where=sql("state = 'held'")),
        Index("ix_inbox_leases", "lease_until", postgresql_where=sql("state = 'claimed'")),
        Index(
            "ix_inbox_unanswered",
            "lane_rank",
            "business_key",
            "event",
            "id",
            postgresql_where=sql(
                "responded_at IS NULL AND state IN ('held', 'waiting', 'claimed')"
            ),
        ),
        Index("ix_inbox_runs", "run_id", postgresql_where=sql("run_id IS NOT NULL")),
        Index("ix_inbox_suspended", "id", postgresql_where=sql("state = 'suspended'")),
        Index(
            "ix_inbox_finished",
            "state",
            "finished_at",
            postgresql_where=sql("finished_at IS NOT NULL"),
        ),
        Index(
            "ix_inbox_unredacted",
            "finished_at",
            postgresql_where=sql("redacted_at IS NULL AND state IN ('done', 'discarded')"),
        ),
        Index("ix_inbox_untold", "id", postgresql_where=sql("state = 'dead' AND told_at IS NULL")),
        Index("ix_inbox_accepted", "accepted_at", postgresql_using="brin"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str = Field(max_length=60, description="Who delivered, e.g. api:<key prefix>.")
    delivery_id: str = Field(max_length=200, description="Unique per source.")
    body_hash: str = Field(max_length=64)
    event: str = Field(max_length=60, description="What happened, e.g. repair.requested.")
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
    responded_at: datetime | None = timestamp(optional=True)
    response_until: datetime | None = timestamp(optional=True)
    accepted_at: datetime = timestamp()
    finished_at: datetime | None = timestamp(optional=True)
    redacted_at: datetime | None = timestamp(optional=True)
    told_at: datetime | None = timestamp(optional=True)

    @property
    def identity(self) -> int:
        """The id of a row that was read from the database.

        Raises:
            ValueError: it wasn't.
        """
        if self.id is None:
            raise ValueError("a delivery that wasn't read from the inbox")
        return self.id


class EffectState(StrEnum):
    """What is known about an outward act."""

    CLAIMED = "claimed"
    DONE = "done"
    UNKNOWN = "unknown"


class Effect(SQLModel, table=True):
    """One outward act; its key is made in ``hotrod/keys.py``."""

    __tablename__ = "effects"
    __table_args__ = (
        Index("ix_effects_open", "claimed_at", postgresql_where=sql("state <> 'done'")),
    )

    key: str = Field(primary_key=True, max_length=200)
    state: str = Field(max_length=10)
    attempts: int = 1
    outcome: dict[str, Any] = json()
    claimed_at: datetime = timestamp()
    finished_at: datetime | None = timestamp(optional=True)
