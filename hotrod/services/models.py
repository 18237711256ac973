"""What all processes know together of outside services."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Float, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import BigInteger, Field, SQLModel

from hotrod.db.columns import primary_key, timestamp


class ServiceRate(SQLModel, table=True):
    """The calls of an account in the last window, counted in slices of a hundredth of it.

    Changed by the functions of migration 0004 alone; ``limiter`` calls them.
    """

    __tablename__ = "service_rates"

    account: str = Field(primary_key=True, max_length=80)
    usual_calls: int
    usual_seconds: float = Field(sa_type=Float(53))
    calls: int
    seconds: float = Field(sa_type=Float(53))
    slice: int = Field(default=0, sa_type=BigInteger)
    counts: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    not_before: float = Field(default=0, sa_type=Float(53))


class ServiceBreaker(SQLModel, table=True):
    """How the breaker of a service stands; without a row it is closed."""

    __tablename__ = "service_breakers"

    service: str = Field(primary_key=True, max_length=80)
    failures: int
    rest_seconds: float = Field(sa_type=Float(53))
    open_until: float = Field(sa_type=Float(53))
    changed_at: datetime = timestamp()

    def in_words(self) -> str:
        """Say how it stands, for a person."""
        if not self.rest_seconds:
            return f"closed after {self.failures} failures"
        until = datetime.fromtimestamp(self.open_until, UTC).astimezone()
        return f"left alone until {until:%H:%M:%S} after {self.failures} failures"


class ServiceToken(SQLModel, table=True):
    """A token of OAuth 2, sealed with a key that isn't in the database."""

    __tablename__ = "service_tokens"

    account: str = Field(primary_key=True, max_length=80)
    sealed: bytes = Field(sa_type=LargeBinary)
    changed_at: datetime = timestamp()


class IntegrationLog(SQLModel, table=True):
    """One call of a service; nothing of what was said."""

    __tablename__ = "integration_logs"

    id: UUID = primary_key()
    service: str = Field(max_length=80)
    operation: str = Field(max_length=80)
    outcome: str = Field(max_length=80)
    milliseconds: float = Field(sa_type=Float(53))
    attempts: int
    request_id: str = Field(default="", max_length=200)
    at: datetime = timestamp(index=True)


class ApiMetric(SQLModel, table=True):
    """The calls of one operation within a minute that ended alike."""

    __tablename__ = "api_metrics"

    minute: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    service: str = Field(primary_key=True, max_length=80)
    operation: str = Field(primary_key=True, max_length=80)
    outcome: str = Field(primary_key=True, max_length=80)
    calls: int
    attempts: int
    total_milliseconds: float = Field(sa_type=Float(53))
    longest_milliseconds: float = Field(sa_type=Float(53))
