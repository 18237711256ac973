"""Columns and the types of their values, as PostgreSQL reads and writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from sandbox.body import read_json
from sandbox.supabase.refusals import Refusal, postgrest

Kind = Literal["text", "bigint", "numeric", "boolean", "timestamptz", "jsonb"]
Row = dict[str, Any]

MAX_BIGINT = 2**63 - 1
_MOST_DIGITS = 300
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_NAMES = {"timestamptz": "timestamp with time zone", "jsonb": "json"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column.

    Args:
        name: of it.
        kind: type of its values.
        required: it can't be null.
        default: makes the value of a row that names none.
        references: table and column where each value must be found.
    """

    name: str
    kind: Kind
    required: bool = False
    default: Callable[[], object] | None = None
    references: tuple[str, str] | None = None

    @property
    def type_name(self) -> str:
        """Its type, spelled out."""
        return _NAMES.get(self.kind, self.kind)

    def read(self, given: object) -> Any:  # noqa: ANN401 - of the column's type
        """Return a value that was given as JSON or as text; None: null.

        Raises:
            Refusal: it is none of the type.
        """
        if given is None:
            return None
        if isinstance(given, str) and "\0" in given:
            raise postgrest(400, "22P05", "unsupported Unicode escape sequence")
        try:
            return _READERS[self.kind](given)
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            raise self._misread(given) from None

    def read_text(self, text: str) -> Any:  # noqa: ANN401 - likewise
        """Return a value that was given as text where JSON would be JSON.

        Raises:
            Refusal: it is none of the type.
        """
        if self.kind != "jsonb":
            return self.read(text)
        try:
            return read_json(text.encode())
        except ValueError:
            raise self._misread(text) from None

    def rank(self, value: object) -> Any:  # noqa: ANN401 - of the column's type
        """Return what a value is compared by."""
        return json.dumps(value, sort_keys=True) if self.kind == "jsonb" else value

    def _misread(self, given: object) -> Refusal:
        text = given if isinstance(given, str) else json.dumps(given)
        code = "22007" if self.kind == "timestamptz" else "22P02"
        return postgrest(
            400, code, f'invalid input syntax for type {self.type_name}: "{text[:100]}"'
        )


def show(value: object) -> object:
    """Return a value as JSON holds it."""
    match value:
        case Decimal():
            return float(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


def as_text(value: object) -> str:
    """Return a value as PostgreSQL's messages and ``like`` show it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _text(given: object) -> str:
    return given if isinstance(given, str) else json.dumps(given)


def _bigint(given: object) -> int:
    value = given if isinstance(given, int) and not isinstance(given, bool) else int(_text(given))
    if abs(value) > MAX_BIGINT:
        raise postgrest(400, "22003", "value is out of range for type bigint")
    return value


def _numeric(given: object) -> Decimal:
    if isinstance(given, bool):
        raise TypeError(given)
    value = Decimal(str(given).strip())
    if not value.is_finite():
        raise ValueError(given)
    if value and abs(value.adjusted()) > _MOST_DIGITS:
        raise postgrest(400, "22003", "value overflows numeric format")
    return value


def _boolean(given: object) -> bool:
    word = _text(given).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def _timestamptz(given: object) -> datetime:
    moment = datetime.fromisoformat(_text(given).strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _jsonb(given: object) -> object:
    return given


_READERS: dict[Kind, Callable[[object], object]] = {
    "text": _text,
    "bigint": _bigint,
    "numeric": _numeric,
    "boolean": _boolean,
    "timestamptz": _timestamptz,
    "jsonb": _jsonb,
}
