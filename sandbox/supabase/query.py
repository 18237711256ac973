"""What a request to PostgREST asks for besides its filters: columns, order, range, preferences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from starlette.datastructures import Headers, QueryParams

from sandbox.supabase.columns import Row, show
from sandbox.supabase.filters import read_condition, split, unquote
from sandbox.supabase.refusals import Refusal, postgrest
from sandbox.supabase.tables import Condition, Table

MAX_ROWS = 1000
"""Rows of an answer at most, whatever was asked for; the setting "Max rows" of a new project."""

RESERVED = frozenset({"select", "order", "limit", "offset", "on_conflict", "columns", "apikey"})
_RANGE = re.compile(r"(\d{1,18})-(\d{0,18})")
_SELECTED = re.compile(r'(?:([\w ]+):)?(\*|"[^"]+"|[^":()]+)')
_ORDER = re.compile(r"([^.]+)(?:\.(asc|desc))?(?:\.(nullsfirst|nullslast))?")


class Window(NamedTuple):
    """Which of the rows found are answered: ``limit`` of them, after ``offset``."""

    offset: int
    limit: int


@dataclass(frozen=True)
class Preferences:
    """The preferences that are honored; the header ``Prefer``."""

    returns: Literal["minimal", "headers-only", "representation"] = "minimal"
    counts: bool = False
    merges: bool | None = None
    fills_in: bool = False
    applied: tuple[str, ...] = ()


_PREFERENCES: dict[str, dict[str, object]] = {
    "return=minimal": {"returns": "minimal"},
    "return=headers-only": {"returns": "headers-only"},
    "return=representation": {"returns": "representation"},
    "count=exact": {"counts": True},
    "count=planned": {"counts": True},
    "count=estimated": {"counts": True},
    "resolution=merge-duplicates": {"merges": True},
    "resolution=ignore-duplicates": {"merges": False},
    "missing=default": {"fills_in": True},
    "missing=null": {"fills_in": False},
}


def read_preferences(headers: Headers) -> Preferences:
    """Return the preferences of a request; unknown ones are left out."""
    named = [part.strip() for line in headers.getlist("prefer") for part in line.split(",")]
    honored = tuple(one for one in named if one in _PREFERENCES)
    wanted: dict[str, object] = {}
    for one in honored:
        wanted |= _PREFERENCES[one]
    return Preferences(**wanted, applied=honored)  # type: ignore[arg-type]


def filters(table: Table, query: QueryParams) -> tuple[bool, Condition]:
    """Return whether there are filters, and which rows they mean."""
    parameters = [(name, text) for name, text in query.multi_items() if name not in RESERVED]
    return bool(parameters), read_condition(table, parameters)


def window(query: QueryParams, headers: Headers) -> Window:
    """Return the range that is asked for, by parameters or by the header ``Range``.

    Raises:
        Refusal: there is no such range.
    """
    offset, limit = _number(query, "offset", 0), _number(query, "limit", MAX_ROWS)
    if not {"offset", "limit"} & query.keys() and (
        found := _RANGE.fullmatch(headers.get("range", "").removeprefix("items="))
    ):
        offset = int(found[1])
        limit = int(found[2]) - offset + 1 if found[2] else MAX_ROWS
        if limit < 1:
            raise _no_range(
                "The lower boundary must be lower than or equal to the upper boundary in the "
                "Range header."
            )
    if limit < 0 or offset < 0:
        raise _no_range("Limit should be greater than or equal to zero.")
    return Window(offset, min(limit, MAX_ROWS))


def _number(query: QueryParams, name: str, otherwise: int) -> int:
    text = query.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"-?\d{1,18}", text):
        message = f'"failed to parse {name} parameter ({text[:100]})" (line 1, column 1)'
        raise postgrest(400, "PGRST100", message, "unexpected characters, expecting an integer")
    return int(text)


def _no_range(details: str) -> Refusal:
    return postgrest(416, "PGRST103", "Requested range not satisfiable", details)


def content_range(span: Window, given: int, total: int | None) -> str:
    """Return the header ``Content-Range``: which rows are answered, of how many.

    Raises:
        Refusal: the range begins behind the last row, which is known only when rows are counted.
    """
    if total is not None and span.offset > total:
        raise _no_range(
            f"An offset of {span.offset} was requested, but there are only {total} rows."
        )
    rows = f"{span.offset}-{span.offset + given - 1}" if given else "*"
    return f"{rows}/{'*' if total is None else total}"


def ordered(table: Table, rows: Sequence[Row], query: QueryParams) -> list[Row]:
    """Return rows in the order that is asked for; without one, as they came.

    Raises:
        Refusal: the order can't be read, or names a column that isn't there.
    """
    found = list(rows)
    for part in reversed([part for part in query.get("order", "").split(",") if part]):
        wanted = _ORDER.fullmatch(part.strip())
        if not wanted:
            message = f'"failed to parse order ({part[:100]})" (line 1, column 1)'
            raise postgrest(400, "PGRST100", message, "expecting asc, desc, nullsfirst, nullslast")
        column, descends = table.column(unquote(wanted[1])), wanted[2] == "desc"
        name = column.name
        nulls_first = wanted[3] == "nullsfirst" if wanted[3] else descends
        nulls = [row for row in found if row[name] is None]
        rest = sorted(
            (row for row in found if row[name] is not None),
            key=lambda row, by=column: by.rank(row[by.name]),
            reverse=descends,
        )
        found = nulls + rest if nulls_first else rest + nulls
    return found


def selected(table: Table, query: QueryParams) -> list[tuple[str, str]]:
    """Return the columns that are asked for, each with the name that it has in the answer.

    Raises:
        Refusal: they can't be read, aren't there, or are of another table.
    """
    chosen: dict[str, str] = {}
    for part in split(query.get("select", "*")):
        if "(" in part:
            text = f"Could not find a relationship between '{table.name}' and '{part[:100]}' in "
            raise postgrest(400, "PGRST200", f"{text}the schema cache")
        found = _SELECTED.fullmatch(part.strip())
        if not found:
            message = f'"failed to parse select parameter ({part[:100]})" (line 1, column 1)'
            raise postgrest(400, "PGRST100", message)
        if found[2] == "*":
            chosen |= {name: name for name in table.columns}
        else:
            name = table.column(unquote(found[2])).name
            chosen[found[1] or name] = name
    return list(chosen.items())


def shown(rows: Sequence[Row], columns: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
    """Return rows as JSON holds them."""
    return [{alias: show(row[name]) for alias, name in columns} for row in rows]
