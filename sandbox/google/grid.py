"""Sheets of a spreadsheet: cells, and ranges in A1 notation. Formulas are kept, not computed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

Cell = str | int | float | bool | None
"""What a cell holds; None and the empty text: nothing."""

Rows = list[list[Cell]]

_CORNER = re.compile(r"(?:([A-Z]{1,3})([1-9]\d{0,6})?|([1-9]\d{0,6}))")
_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?")


class RangeError(ValueError):
    """A range that can't be read, or lies outside of the sheet."""


@dataclass(frozen=True)
class Sheet:
    """One sheet, with a grid that is larger than what is filled."""

    title: str
    rows: tuple[tuple[Cell, ...], ...] = ()
    sheet_id: int = 0
    row_count: int = 1000
    column_count: int = 26

    def put(self, top: int, left: int, values: Sequence[Sequence[Cell]]) -> Sheet:
        """Return the sheet with values written from a corner on; None leaves a cell as it is."""
        bottom = max(len(self.rows), top + len(values))
        right = max([len(row) for row in self.rows] + [left + len(row) for row in values] + [0])
        grid = [[*row, *[None] * (right - len(row))] for row in self.rows]
        grid += [[None] * right for _ in range(bottom - len(grid))]
        for down, row in enumerate(values):
            for across, cell in enumerate(row):
                if cell is not None:
                    grid[top + down][left + across] = None if cell == "" else cell
        return replace(
            self,
            rows=tuple(tuple(row) for row in trimmed(grid)),
            row_count=max(self.row_count, bottom),
        )


@dataclass(frozen=True)
class Area:
    """A rectangle of a sheet, counted from 0; the ends are not part of it."""

    sheet: Sheet
    top: int
    left: int
    bottom: int
    right: int
    is_one_cell: bool = field(default=False, compare=False)

    def values(self) -> Rows:
        """Return what is in it, without the empty end of rows and of the whole."""
        return trimmed([list(row[self.left : self.right]) for row in self._rows()])

    def _rows(self) -> tuple[tuple[Cell, ...], ...]:
        return self.sheet.rows[self.top : self.bottom]

    def __str__(self) -> str:
        first = f"{letters(self.left)}{self.top + 1}"
        last = f"{letters(self.right - 1)}{self.bottom}"
        return f"{quoted(self.sheet.title)}!{first}" + ("" if first == last else f":{last}")


def find_table(area: Area) -> Area | None:
    """Return the last table that reaches into an area: rows with something in them, no gap."""
    tables: list[Area] = []
    for place, row in enumerate(area.sheet.rows):
        filled = [across for across, cell in enumerate(row) if cell not in (None, "")]
        if not filled:
            continue
        here = Area(area.sheet, place, filled[0], place + 1, filled[-1] + 1)
        if tables and tables[-1].bottom == place:
            here = _joined(tables.pop(), here)
        tables.append(here)
    reached = [one for one in tables if one.top < area.bottom and area.top < one.bottom]
    return reached[-1] if reached else None


def find_area(sheets: Sequence[Sheet], text: str) -> Area:
    """Read a range: ``Sheet!A1:B2``, ``A2:C``, ``2:3``, or the title of a sheet.

    Raises:
        RangeError: it can't be read, or is outside of the grid.
    """
    title, bang, corners = text.rpartition("!")
    by_title = {sheet.title: sheet for sheet in sheets}
    if not bang and _unquoted(text) in by_title:
        return _whole(by_title[_unquoted(text)])
    sheet = by_title.get(_unquoted(title)) if bang else next(iter(sheets), None)
    first, colon, last = corners.upper().replace("$", "").partition(":")
    begin, end = _CORNER.fullmatch(first), _CORNER.fullmatch(last if colon else first)
    if sheet is None or begin is None or end is None:
        raise RangeError(f"Unable to parse range: {text[:100]}")
    if not colon and not (begin[1] and begin[2]):
        raise RangeError(f"Unable to parse range: {text[:100]}")
    top, left = _place(begin, 0, 0)
    bottom, right = _place(end, sheet.row_count - 1, sheet.column_count - 1)
    top, bottom = sorted((top, bottom))
    left, right = sorted((left, right))
    if bottom >= sheet.row_count or right >= sheet.column_count:
        raise RangeError(
            f"Range ({text[:100]}) exceeds grid limits. Max rows: {sheet.row_count}, "
            f"max columns: {sheet.column_count}"
        )
    return Area(sheet, top, left, bottom + 1, right + 1, is_one_cell=not colon)


def entered(value: Cell) -> Cell:
    """Read a value as if a person had typed it (``USER_ENTERED``): numbers and booleans."""
    if not isinstance(value, str):
        return value
    if value.upper() in ("TRUE", "FALSE"):
        return value.upper() == "TRUE"
    if _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def formatted(value: Cell) -> Cell:
    """Write a value as a person sees it (``FORMATTED_VALUE``)."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return f"{value:.10g}"
        case _:
            return str(value)


def trimmed(rows: Sequence[Sequence[Cell]]) -> Rows:
    """Return rows without empty cells at their ends, and without empty rows at the end."""
    kept: Rows = []
    for row in rows:
        filled = max(
            (place + 1 for place, cell in enumerate(row) if cell not in (None, "")), default=0
        )
        kept.append(list(row[:filled]))
    while kept and not kept[-1]:
        kept.pop()
    return kept


def letters(column: int) -> str:
    """Name a column: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def quoted(title: str) -> str:
    """Write a sheet's title as ranges do."""
    if _PLAIN_TITLE.fullmatch(title):
        return title
    escaped = title.replace("'", "''")
    return f"'{escaped}'"


def _unquoted(title: str) -> str:
    if len(title) > 1 and title[0] == title[-1] == "'":
        return title[1:-1].replace("''", "'")
    return title


def _joined(one: Area, other: Area) -> Area:
    left, right = min(one.left, other.left), max(one.right, other.right)
    return Area(one.sheet, one.top, left, other.bottom, right)


def _whole(sheet: Sheet) -> Area:
    return Area(sheet, 0, 0, sheet.row_count, sheet.column_count)


def _place(corner: re.Match[str], row: int, column: int) -> tuple[int, int]:
    """Return row and column of a corner; where it names none, the ones given."""
    number = corner[2] or corner[3]
    if number:
        row = int(number) - 1
    if corner[1]:
        column = 0
        for letter in corner[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        column -= 1
    return row, column
