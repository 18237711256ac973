"""Write rows of several tables at once."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from sqlalchemy import Insert, Table, bindparam, insert
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


@lru_cache(maxsize=100)
def _statement(shapes: tuple[_Shape, ...]) -> Insert:
    """Return the insert of so many rows; made once, because making it costs more than using it."""
    *others, last = [
        insert(cast("Table", vars(model)["__table__"])).values(
            {name: bindparam(_parameter(place, name)) for name in names}
        )
        for place, (model, names) in enumerate(shapes)
    ]
    ctes = [one.cte(f"row_{place}") for place, one in enumerate(others)]
    return last.add_cte(*ctes).inline()


def _parameter(place: int, name: str) -> str:
    return f"row_{place}_{name}"
