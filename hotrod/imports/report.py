"""What an import did, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from hotrod.errors import InvalidInputError


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


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Return what is wrong with a row's values."""
    return tuple(
        Problem(
            field=str(row["loc"][0]) if row["loc"] else "row",
            reason=f"{row['msg'].removeprefix('Value error, ')}.",
            cure="It is empty: fill it in." if row["type"] == "missing" else "Put it right.",
        )
        for row in error.errors()
    )


def _written(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value))
    return "" if value is None else str(value)
