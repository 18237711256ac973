"""Calls of a project's own servers: tables and functions by PostgREST, users by GoTrue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from connectors._http.batch import Outcome, batch_execute
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import (
    ConnectorError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.supabase.errors import CURES, TABLE, read_problem
from connectors.supabase.models import (
    AuthHealth,
    AuthSettings,
    Filter,
    Result,
    Row,
    Rows,
    User,
    Users,
)

SERVICE = "supabase"
BATCH_ROWS = 500
_PAGE = 1000


class KeyAuth(httpx.Auth):
    """Puts the project's key on each request, for the gateway and for the server behind it."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        key = self._key.get_secret_value()
        request.headers["apikey"] = key
        request.headers["Authorization"] = f"Bearer {key}"
        yield request


class SupabaseClient:
    """One project. Reads are tried again, writes never; each write is done as a whole or not.

    There is no key against repeats: what must not be done twice is upserted. Supabase states no
    limit of calls for these servers.

    Args:
        base_url: root of the project, e.g. ``https://abc.supabase.co``.
        api_key: its service role key; row-level security doesn't bind it.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the project.
        retry: when reads are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._project = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=KeyAuth(api_key),
            table=TABLE,
            cures=CURES,
            read_problem=read_problem,
            redact=Redactor([api_key]),
            request_id="sb-request-id",
            shared=shared,
            retry=retry,
        )

    async def select_rows(
        self,
        table: str,
        *,
        columns: Sequence[str] = (),
        where: Sequence[Filter] = (),
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Row]:
        """Return a range of the rows that all filters mean; none if it lies behind the last.

        Args:
            table: its name.
            columns: that are wanted; none: all.
            where: the filters.
            order: columns, each with ``.desc`` behind it to turn it round.
            limit: rows at most; the project's own limit (1000 if unchanged) goes before.
            offset: rows that are left out at the beginning.

        Raises:
            ConnectorError: as classified.
        """
        params = _where(where) | {"offset": str(offset)}
        if columns:
            params["select"] = ",".join(columns)
        if order:
            params["order"] = ",".join(order)
        if limit is not None:
            params["limit"] = str(limit)
        found = await self._project.fetch(Rows, "select_rows", "GET", _table(table), params=params)
        return found.root

    def rows(
        self, table: str, *, key: str, columns: Sequence[str] = (), where: Sequence[Filter] = ()
    ) -> AsyncIterator[Row]:
        """Yield all rows that the filters mean, in ranges of a column's values.

        Rows that come and go meanwhile shift no others. A range may hold less than was asked
        for, because the project limits it; the end is a range that holds nothing.

        Args:
            table: its name.
            key: column without repeats and nulls, by which the rows are ordered.
            columns: that are wanted beside it; none: all.
            where: the filters.

        Raises:
            ConnectorError: as classified.
        """
        chosen = list(dict.fromkeys([key, *columns])) if columns else []

        async def fetch(last: str | None) -> Page[Row]:
            beyond = [] if last is None else [Filter(key, "gt", last)]
            found = await self.select_rows(
                table, columns=chosen, where=[*where, *beyond], order=[key], limit=_PAGE
            )
            return Page(found, str(found[-1][key]) if found else None)

        return items(pages(SERVICE, "rows", fetch))

    async def count_rows(self, table: str, *, where: Sequence[Filter] = ()) -> int:
        """Return how many rows the filters mean; the database counts them one by one.

        Raises:
            ConnectorError: as classified.
        """
        response = await self._project.send(
            "count_rows",
            "HEAD",
            _table(table),
            params=_where(where),
            headers={"Prefer": "count=exact"},
        )
        return self._total(response, "count_rows", TransientError)

    async def insert_rows(self, table: str, rows: Sequence[Row]) -> list[Row]:
        """Insert rows, all with the same columns; return them with what the database filled in.

        Raises:
            RejectedError: one is there already, or breaks another rule of the table.
            UnknownOutcomeError: they may have been inserted.
            ConnectorError: as classified; nothing was done then.
        """
        if not rows:
            return []
        inserted = await self._project.fetch(
            Rows,
            "insert_rows",
            "POST",
            _table(table),
            json=list(rows),
            headers={"Prefer": "return=representation"},
        )
        return inserted.root

    async def upsert_rows(self, table: str, rows: Sequence[Row], *, key: Sequence[str]) -> int:
        """Insert rows, or change those that are there; return how many rows that were.

        Args:
            table: its name.
            rows: all with the same columns, those among them that can't be null; no two with
                the same key.
            key: columns of a unique constraint.

        Raises:
            RejectedError: there is no such constraint, or a row breaks another rule of the table.
            UnknownOutcomeError: they may have been written; writing them again does no harm.
            ConnectorError: as classified; nothing was done then.
        """
        if not rows:
            return 0
        response = await self._project.send(
            "upsert_rows",
            "POST",
            _table(table),
            params={"on_conflict": ",".join(key)},
            json=list(rows),
            headers={"Prefer": "resolution=merge-duplicates,return=minimal,count=exact"},
        )
        return self._total(response, "upsert_rows", UnknownOutcomeError)

    async def upsert_batches(
        self, table: str, rows: Sequence[Row], *, key: Sequence[str]
    ) -> list[Outcome[Sequence[Row], int]]:
        """Upsert any number of rows, 500 in a request; return what came of each batch."""
        batches = [rows[begin : begin + BATCH_ROWS] for begin in range(0, len(rows), BATCH_ROWS)]

        async def upsert(batch: Sequence[Row]) -> int:
            return await self.upsert_rows(table, batch, key=key)

        return await batch_execute(batches, upsert)

    async def update_rows(self, table: str, change: Row, *, where: Sequence[Filter]) -> int:
        """Change the rows that the filters mean; return how many they were.

        Raises:
            RejectedError: there is no filter, or the change breaks a rule of the table.
            UnknownOutcomeError: they may have been changed.
            ConnectorError: as classified; nothing was done then.
        """
        self._require_filter("update_rows", where)
        response = await self._project.send(
            "update_rows",
            "PATCH",
            _table(table),
            params=_where(where),
            json=change,
            headers={"Prefer": "return=minimal,count=exact"},
        )
        return self._total(response, "update_rows", UnknownOutcomeError)

    async def delete_rows(self, table: str, *, where: Sequence[Filter]) -> int:
        """Delete the rows that the filters mean; return how many they were.

        Raises:
            RejectedError: there is no filter, or other rows refer to these.
            UnknownOutcomeError: they may have been deleted.
            ConnectorError: as classified; nothing was done then.
        """
        self._require_filter("delete_rows", where)
        response = await self._project.send(
            "delete_rows",
            "DELETE",
            _table(table),
            params=_where(where),
            headers={"Prefer": "return=minimal,count=exact"},
        )
        return self._total(response, "delete_rows", UnknownOutcomeError)

    async def call_function(
        self, name: str, arguments: Mapping[str, object], *, safe: bool = False
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        """Call a function of the database, and return what it returns.

        Args:
            name: of it.
            arguments: by name.
            safe: it changes nothing, so that it may be tried again.

        Raises:
            ServiceNotFoundError: there is none of that name and arguments.
            RejectedError: the function itself refuses.
            UnknownOutcomeError: it may have been done.
            ConnectorError: as classified; nothing was done then.
        """
        response = await self._project.send(
            "call_function",
            "POST",
            f"/rest/v1/rpc/{quote(name, safe='')}",
            json=dict(arguments),
            safe=safe,
        )
        if not response.content:
            return None
        return self._project.read(Result, "call_function", response, safe=safe).root

    async def auth_health(self) -> AuthHealth:
        """Tell which Auth server answers.

        Raises:
            ConnectorError: it doesn't.
        """
        return await self._project.fetch(AuthHealth, "auth_health", "GET", "/auth/v1/health")

    async def auth_settings(self) -> AuthSettings:
        """Tell how people may sign up.

        Raises:
            ConnectorError: as classified.
        """
        return await self._project.fetch(AuthSettings, "auth_settings", "GET", "/auth/v1/settings")

    def users(self) -> AsyncIterator[User]:
        """Yield all who signed up.

        Raises:
            ConnectorError: as classified.
        """

        async def fetch(number: str | None) -> Page[User]:
            page = number or "1"
            found = await self._project.fetch(
                Users,
                "users",
                "GET",
                "/auth/v1/admin/users",
                params={"page": page, "per_page": str(_PAGE)},
            )
            return Page(found.users, str(int(page) + 1) if found.users else None)

        return items(pages(SERVICE, "users", fetch))

    async def ping(self) -> None:
        """Ask for the Data API's root, without its description.

        Raises:
            ConnectorError: the project is not reached, or does not take the key.
        """
        await self._project.send("ping", "HEAD", "/rest/v1/")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._project.aclose()

    def _require_filter(self, operation: str, where: Sequence[Filter]) -> None:
        """Refuse to write to a whole table, which not every PostgREST does."""
        if not where:
            reason = "without a filter it would be all rows of the table"
            raise self._project.error(RejectedError, operation, reason)

    def _total(
        self, response: httpx.Response, operation: str, otherwise: type[ConnectorError]
    ) -> int:
        """Read the number of rows, which stands behind the slash of ``Content-Range``."""
        total = response.headers.get("content-range", "").rpartition("/")[2]
        if not total.isdecimal():
            raise self._project.error(otherwise, operation, "its answer tells no number of rows")
        return int(total)


def _table(name: str) -> str:
    return f"/rest/v1/{quote(name, safe='')}"


def _where(filters: Sequence[Filter]) -> dict[str, str]:
    return {"and": f"({','.join(map(str, filters))})"} if filters else {}
