"""Write rows: of several tables at once, or once only."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from sqlalchemy import Insert, Table, TextClause, bindparam, insert, text
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

_Shape = tuple[type[SQLModel], tuple[str, ...]]


async def insert_rows(session: AsyncSession, *rows: SQLModel) -> None:
    """Insert rows of any tables by one statement: one round trip, however many they are.

    They may refer to each other in any order: PostgreSQL checks foreign keys when the statement
    ends. The session does not know them afterwards. NULLs are left to the columns' defaults.
    """
    values = [row.model_dump(exclude_none=True) for row in rows]
    shapes = tuple((type(row), tuple(each)) for row, each in zip(rows, values, strict=True))
    parameters = {
        _parameter(place, name): value
        for place, each in enumerate(values)
        for name, value in each.items()
    }
    connection = await session.connection()
    await connection.execute(_statement(shapes), parameters)


async def insert_once(session: AsyncSession, row: SQLModel, *, unique: str) -> bool:
    """Insert a row, unless there is one with the same value in a unique column.

    Returns:
        whether it was inserted; the session does not know it afterwards.
    """
    values = row.model_dump(exclude_none=True)
    connection = await session.connection()
    inserted = await connection.execute(_once(type(row), tuple(values), unique), values)
    return inserted.rowcount == 1


@lru_cache(maxsize=100)
def _once(model: type[SQLModel], names: tuple[str, ...], unique: str) -> TextClause:
    """Return the insert as text: SQLAlchemy would compile ON CONFLICT anew each time."""
    table = _table(model)
    types = [bindparam(name, type_=table.columns[name].type) for name in names]
    places = ", ".join(f":{name}" for name in names)
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) "  # noqa: S608 - ours
        f"ON CONFLICT ({unique}) DO NOTHING"
    ).bindparams(*types)


def _table(model: type[SQLModel]) -> Table:
    return cast("Table", vars(model)["__table__"])


@lru_cache(maxsize=100)
def _statement(shapes: tuple[_Shape, ...]) -> Insert:
    """Return the insert of so many rows; made once, because making it costs more than using it."""
    *others, last = [
        insert(_table(model)).values({name: bindparam(_parameter(place, name)) for name in names})
        for place, (model, names) in enumerate(shapes)
    ]
    ctes = [one.cte(f"row_{place}") for place, one in enumerate(others)]
    return last.add_cte(*ctes).inline()


def _parameter(place: int, name: str) -> str:
    return f"row_{place}_{name}"
