"""The gateway says whether it can accept requests."""

from __future__ import annotations

from dataclasses import replace

import httpx
from asyncpg import CannotConnectNowError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway.app import create_app
from gateway.context import Context
from hotrod.db.engine import Database
from tests.conftest import free_port
from tests.gateway.conftest import Door


async def test_it_counts_what_waits(door: Door) -> None:
    before = (await door.client.get("/health")).json()
    await door.send()
    answer = await door.client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["database"]) == ("ok", "ok")
    assert body["inbox"]["waiting"] == before["inbox"]["waiting"] + 1
    assert body["inbox"].keys() == before["inbox"].keys()
    assert body["inbox"]["oldest_waiting_seconds"] > 0


async def health_over(context: Context, database: Database) -> httpx.Response:
    app = create_app(replace(context, database=database))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        return await client.get("/health")


async def test_it_says_when_the_database_is_away(context: Context) -> None:
    url = f"postgresql+asyncpg://postgres@127.0.0.1:{free_port()}/hotrod"
    answer = await health_over(context, Database(create_async_engine(url, poolclass=NullPool)))
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "unreachable"}


async def test_it_says_when_the_database_is_starting(context: Context) -> None:
    async def not_yet() -> None:
        raise CannotConnectNowError("the database system is starting up")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=not_yet, poolclass=NullPool)
    assert (await health_over(context, Database(engine))).status_code == 503
