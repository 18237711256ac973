"""PostgREST's horizontal filters: ``stock=gte.3``, ``or=(city.eq.Ottawa,city.is.null)``.

Source: https://docs.postgrest.org/en/v14/references/api/tables_views.html#horizontal-filtering
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.supabase.columns import Column, Row, as_text
from sandbox.supabase.refusals import Refusal, postgrest
from sandbox.supabase.tables import Condition, Table

MAX_DEPTH = 20

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TREE = re.compile(r"(?:(not)\.)?(and|or)\((.*)\)", re.DOTALL)
_FIELD = re.compile(r'("(?:[^"\\]|\\.)*"|[^".,()]+)\.(.*)', re.DOTALL)
_LITERALS = {"null": None, "true": True, "false": False, "unknown": None}


def read_condition(table: Table, parameters: Sequence[tuple[str, str]]) -> Condition:
    """Return which rows a query's parameters mean; all of them must hold.

    Raises:
        Refusal: one can't be read, or names a column that isn't there.
    """
    conditions = []
    for name, text in parameters:
        if name.removeprefix("not.") in ("and", "or"):
            conditions.append(_tree(table, f"{name}{text}", 0))
        else:
            conditions.append(_comparison(table.column(name), text, unquotes=False))
    return _every(conditions)


def _tree(table: Table, text: str, depth: int) -> Condition:
    found = _TREE.fullmatch(text)
    if found is None and depth > 0:
        return _leaf(table, text)
    if found is None or depth > MAX_DEPTH:
        raise _unreadable("logic tree", text)
    parts = [_tree(table, part.strip(), depth + 1) for part in split(found[3])]
    if not parts:
        raise _unreadable("logic tree", text)
    together = _every(parts) if found[2] == "and" else _any(parts)
    return _not(together) if found[1] else together


def _leaf(table: Table, text: str) -> Condition:
    found = _FIELD.fullmatch(text)
    if not found:
        raise _unreadable("logic tree", text)
    return _comparison(table.column(unquote(found[1])), found[2], unquotes=True)


def _comparison(column: Column, text: str, *, unquotes: bool) -> Condition:
    negated = text.startswith("not.")
    word, dot, value = text.removeprefix("not.").partition(".")
    if not dot:
        raise _unreadable("filter", text)
    condition = _operation(column, word, unquote(value) if unquotes else value, text)
    return _not(condition) if negated else condition


def _operation(column: Column, word: str, value: str, text: str) -> Condition:
    name = column.name
    if word in _COMPARISONS:
        compare, given = _COMPARISONS[word], column.rank(column.read_text(value))
        return lambda row: None if row[name] is None else compare(column.rank(row[name]), given)
    if word in ("like", "ilike"):
        pattern = _pattern(value.replace("*", "%"), ignores_case=word == "ilike")
        return lambda row: (
            None if row[name] is None else bool(pattern.fullmatch(as_text(row[name])))
        )
    if word == "in" and value.startswith("(") and value.endswith(")"):
        listed = [column.rank(column.read_text(unquote(part))) for part in split(value[1:-1])]
        return lambda row: None if row[name] is None else column.rank(row[name]) in listed
    if word == "is" and value.lower() in {*_LITERALS, "not_null"}:
        if value.lower() == "not_null":
            return lambda row: row[name] is not None
        literal = _LITERALS[value.lower()]
        return lambda row: row[name] is literal
    raise _unreadable("filter", text)


def _pattern(like: str, *, ignores_case: bool) -> re.Pattern[str]:
    r"""Turn a pattern of LIKE into a regular expression that never backtracks far.

    ``%`` is any text, ``_`` any character, ``\`` takes the next one as it is.
    """
    runs = [""]
    for found in re.finditer(r"\\(.)|(%)|(_)|([^\\%_]+|\\)", like, re.DOTALL):
        if found[2]:
            runs.append("")
        elif found[3]:
            runs[-1] += "."
        else:
            runs[-1] += re.escape(found[1] or found[4])
    first, *rest = runs
    if rest:
        *middle, last = rest
        first += "".join(f"(?>.*?{run})" for run in middle if run) + f".*{last}"
    return re.compile(first, re.DOTALL | (re.IGNORECASE if ignores_case else 0))


def split(text: str) -> list[str]:
    """Split at the commas that stand in no quotes and no parentheses."""
    parts, depth, in_quotes, escaped, begin = [], 0, False, False, 0
    for place, letter in enumerate(text):
        if escaped:
            escaped = False
        elif in_quotes and letter == "\\":
            escaped = True
        elif letter == '"':
            in_quotes = not in_quotes
        elif not in_quotes:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                parts.append(text[begin:place])
                begin = place + 1
    return [*parts, text[begin:]] if text else []


def unquote(text: str) -> str:
    """Return what stands in double quotes; a text without them as it is."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text


def _every(conditions: Sequence[Condition]) -> Condition:
    def holds(row: Row) -> bool | None:
        found = [condition(row) for condition in conditions]
        return False if False in found else None if None in found else True

    return holds


def _any(conditions: Sequence[Condition]) -> Condition:
    return _not(_every([_not(condition) for condition in conditions]))


def _not(condition: Condition) -> Condition:
    def holds(row: Row) -> bool | None:
        found = condition(row)
        return None if found is None else not found

    return holds


def _unreadable(what: str, text: str) -> Refusal:
    return postgrest(
        400,
        "PGRST100",
        f'"failed to parse {what} ({text[:100]})" (line 1, column 1)',
        "It has no operator that this stand-in knows: eq, neq, gt, gte, lt, lte, like, ilike, "
        "in, is; and, or, not.",
    )
