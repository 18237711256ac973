"""Watches: saved searches that look for listings, what they saw, and the calls they cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, money, primary_key, timestamp


class WatchKind(StrEnum):
    """What a watch waits for.

    NEW_LISTING: something is put up for sale. PRICE_BELOW: it costs no more than a limit at the
    door. ENDING_AUCTION: an auction is about to end.
    """

    NEW_LISTING = "new_listing"
    PRICE_BELOW = "price_below"
    ENDING_AUCTION = "ending_auction"


class News(StrEnum):
    """Why somebody is told of a listing."""

    NEW_LISTING = "new listing"
    RELISTED = "relisted"
    PRICE_FELL = "price fell"
    ENDING = "auction ending"


class Watch(SQLModel, table=True):
    """A saved search, how often it wants to look, and who is told what it finds.

    It looks for a part of ours or for words. ``recipient`` is the key of a manager or technician;
    empty: ops. ``asked_at`` is its last call, ``looked_at`` the last that was answered;
    ``retry_at`` is set while calls fail, and goes before its interval.
    """

    __tablename__ = "watches"
    __table_args__ = (
        CheckConstraint("(part_id IS NULL) <> (words = '')", name="part_or_words"),
        CheckConstraint("kind <> 'price_below' OR at_most IS NOT NULL", name="price_has_limit"),
        CheckConstraint("by_mail OR by_slack", name="told_somehow"),
        CheckConstraint("wanted_minutes > 0 AND priority BETWEEN 1 AND 9", name="can_be_planned"),
    )

    id: UUID = primary_key()
    name: str = Field(max_length=80, unique=True)
    kind: str = Field(max_length=14)
    business_key: str = Field(max_length=31)
    part_id: UUID | None = Field(default=None, foreign_key="parts.id", index=True)
    words: str = Field(default="", max_length=100, description="eBay counts no more of them.")
    conditions: list[str] = json(default=list)
    at_most: Decimal | None = money(default=None)
    currency: str = Field(max_length=3, description="The company's.")
    sellers: list[str] = json(default=list)
    region: str = Field(default="", max_length=2, description="Country where the item is.")
    recipient: str = Field(default="", max_length=31)
    by_mail: bool = True
    by_slack: bool = False
    wanted_minutes: int
    priority: int = 1
    active: bool = True
    asked_at: datetime | None = timestamp(optional=True)
    looked_at: datetime | None = timestamp(optional=True)
    retry_at: datetime | None = timestamp(optional=True)
    error: str = long_text(default="")
    created_at: datetime = timestamp()
    created_by: str = Field(max_length=120)


class WatchSighting(SQLModel, table=True):
    """A listing that a watch has seen. Its news is told while ``told_at`` is unset.

    ``price`` is of one piece at the door, in the watch's currency; unset: it can't be told.
    ``matched`` says whether it was within the watch's limit when it was last looked for.
    """

    __tablename__ = "watch_sightings"
    __table_args__ = (
        UniqueConstraint("watch_id", "reference"),
        Index("ix_watch_sightings_watch_id_title", "watch_id", "title"),
        Index(
            "ix_watch_sightings_untold",
            "digest_id",
            postgresql_where=sql("news <> '' AND told_at IS NULL"),
        ),
    )

    id: UUID = primary_key()
    watch_id: UUID = Field(foreign_key="watches.id", ondelete="CASCADE")
    reference: str = Field(max_length=120, description="The item's id at eBay.")
    title: str = Field(max_length=300)
    seller: str = Field(max_length=120)
    url: str = Field(max_length=2000)
    price: Decimal | None = money(default=None)
    matched: bool
    ends_at: datetime | None = timestamp(optional=True)
    first_seen_at: datetime = timestamp()
    last_seen_at: datetime = timestamp()
    news: str = Field(default="", max_length=20, description="Empty: nobody is told of it.")
    news_at: datetime | None = timestamp(optional=True)
    digest_id: UUID | None = Field(default=None, description="The message that tells of it.")
    told_at: datetime | None = timestamp(optional=True)


class WatchCall(SQLModel, table=True):
    """A call that a watch was allowed; it counts after its watch is removed, too."""

    __tablename__ = "watch_calls"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    watch_id: UUID | None = Field(foreign_key="watches.id", ondelete="SET NULL", index=True)
    at: datetime = timestamp(index=True)
