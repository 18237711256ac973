"""How commands reach our database, and what they say when it can't be used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hotrod.errors import HotrodError

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from hotrod.db.engine import Database

Result = TypeVar("Result")


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """Yield the database that the settings name, and close it in the end."""
    from hotrod.db.engine import Database
    from hotrod.settings import load_settings

    database = Database.connect(load_settings())
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncSession]:
    """Yield a session in one transaction."""
    async with opened() as database, database.transaction() as session:
        yield session


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run work on the database and return what it returns.

    Raises:
        HotrodError: the database can't be used, or the work says so.
    """
    from asyncpg import PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return asyncio.run(work)
    except (OSError, SQLAlchemyError, PostgresError) as error:
        reason = f"the database can't be used ({type(error).__name__})"
        raise HotrodError(f"{reason}; is the stack up? `hotrod up` starts it") from None
