"""The column types that all tables share: ids, times in UTC, money, JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import DateTime, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def primary_key() -> Any:  # noqa: ANN401 - a Field stands in for any type
    """Return a random id that tells nothing about its row."""
    return Field(default_factory=uuid4, primary_key=True)


def timestamp(*, optional: bool = False, index: bool = False) -> Any:  # noqa: ANN401
    """Return a moment with time zone; the present by default, NULL when optional."""
    timezone_aware: Any = DateTime(timezone=True)
    if optional:
        return Field(default=None, sa_type=timezone_aware, nullable=True, index=index)
    return Field(default_factory=now, sa_type=timezone_aware, nullable=False, index=index)


def money(*, default: Any = ...) -> Any:  # noqa: ANN401
    """Return an amount with two decimals, up to 10 digits; its currency is a column beside it."""
    amount: Any = Numeric(12, 2)
    return Field(default=default, sa_type=amount)


def json(*, default: type[list[Any] | dict[str, Any]] = dict) -> Any:  # noqa: ANN401
    """Return a JSON document."""
    document: Any = JSONB
    return Field(default_factory=default, sa_type=document, nullable=False)


def long_text(*, default: Any = ...) -> Any:  # noqa: ANN401
    """Return text of any length."""
    long: Any = Text
    return Field(default=default, sa_type=long)
