"""What an import did, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from hotrod.errors import InvalidInputError

_EMPTY = ("it is missing.", "Fill in the column {field}, or add it.")
_CHOICE = ("it isn't one of {expected}.", "Choose one of them.")
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": _EMPTY,
    "too_short": _EMPTY,
    "string_too_short": _EMPTY,
    "string_too_long": ("it is longer than {max_length} characters.", "Shorten it."),
    "string_pattern_mismatch": ("{value!r} isn't one.", "Write {form}"),
    "greater_than": ("it isn't above {gt}.", "Write a larger number."),
    "greater_than_equal": ("it is below {ge}.", "Write {ge} or more."),
    "less_than_equal": ("it is above {le}.", "Write {le} or less."),
    "decimal_max_digits": ("it has more than {max_digits} digits.", "Round it."),
    "decimal_max_places": ("it has more than {decimal_places} decimals.", "Round it."),
    "decimal_whole_digits": ("it has more than {whole_digits} digits.", "Write a smaller number."),
    "literal_error": _CHOICE,
    "enum": _CHOICE,
}
"""What is wrong with a value, and what to do, by Pydantic's name for it."""
_COLUMNS = {"prices": "price"}
"""Fields whose column is named otherwise."""


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Value):
    """A field that was something else before."""

    field: str
    before: str
    after: str


class Problem(_Value):
    """Why a row is refused, and what to do about it."""

    field: str
    reason: str
    cure: str

    @classmethod
    def of(cls, error: InvalidInputError) -> Problem:
        """Return what an error says."""
        return cls(field=error.field, reason=error.reason, cure=error.cure)


class RowReport(_Value):
    """What became of one row; ``number`` is that of the spreadsheet program."""

    number: int
    key: str
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    became_low: bool = False


class ImportReport(_Value):
    """What became of a file; all its good rows were written, or none if it was a dry run."""

    file: str
    what: str
    is_dry_run: bool
    rows: tuple[RowReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows had each outcome."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in Outcome}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the fields whose values differ, as a reader would write them."""
    return tuple(
        Change(field=field, before=_written(before[field]), after=_written(value))
        for field, value in after.items()
        if before[field] != value
    )


def problems_of(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Return what is wrong with a row's values, in the words of whoever filled it in.

    Args:
        error: of the row.
        model: that refused it; a field's description says how one with a pattern is written.
    """
    return tuple(_problem(row, model) for row in error.errors())


def _problem(row: ErrorDetails, model: type[BaseModel]) -> Problem:
    name = str(row["loc"][0]) if row["loc"] else "row"
    field = _COLUMNS.get(name, name)
    told = f"{row['msg'].removeprefix('Value error, ')}."
    reason, cure = _WORDS.get(row["type"], ("{told}", "Put it right."))
    form = model.model_fields[name].description if name in model.model_fields else ""
    words = {"field": field, "told": told, "value": row["input"], "form": form}
    words |= row.get("ctx", {})
    return Problem(field=field, reason=reason.format_map(words), cure=cure.format_map(words))


def _written(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value))
    return "" if value is None else str(value)
