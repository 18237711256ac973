"""The connection to our database, and transactions on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

import hotrod.db.tables  # noqa: F401 - foreign keys are resolved among all tables
from hotrod.settings import Settings


def database_url(settings: Settings, *, name: str = "hotrod") -> URL:
    """Return the SQLAlchemy URL of our database, the embedded one by default.

    Args:
        settings: where ``database.url`` may name another server.
        name: database on the embedded server; ``prefect`` is the other one.
    """
    if settings.database.url is not None:
        given = make_url(settings.database.url.get_secret_value())
        return given.set(drivername="postgresql+asyncpg")
    return URL.create(
        "postgresql+asyncpg",
        username="postgres",
        host="127.0.0.1",
        port=settings.database.port,
        database=name,
    )


class Database:
    """A pool of connections to our database.

    Sessions are given by ``transaction``: committed when the block ends well, rolled back
    when it raises. Nobody else commits.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @classmethod
    def connect(cls, settings: Settings) -> Database:
        """Return a database by the settings; connections are opened when first needed."""
        timeout_ms = int(settings.database.statement_timeout_seconds * 1000)
        return cls(
            create_async_engine(
                database_url(settings),
                pool_size=settings.database.pool_size,
                max_overflow=settings.database.pool_size,
                hide_parameters=True,
                pool_pre_ping=True,
                connect_args={
                    "server_settings": {
                        "application_name": "hotrod",
                        "statement_timeout": str(timeout_ms),
                        "timezone": "UTC",
                    }
                },
            )
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session in a transaction of its own."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def exclusively(self, name: str) -> AsyncIterator[None]:
        """Hold a lock that all processes share while the block runs.

        It waits for another holder, and falls when its holder dies, with the connection.
        """
        async with self.engine.connect() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_lock_number(name))))
            yield

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def try_to_lock(session: AsyncSession, name: str) -> bool:
    """Take the lock of ``Database.exclusively`` until the transaction ends; False: it is held."""
    connection = await session.connection()
    got_it = select(func.pg_try_advisory_xact_lock(_lock_number(name)))
    return bool((await connection.execute(got_it)).scalar_one())


def _lock_number(name: str) -> ColumnElement[int]:
    return func.hashtextextended(name, 0)


def is_away(error: object) -> bool:
    """Tell whether an error means that the database is out of reach, and may be back soon.

    Codes of SQLSTATE (PostgreSQL, appendix A): 08 connection, 53 resources, 57 intervention.
    """
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or code[:2] in {"08", "53", "57"} or not code
    return isinstance(
        error,
        (
            OSError,
            PoolTimeoutError,
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
        ),
    )
