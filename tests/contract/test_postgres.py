"""What the PostgreSQL connector promises, on a real server, and with the line cut between."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.postgres.client import PostgresClient
from hotrod.db.engine import Database
from hotrod.stack.postgres import EmbeddedPostgres

pytestmark = pytest.mark.usefixtures("database")


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


def client(port: int, name: str = "hotrod", user: str = "postgres") -> PostgresClient:
    return PostgresClient(
        url=SecretStr(f"postgresql://{user}:secret-word@127.0.0.1:{port}/{name}"),
        timeout_seconds=0.7,
        retry=RetryPolicy(sleep=no_wait),
    )


@pytest.fixture
async def shop(postgres: EmbeddedPostgres) -> AsyncIterator[PostgresClient]:
    shop = client(postgres.port)
    yield shop
    await shop.aclose()


@pytest.fixture
async def table(shop: PostgresClient) -> AsyncIterator[str]:
    """A table of somebody's stock."""
    name = f"stock_{uuid.uuid4().hex}"
    await shop.execute(
        f"CREATE TABLE {name} (sku text PRIMARY KEY, stock integer CHECK (stock >= 0))"
    )
    yield name
    await shop.execute(f"DROP TABLE {name}")


class CutLine:
    """Passes bytes to a server, until the client says a word; then it cuts the line."""

    def __init__(self, port: int, word: bytes) -> None:
        self.cuts = 0
        self._port = port
        self._word = word

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.create_task(self._pass(there, writer))
        while chunk := await reader.read(65536):
            if self._word in chunk:
                self.cuts += 1
                break
            back.write(chunk)
        answers.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await answers
        for end in (back, writer):
            end.close()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                target.write(chunk)


@contextlib.asynccontextmanager
async def cut_at(
    word: bytes, postgres: EmbeddedPostgres
) -> AsyncIterator[tuple[CutLine, PostgresClient]]:
    line = CutLine(postgres.port, word)
    listener = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    shop = client(listener.sockets[0].getsockname()[1])
    yield line, shop
    await shop.aclose()
    listener.close()


async def stock(shop: PostgresClient, table: str) -> dict[object, object]:
    rows = await shop.fetch(f"SELECT sku, stock FROM {table}")
    return {row["sku"]: row["stock"] for row in rows}


async def test_rows_are_written_once_and_read(shop: PostgresClient, table: str) -> None:
    rows = [{"sku": "HDMI", "stock": 3}, {"sku": "USBC", "stock": 5}]

    assert await shop.upsert_rows(table, rows, key=["sku"]) == 2
    assert await shop.upsert_rows(table, [{"sku": "HDMI", "stock": 4}], key=["sku"]) == 1

    assert await stock(shop, table) == {"HDMI": 4, "USBC": 5}
    assert await shop.upsert_rows(table, [], key=["sku"]) == 0


async def test_a_table_is_read_to_its_end(shop: PostgresClient, table: str) -> None:
    await shop.execute(
        f"INSERT INTO {table} SELECT lpad(n::text, 5), n FROM generate_series(1, 2500) n"
    )

    found = [row["stock"] async for row in shop.rows(table, key="sku", columns=["stock"])]

    assert found == list(range(1, 2501))


async def test_one_wrong_row_writes_none_and_is_not_quoted(
    shop: PostgresClient, table: str
) -> None:
    rows = [{"sku": "GOOD", "stock": 1}, {"sku": "ann@example.com", "stock": -1}]

    with pytest.raises(RejectedError, match="23514") as caught:
        await shop.upsert_rows(table, rows, key=["sku"])

    assert "ann@example.com" not in str(caught.value)
    assert await stock(shop, table) == {}


async def test_a_query_can_not_write(shop: PostgresClient, table: str) -> None:
    with pytest.raises(RejectedError, match="25006"):
        await shop.fetch(f"DELETE FROM {table} RETURNING sku")


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT nothing FROM nowhere", ServiceNotFoundError),
        ("SELEC 1", RejectedError),
        ("SELECT pg_sleep(5)", TransientError),
        ("SELECT generate_series(1, 20000)", RejectedError),
        ("SELECT 'x'::integer", RejectedError),
    ],
)
async def test_each_failure_has_its_class(
    shop: PostgresClient, sql: str, kind: type[ConnectorError]
) -> None:
    with pytest.raises(kind) as caught:
        await shop.fetch(sql)
    assert type(caught.value) is kind
    assert "secret-word" not in str(caught.value)


async def test_a_database_that_is_not_there_is_named(postgres: EmbeddedPostgres) -> None:
    shop = client(postgres.port, name="nowhere")
    with pytest.raises(ServiceNotFoundError, match="3D000"):
        await shop.ping()
    await shop.aclose()


async def test_a_role_that_is_not_there_needs_a_person(postgres: EmbeddedPostgres) -> None:
    shop = client(postgres.port, user="nobody")
    with pytest.raises(NeedsReauthError) as caught:
        await shop.ping()
    await shop.aclose()
    assert "HOTROD_POSTGRES__URL" in caught.value.cure


async def test_nobody_there_is_tried_three_times(unused_tcp_port: int) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    shop = PostgresClient(
        url=SecretStr(f"postgresql://postgres@127.0.0.1:{unused_tcp_port}/hotrod"),
        timeout_seconds=0.7,
        retry=RetryPolicy(sleep=note),
    )
    with pytest.raises(TransientError):
        await shop.ping()
    await shop.aclose()
    assert len(waits) == 2


async def test_a_line_cut_before_the_commit_has_written_nothing(
    postgres: EmbeddedPostgres, shop: PostgresClient, table: str
) -> None:
    async with cut_at(b"INSERT INTO", postgres) as (line, cut):
        with pytest.raises(TransientError):
            await cut.execute(f"INSERT INTO {table} VALUES ('HDMI', 1)")
        assert line.cuts == 1
    assert await stock(shop, table) == {}


async def test_a_line_cut_at_the_commit_leaves_it_unknown(
    postgres: EmbeddedPostgres, table: str
) -> None:
    async with cut_at(b"COMMIT", postgres) as (line, cut):
        with pytest.raises(UnknownOutcomeError):
            await cut.execute(f"INSERT INTO {table} VALUES ('HDMI', 1)")
        assert line.cuts == 1


async def test_a_deadlock_or_a_lost_race_may_be_tried_again(
    database: Database, shop: PostgresClient, table: str
) -> None:
    sql = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$; -- {table} {database}"
    with pytest.raises(TransientError, match="40P01"):
        await shop.execute(sql)


async def test_names_are_quoted(shop: PostgresClient) -> None:
    with pytest.raises(ServiceNotFoundError):
        await shop.upsert_rows('x"; DROP TABLE inbox; --', [{"a": 1}], key=["a"])
    assert await shop.fetch("SELECT 1 AS one FROM inbox LIMIT 0") == []
