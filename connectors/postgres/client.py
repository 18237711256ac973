"""Statements on a PostgreSQL server of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg
from pydantic import SecretStr

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ErrorBuilder,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.postgres.errors import CURES, classify_sqlstate
from connectors.postgres.models import Row

SERVICE = "postgres"
MOST_CONNECTIONS = 4
_PAGE = 1000

Result = TypeVar("Result")


class PostgresClient:
    """One database. Reads are tried again, writes never.

    Nothing of what rows hold gets into errors: only the code, and the names of what it is about.

    Args:
        url: ``postgresql://user:password@host/name``; TLS as its ``sslmode`` says.
        timeout_seconds: longest wait for a connection, and for each statement.
        shared: with the other processes that use the database.
        retry: when reads are tried again.
    """

    def __init__(
        self,
        *,
        url: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._url = url
        self._error = ErrorBuilder(SERVICE, CURES, Redactor([url]))
        self._timeout = timeout_seconds
        self._caller = Caller(SERVICE, shared, retry)
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, sql: str, *parameters: object, most: int = 10_000) -> list[Row]:
        """Run a query in a read-only transaction.

        Args:
            sql: one statement, with ``$1`` and so on for the parameters.
            parameters: its values.
            most: rows that are expected at most.

        Raises:
            RejectedError: the query is wrong, writes, or has more rows.
            ConnectorError: as classified.
        """

        async def read(connection: asyncpg.Connection) -> list[Row]:
            async with connection.transaction(readonly=True):
                cursor = await connection.cursor(sql, *parameters)
                return [dict(row) for row in await cursor.fetch(most + 1)]

        rows = await self._call("fetch", read, safe=True)
        if len(rows) > most:
            raise self._error(RejectedError, "fetch", f"the query has more than {most} rows")
        return rows

    async def rows(self, table: str, *, key: str, columns: Sequence[str]) -> AsyncIterator[Row]:
        """Yield all rows of a table, a thousand at a time, ordered by a column without repeats.

        Raises:
            ConnectorError: as classified.
        """
        wanted = ", ".join(_name(column) for column in dict.fromkeys([key, *columns]))
        begin = f"SELECT {wanted} FROM {_name(table)}"  # noqa: S608 - quoted
        end = f"ORDER BY {_name(key)} LIMIT {_PAGE}"
        page = await self.fetch(f"{begin} {end}", most=_PAGE)
        while page:
            for row in page:
                yield row
            if len(page) < _PAGE:
                return
            beyond = f"{begin} WHERE {_name(key)} > $1 {end}"
            page = await self.fetch(beyond, page[-1][key], most=_PAGE)

    async def execute(self, sql: str, *parameters: object) -> int:
        """Run one statement that writes, in a transaction of its own; return the rows it changed.

        Raises:
            UnknownOutcomeError: the connection was lost while it was committed.
            ConnectorError: as classified; nothing was done then.
        """

        async def write(connection: asyncpg.Connection) -> int:
            return _count(await connection.execute(sql, *parameters))

        return await self._write("execute", write)

    async def upsert_rows(self, table: str, rows: Sequence[Row], *, key: Sequence[str]) -> int:
        """Insert rows, or update those that are there; all of them or none.

        Args:
            table: its name, with or without schema.
            rows: all with the same columns, those of the key among them.
            key: columns of a unique constraint.

        Returns:
            how many rows there are.

        Raises:
            RejectedError: the rows are of different columns, or the database refuses one.
            UnknownOutcomeError: the connection was lost while they were committed; writing them
                once more does no harm.
            ConnectorError: as classified; nothing was done then.
        """
        if not rows:
            return 0
        columns = list(rows[0])
        if any(list(row) != columns for row in rows):
            raise self._error(RejectedError, "upsert_rows", "the rows have different columns")
        sql = _upsert(table, columns, key)

        async def write(connection: asyncpg.Connection) -> int:
            await connection.executemany(sql, [tuple(row.values()) for row in rows])
            return len(rows)

        return await self._write("upsert_rows", write)

    async def ping(self) -> None:
        """Connect and ask for nothing.

        Raises:
            ConnectorError: the server is not reached, or does not take the credentials.
        """

        async def read(connection: asyncpg.Connection) -> None:
            await connection.fetchval("SELECT 1")

        await self._call("ping", read, safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.terminate()

    async def _write(
        self, operation: str, write: Callable[[asyncpg.Connection], Awaitable[int]]
    ) -> int:
        async def attempt(connection: asyncpg.Connection) -> int:
            transaction = connection.transaction()
            await transaction.start()
            try:
                changed = await write(connection)
            except BaseException:
                with suppress(asyncpg.InterfaceError, OSError):  # the connection may be lost
                    await transaction.rollback()
                raise
            try:
                await transaction.commit()
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError) as cause:
                reason = f"no answer to COMMIT ({type(cause).__name__})"
                raise self._error(UnknownOutcomeError, operation, reason) from None
            return changed

        return await self._call(operation, attempt, safe=False)

    async def _call(
        self,
        operation: str,
        act: Callable[[asyncpg.Connection], Awaitable[Result]],
        *,
        safe: bool,
    ) -> Result:
        async def attempt(_trace: Trace) -> Result:
            try:
                pool = await self._opened()
                async with pool.acquire(timeout=self._timeout) as connection:
                    return await act(connection)
            except asyncpg.PostgresError as cause:
                kind = classify_sqlstate(cause.sqlstate or "")
                raise self._error(kind, operation, _described(cause)) from None
            except (OSError, TimeoutError, asyncpg.InternalClientError) as cause:
                reason = f"no answer ({type(cause).__name__})"
                raise self._error(TransientError, operation, reason) from None
            except (asyncpg.InterfaceError, ValueError) as cause:
                reason = f"the statement can't be sent ({type(cause).__name__})"
                raise self._error(RejectedError, operation, reason) from None

        return await self._caller.call(operation, attempt, safe=safe)

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url.get_secret_value(),
                    min_size=0,
                    max_size=MOST_CONNECTIONS,
                    timeout=self._timeout,
                    command_timeout=self._timeout,
                    server_settings={
                        "application_name": "hotrod",
                        "statement_timeout": str(round(self._timeout * 1000)),
                    },
                )
            return self._pool


def _described(cause: asyncpg.PostgresError) -> str:
    """Name the error and what it is about; messages and details may hold what rows hold."""
    fields: dict[str, Any] = vars(cause)
    about = [
        fields[name]
        for name in ("table_name", "column_name", "constraint_name")
        if fields.get(name)
    ]
    return " ".join(["answered", cause.sqlstate or "", type(cause).__name__, *about])


def _upsert(table: str, columns: Sequence[str], key: Sequence[str]) -> str:
    names = [_name(column) for column in columns]
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    rest = [name for column, name in zip(columns, names, strict=True) if column not in key]
    then = ", ".join(f"{name} = excluded.{name}" for name in rest)
    on_conflict = f"ON CONFLICT ({', '.join(map(_name, key))}) DO"
    insert = f"INSERT INTO {_name(table)} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
    return f"{insert} {on_conflict} {f'UPDATE SET {then}' if then else 'NOTHING'}"


def _name(name: str) -> str:
    """Quote a name, and each part of one with a schema."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _count(status: str) -> int:
    """Read the number of rows from a command's tag, e.g. ``UPDATE 3``."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
