"""Read the rows of a sheet by its columns, and say of each what can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import process

from hotrod.errors import InvalidInputError
from hotrod.imports.cells import Mark
from hotrod.imports.report import Outcome, Problem, RowReport
from hotrod.imports.sheets import Cell, Sheet, SheetRow

Reader = Callable[[Cell, str], Any]

MARKS: Mapping[str, Mark] = {"comma": ",", "dot": "."}
_ALIKE = 75


@dataclass(frozen=True)
class ReadRow:
    """A row's values, of the cells that aren't empty, and what is wrong with others."""

    number: int
    key: str
    values: Mapping[str, Any]
    problems: tuple[Problem, ...]

    def refused(self, *problems: Problem) -> RowReport:
        """Return the report of a row that isn't taken."""
        return RowReport(
            number=self.number,
            key=self.key,
            outcome=Outcome.REFUSED,
            problems=self.problems + problems,
        )


def read_rows(sheet: Sheet, readers: Mapping[str, Reader], key: str) -> list[ReadRow]:
    """Return the rows with their values; the second of two with the same key has a problem.

    Args:
        sheet: of the file.
        readers: how to read each column.
        key: the column that names a row.

    Raises:
        InvalidInputError: the column that names a row is missing.
    """
    if key not in sheet.columns:
        raise InvalidInputError(
            "columns",
            f"there is no {key!r} among {', '.join(sheet.columns)}.",
            "Name the column so in the first row.",
        )
    return list(_once_each([_read(row, readers, key) for row in sheet.rows], key))


def unread_columns(sheet: Sheet, known: Iterable[str]) -> list[str]:
    """Return a note for each column that isn't read, with the one that was probably meant."""
    notes = []
    names = list(known)
    for column in sheet.columns:
        if column not in names:
            near = process.extract(column, names, limit=1, score_cutoff=_ALIKE)
            meant = "".join(f"; did you mean {name}?" for name, _, _ in near)
            notes.append(f"The column {column} isn't read{meant or '.'}")
    if sheet.other_sheets:
        notes.append(f"Other sheets aren't read: {', '.join(sheet.other_sheets)}.")
    return notes


def _read(row: SheetRow, readers: Mapping[str, Reader], key: str) -> ReadRow:
    values: dict[str, Any] = {}
    problems = []
    for column, reader in readers.items():
        if column in row.cells:
            try:
                values[column] = reader(row.cells[column], column)
            except InvalidInputError as error:
                problems.append(Problem.of(error))
    if key not in row.cells:
        problems.append(Problem(field=key, reason="it is empty.", cure="Fill it in."))
    if row.has_more:
        problems.append(
            Problem(
                field="row",
                reason="it has cells beyond the named columns.",
                cure="Name their column, or quote the value that holds a separator.",
            )
        )
    return ReadRow(row.number, str(values.get(key, "")), values, tuple(problems))


def _once_each(rows: Sequence[ReadRow], key: str) -> Iterator[ReadRow]:
    first: dict[str, int] = {}
    for row in rows:
        if row.problems or first.setdefault(row.key, row.number) == row.number:
            yield row
        else:
            again = Problem(
                field=key,
                reason=f"{row.key} stands in row {first[row.key]} already.",
                cure="Remove one of the rows.",
            )
            yield ReadRow(row.number, row.key, row.values, (again,))
