"""Demand month by month from single uses, and uses from a CSV file."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hotrod.errors import InvalidInputError
from hotrod.forecast.models import Series

COLUMNS = ("part", "period", "quantity")

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_LONGEST_NAME = 120
_LARGEST_QUANTITY = 1e9
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUANTITY = re.compile(r"\d+(\.\d+)?", re.ASCII)


class Use(NamedTuple):
    """So many units of a part were asked for within the month in which ``day`` is."""

    part: str
    day: date
    quantity: float


class BadRow(NamedTuple):
    """A row that was left out; ``line`` is its last line in the file, counted from 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class DemandFile:
    """What a file says: the uses, and the rows that say nothing."""

    uses: list[Use]
    left_out: list[BadRow]


def monthly_demand(uses: Iterable[Use]) -> dict[str, Series]:
    """Return each part's demand from the first month of all uses to the last, by part.

    Uses of a month are added up; a month without any is 0.
    """
    import pandas as pd

    frame = pd.DataFrame(uses, columns=Use._fields)
    if frame.empty:
        return {}
    frame["month"] = pd.PeriodIndex(pd.to_datetime(frame.pop("day")), freq="M")
    table = frame.pivot_table(index="part", columns="month", values="quantity", aggfunc="sum")
    months = pd.period_range(table.columns.min(), table.columns.max())
    table = table.reindex(columns=months).fillna(0.0)
    return dict(zip(table.index, table.to_numpy(dtype=np.float64), strict=True))


def read_demand(file: Path, today: date) -> DemandFile:
    """Read a CSV file with the columns part, period and quantity, in any order.

    A period is a month (``2025-01``) or a day (``2025-01-31``), which counts in its month. Rows
    that can't be used are left out and told. A byte order mark is skipped; other columns are not
    looked at.

    Args:
        file: to be read.
        today: rows of a later month than its own can't be used.

    Raises:
        InvalidInputError: the file can't be read, is no CSV in UTF-8, lacks a column, or has no
            row below its heading.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _read(lines, today)
    except OSError as error:
        reason = f"it can't be read: {error.strerror}."
        raise InvalidInputError(str(file), reason, "Name a file that is there.") from None
    except UnicodeDecodeError:
        raise InvalidInputError(str(file), "it is not UTF-8.", "Save it as UTF-8.") from None


def _read(lines: Iterable[str], today: date) -> DemandFile:
    reader = csv.reader(lines, strict=True)
    rows = _rows(reader)
    header = [name.strip().lower() for name in next(rows, [])]
    places = [header.index(name) for name in COLUMNS if header.count(name) == 1]
    if len(places) < len(COLUMNS):
        raise InvalidInputError(
            "line 1",
            f"it is no heading with each of {', '.join(COLUMNS)} once.",
            f"Begin the file with the line {','.join(COLUMNS)}.",
        )
    uses: list[Use] = []
    left_out: list[BadRow] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        try:
            uses.append(_use(*_cells(row, len(header), places), today=today))
        except ValueError as error:
            left_out.append(BadRow(reader.line_num, str(error)))
    if not uses and not left_out:
        raise InvalidInputError(
            "line 1",
            "there is no row below the heading.",
            f"Add a row for each month and part: {','.join(COLUMNS)}.",
        )
    return DemandFile(uses, left_out)


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        line = getattr(reader, "line_num", 0)
        cure = "Close its quotes, or save the file as CSV with commas."
        raise InvalidInputError(f"line {line}", f"it is no CSV: {error}.", cure) from None


def _cells(row: Sequence[str], width: int, places: Sequence[int]) -> list[str]:
    if len(row) != width:
        raise ValueError(f"it has {len(row)} cells, the heading has {width}")
    return [row[place].strip() for place in places]


def _use(part: str, period: str, quantity: str, *, today: date) -> Use:
    if not part or len(part) > _LONGEST_NAME or not part.isprintable():
        raise ValueError(f"its part is not a name of 1 to {_LONGEST_NAME} printable characters")
    return Use(part, _day(period, today), _units(quantity))


def _day(period: str, today: date) -> date:
    month = _MONTH.fullmatch(period)
    try:
        day = date.fromisoformat(f"{period}-01" if month else period)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(
            f"its period {period!r} is no month like 2025-01 and no day like 2025-01-31, "
            f"from {_FIRST_YEAR} to {_LAST_YEAR}"
        )
    if (day.year, day.month) > (today.year, today.month):
        raise ValueError(
            f"its period {period!r} is later than this month, {today:%Y-%m}; correct its date"
        )
    return day


def _units(quantity: str) -> float:
    units = float(quantity) if _QUANTITY.fullmatch(quantity) else math.nan
    if not units <= _LARGEST_QUANTITY:
        raise ValueError(
            f"its quantity {quantity!r} is no number like 3 or 0.5, up to {_LARGEST_QUANTITY:.0f}"
        )
    return units
