"""The connection to our database, and transactions on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import configure_mappers
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
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


_LOCK = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_ARRAYS = text("SELECT CAST(NULL AS bigint[]), CAST(NULL AS int[]), CAST(NULL AS uuid[])")
_TRY_TO_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_TRY_TO_LOCK_FOR_NOW = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
_WAIT = text("SET statement_timeout = 0")
_WAIT_NO_MORE = text("RESET statement_timeout")

Transactions = Callable[[], AbstractAsyncContextManager[AsyncSession]]
_PING_AFTER_SECONDS = 0.5  # a server that was killed is not back sooner


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
        configure_mappers()  # now, not in the first transaction
        timeout_ms = int(settings.database.statement_timeout_seconds * 1000)
        engine = create_async_engine(
            database_url(settings),
            pool_size=settings.database.pool_size,
            max_overflow=0,
            pool_use_lifo=True,  # few connections do most of the work, with all prepared
            hide_parameters=True,
            connect_args={
                "server_settings": {
                    "application_name": "hotrod",
                    "statement_timeout": str(timeout_ms),
                    "timezone": "UTC",
                }
            },
        )
        _ping_rested_connections(engine)
        return cls(engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session in a transaction of its own."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def value(self, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - any column
        """Run one statement, committed by itself, and return its first value.

        By the driver alone, in one round trip: for what every call of a service needs.

        Args:
            statement: with ``$1`` and so on for the arguments.
            arguments: of types that the driver knows.

        Raises:
            PostgresError: the server refuses, or ends the connection.
            OSError: the server is away.
        """
        async with self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            return await cast("asyncpg.Connection", driver).fetchval(statement, *arguments)

    @asynccontextmanager
    async def exclusively(self, name: str) -> AsyncIterator[Transactions]:
        """Hold a lock that all processes share while the block runs.

        It waits for another holder, and falls with its holder's connection. What the block does
        should use the transactions that it is given: they need no other connection.

        Raises:
            TimeoutError: the connection was lost; the block was cancelled then, for somebody else
                may hold the lock by now.
        """
        async with self.engine.connect() as connection:
            got_it = await connection.scalar(_TRY_TO_LOCK, {"name": name})
            if not got_it:
                await connection.execute(_WAIT)
                await connection.execute(_LOCK, {"name": name})
                await connection.execute(_WAIT_NO_MORE)
            await connection.commit()
            try:
                async with _while_connected(connection):
                    yield partial(_transaction_on, connection)
            finally:
                await connection.rollback()
                await connection.execute(_UNLOCK, {"name": name})
                await connection.commit()

    async def open(self) -> None:
        """Open all connections of the pool, so that the first transactions needn't.

        And let each find out about the types of arrays, which takes it 60 ms.
        """
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return
        async with AsyncExitStack() as opened:
            ways = [self.engine.connect() for _ in range(pool.size())]
            found = await asyncio.gather(*(opened.enter_async_context(one) for one in ways))
            await asyncio.gather(*(one.execute(_ARRAYS) for one in found))

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def try_to_lock(session: AsyncSession, name: str) -> bool:
    """Take the lock of ``Database.exclusively`` until the transaction ends; False: it is held."""
    connection = await session.connection()
    return bool(await connection.scalar(_TRY_TO_LOCK_FOR_NOW, {"name": name}))


@asynccontextmanager
async def _while_connected(connection: AsyncConnection) -> AsyncIterator[None]:
    """Cancel the block when the server closes the connection, or is gone."""
    driver = cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
    async with asyncio.timeout(None) as block:

        def lost(_: object) -> None:
            block.reschedule(asyncio.get_running_loop().time())

        driver.add_termination_listener(lost)
        try:
            yield
        finally:
            driver.remove_termination_listener(lost)


@asynccontextmanager
async def _transaction_on(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
        yield session


def _ping_rested_connections(engine: AsyncEngine) -> None:
    """Before a connection is used that has rested, see that the server hasn't gone since.

    Asking each time, as SQLAlchemy's ``pool_pre_ping`` does, costs a round trip per transaction.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note_time(_: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ping(connection: Any, record: ConnectionPoolEntry, _: object) -> None:  # noqa: ANN401
        rests_since = record.info.get("rests_since", time.monotonic())
        if time.monotonic() - rests_since > _PING_AFTER_SECONDS:
            dialect = engine.sync_engine.dialect
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                raise DisconnectionError("the server closed the connection") from error


def is_away(error: object) -> bool:
    """Tell whether an error means that the database is out of reach, and may be back soon.

    So is who was sent away because of others: the victim of a deadlock may try again. Codes of
    SQLSTATE (PostgreSQL, appendix A): 08 connection, 40 rollback, 53 resources, 57 intervention.
    """
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or code[:2] in {"08", "40", "53", "57"} or not code
    return isinstance(
        error,
        (
            OSError,
            PoolTimeoutError,
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.TransactionRollbackError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
        ),
    )
