"""The part of OData that mail lists need: $filter, $orderby, $select, $top, $skip.

A filter is comparisons joined by ``and``; a literal is ``'text'`` (a quote inside is
doubled), ``true``, ``false`` or a time.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

MAX_TOP = 1000
DEFAULT_TOP = 10

_COMPARISON = re.compile(
    r"\s*(?P<field>[A-Za-z/]+)\s+(?P<operator>eq|ne|gt|ge|lt|le)\s+"
    r"(?P<literal>'(?:[^']|'')*'|true|false|\d[\d:TZ.+-]*)\s*(?P<joined>and\b|$)"
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}

Item = Mapping[str, Any]


class QueryError(ValueError):
    """Query options that can't be used; the text says which."""


class Page(NamedTuple):
    """One page of a list, and where the next one starts (None: it was the last)."""

    items: list[Item]
    next_skip: int | None


def query(items: list[Item], options: Mapping[str, str]) -> Page:
    """Filter, sort and cut a list as the options say.

    Raises:
        QueryError: an option is not known or not readable.
    """
    matching = filter_items(items, options.get("$filter", ""))
    if order := options.get("$orderby"):
        matching = _sorted(matching, order)
    skip = _whole_number(options, "$skip", 0)
    top = _whole_number(options, "$top", DEFAULT_TOP)
    if not 1 <= top <= MAX_TOP:
        raise QueryError(f"$top must be between 1 and {MAX_TOP}")
    next_skip = skip + top if skip + top < len(matching) else None
    return Page(matching[skip : skip + top], next_skip)


def filter_items(items: list[Item], expression: str) -> list[Item]:
    """Keep the items for which every comparison of a $filter holds.

    Raises:
        QueryError: the expression can't be read.
    """
    position, expected = 0, bool(expression)
    while expected:
        match = _COMPARISON.match(expression, position)
        if match is None:
            raise QueryError(f"Invalid filter clause at position {position} in $filter.")
        field, compare = match["field"], _OPERATORS[match["operator"]]
        value = _literal(match["literal"])
        try:
            items = [item for item in items if compare(_value(item, field), value)]
        except (KeyError, TypeError) as error:
            raise QueryError(f"'{field}' can't be compared in $filter.") from error
        position, expected = match.end(), match["joined"] == "and"
    return items


def select(item: Item, options: Mapping[str, str]) -> dict[str, Any]:
    """Keep the properties of $select, with the id and annotations; all when it is absent."""
    wanted = {name.strip() for name in options.get("$select", "").split(",") if name.strip()}
    if not wanted:
        return dict(item)
    return {
        name: value
        for name, value in item.items()
        if name in wanted or name == "id" or name.startswith("@")
    }


def _sorted(items: list[Item], order: str) -> list[Item]:
    field, _, direction = order.strip().partition(" ")
    if direction not in {"", "asc", "desc"}:
        raise QueryError("$orderby takes one property, then asc or desc")
    try:
        return sorted(items, key=lambda item: _value(item, field), reverse=direction == "desc")
    except (KeyError, TypeError) as error:
        raise QueryError(f"'{field}' can't be used in $orderby.") from error


def _whole_number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise QueryError(f"{name} must be a whole number")
    return int(text)


def _literal(text: str) -> str | bool:
    if text in {"true", "false"}:
        return text == "true"
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _value(item: Item, path: str) -> Any:  # noqa: ANN401 - any JSON
    value: Any = item
    for name in path.split("/"):
        value = value[name]
    return value
