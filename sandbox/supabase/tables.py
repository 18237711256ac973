"""Tables in memory, with the constraints that PostgreSQL would hold them to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.supabase.columns import Column, Row, as_text
from sandbox.supabase.refusals import Refusal, postgrest

Condition = Callable[[Row], bool | None]
"""Whether a row is meant; None: unknown, as null leaves it."""


class Conflict(NamedTuple):
    """What an insert does where a row is there already: merge into it, or leave it alone."""

    columns: tuple[str, ...]
    merges: bool


class Saved(NamedTuple):
    """The rows that an insert stored, and whether any of them is new."""

    rows: list[Row]
    has_new: bool


@dataclass
class Table:
    """A table.

    Args:
        name: of it.
        columns: by name, in order.
        key: columns of the primary key.
        unique: columns of each further unique constraint.
        rows: in the order in which they came.
    """

    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._serial = itertools.count(1)

    @property
    def constraints(self) -> dict[tuple[str, ...], str]:
        """Names of the unique constraints, by their columns."""
        more = {columns: f"{self.name}_{'_'.join(columns)}_key" for columns in self.unique}
        return {self.key: f"{self.name}_pkey", **more}

    def column(self, name: str) -> Column:
        """Return a column.

        Raises:
            Refusal: there is none of that name.
        """
        if name not in self.columns:
            raise postgrest(400, "42703", f"column {self.name}.{name} does not exist")
        return self.columns[name]

    def find(self, condition: Condition) -> list[Row]:
        """Return the rows that are meant."""
        return [row for row in self.rows if condition(row)]

    def whole(self, given: Mapping[str, object]) -> Row:
        """Return a row with its defaults."""
        row = dict.fromkeys(self.columns) | dict(given)
        for column in self.columns.values():
            if column.name not in given and column.default is not None:
                row[column.name] = column.default()
        if self.key == ("id",) and row["id"] is None and "id" not in given:
            row["id"] = next(self._serial)
        return row

    def check(self, row: Row) -> None:
        """Look for nulls where there can't be any.

        Raises:
            Refusal: there is one.
        """
        for name, column in self.columns.items():
            if row[name] is None and (column.required or name in self.key):
                shown = ", ".join(as_text(value) for value in row.values())
                raise postgrest(
                    400,
                    "23502",
                    f'null value in column "{name}" of relation "{self.name}" '
                    "violates not-null constraint",
                    f"Failing row contains ({shown}).",
                )

    def check_unique(self, rows: Iterable[Row]) -> None:
        """Look for rows that are there twice by a unique constraint.

        Raises:
            Refusal: there are some.
        """
        rows = list(rows)
        for columns, name in self.constraints.items():
            seen = set()
            for row in rows:
                values = _values(row, columns)
                if None in values:
                    continue
                if values in seen:
                    raise postgrest(
                        409,
                        "23505",
                        f'duplicate key value violates unique constraint "{name}"',
                        f"Key ({', '.join(columns)})=({_shown(row, columns)}) already exists.",
                    )
                seen.add(values)

    def inserted(self, given: Sequence[Row], conflict: Conflict | None) -> tuple[list[Row], Saved]:
        """Return all rows as they are after an insert, and those that it stores."""
        rows = list(self.rows)
        if conflict and conflict.columns not in self.constraints:
            raise postgrest(
                400,
                "42P10",
                "there is no unique or exclusion constraint matching the ON CONFLICT specification",
            )
        by = conflict.columns if conflict else ()
        places = {_values(row, by): place for place, row in enumerate(rows)} if conflict else {}
        touched: dict[int, None] = {}
        has_new = False
        for one in given:
            row = self.whole(one)
            self.check(row)  # as PostgreSQL does, before it looks for a conflict
            place = places.get(_values(row, by))
            if conflict is None or place is None:
                place, has_new = len(rows), True
                places[_values(row, by)] = place
                rows.append(row)
            elif not conflict.merges:
                continue
            elif place in touched:
                raise _twice()
            else:
                rows[place] = rows[place] | one
            self.check(rows[place])
            touched[place] = None
        return rows, Saved([rows[place] for place in touched], has_new)


class Tables:
    """All tables of a database; each statement is done as a whole or not at all.

    Args:
        make: makes the tables, empty.
    """

    def __init__(self, make: Callable[[], Sequence[Table]]) -> None:
        self._make = make
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._tables = {table.name: table for table in self._make()}

    def all(self) -> list[Table]:
        """Return all tables."""
        return list(self._tables.values())

    def table(self, name: str) -> Table:
        """Return a table.

        Raises:
            Refusal: there is none of that name.
        """
        if name not in self._tables:
            text = f"Could not find the table 'public.{name}' in the schema cache"
            raise postgrest(404, "PGRST205", text)
        return self._tables[name]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo all that was done within when it ends in an error; nothing may wait within."""
        before = [(table, table.rows) for table in self._tables.values()]
        try:
            yield
        except BaseException:
            for table, rows in before:
                table.rows = rows
            raise

    def insert(self, table: Table, given: Sequence[Row], conflict: Conflict | None = None) -> Saved:
        """Insert rows, or merge them into those that are there.

        Raises:
            Refusal: a constraint forbids it.
        """
        rows, saved = table.inserted(given, conflict)
        self._store(table, rows, saved.rows)
        return saved

    def update(self, table: Table, condition: Condition, change: Row) -> list[Row]:
        """Change the rows that are meant, and return them.

        Raises:
            Refusal: a constraint forbids it.
        """
        rows, changed = [], []
        for row in table.rows:
            if condition(row):
                changed.append(row | change)
                table.check(changed[-1])
                rows.append(changed[-1])
            else:
                rows.append(row)
        self._store(table, rows, changed)
        return changed

    def delete(self, table: Table, condition: Condition) -> list[Row]:
        """Delete the rows that are meant, and return them.

        Raises:
            Refusal: other rows refer to them.
        """
        gone = table.find(condition)
        self._store(table, [row for row in table.rows if not condition(row)], [])
        return gone

    def _store(self, table: Table, rows: list[Row], changed: Sequence[Row]) -> None:
        table.check_unique(rows)
        self._check_references(table, changed)
        self._check_referrers(table, rows)
        table.rows = rows

    def _check_references(self, table: Table, changed: Sequence[Row]) -> None:
        for name, column in table.columns.items():
            if column.references is None:
                continue
            other, target = column.references
            known = {row[target] for row in self._tables[other].rows}
            for row in changed:
                if row[name] is not None and row[name] not in known:
                    raise postgrest(
                        409,
                        "23503",
                        f'insert or update on table "{table.name}" violates foreign key '
                        f'constraint "{table.name}_{name}_fkey"',
                        f'Key ({name})=({as_text(row[name])}) is not present in table "{other}".',
                    )

    def _check_referrers(self, table: Table, rows: Sequence[Row]) -> None:
        """Refuse that rows lose what they refer to."""
        for other, column, target in self._referrers(table):
            lost = {row[target] for row in table.rows} - {row[target] for row in rows}
            for row in other.rows:
                if row[column] in lost:
                    raise postgrest(
                        409,
                        "23503",
                        f'update or delete on table "{table.name}" violates foreign key '
                        f'constraint "{other.name}_{column}_fkey" on table "{other.name}"',
                        f"Key ({target})=({as_text(row[column])}) is still referenced from "
                        f'table "{other.name}".',
                    )

    def _referrers(self, table: Table) -> list[tuple[Table, str, str]]:
        return [
            (other, name, column.references[1])
            for other in self._tables.values()
            for name, column in other.columns.items()
            if column.references and column.references[0] == table.name
        ]


def _values(row: Row, columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in columns)


def _shown(row: Row, columns: Sequence[str]) -> str:
    return ", ".join(as_text(row[name]) for name in columns)


def _twice() -> Refusal:
    return postgrest(
        500,
        "21000",
        "ON CONFLICT DO UPDATE command cannot affect row a second time",
        hint="Ensure that no rows proposed for insertion within the same command have "
        "duplicate constrained values.",
    )
