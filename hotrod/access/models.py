"""API keys; only their hashes are stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, primary_key, timestamp


class Scope(StrEnum):
    """What a key may do; ADMIN includes all others."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    OPS = "ops"
    ADMIN = "admin"


class ApiKey(SQLModel, table=True):
    """A caller's key: ``hrf_<prefix>_<secret>``, of which the hash and the prefix are kept."""

    __tablename__ = "api_keys"

    id: UUID = primary_key()
    name: str = Field(max_length=80)
    prefix: str = Field(max_length=12, unique=True, description="Shown in lists and logs.")
    secret_hash: str = Field(max_length=64, description="SHA-256 of the whole key.")
    scopes: list[str] = json(default=list)
    business_key: str | None = Field(default=None, foreign_key="businesses.key", max_length=31)
    created_at: datetime = timestamp()
    last_used_at: datetime | None = timestamp(optional=True)
    revoked_at: datetime | None = timestamp(optional=True)
