"""Tokens are sealed, and renewed by one at a time."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from connectors._http.tokens import TokenStore
from hotrod.db.engine import Database
from hotrod.services.models import ServiceToken
from hotrod.services.tokens import SharedTokens
from hotrod.stack.postgres import EmbeddedPostgres
from tests.conftest import postgres_url

KEY = SecretStr("a-secret-key-for-tests-only-0123456789")


@pytest.fixture
def account() -> str:
    return f"account-{uuid.uuid4()}"


async def test_what_was_written_is_read_and_lies_sealed(database: Database, account: str) -> None:
    tokens: TokenStore = SharedTokens(database, KEY)
    assert await tokens.read(account) is None

    await tokens.write(account, "first")
    await tokens.write(account, "the token")

    assert await SharedTokens(database, KEY).read(account) == "the token"
    async with database.transaction() as session:
        row = await session.get(ServiceToken, account)
        assert row is not None
        assert b"token" not in row.sealed


async def test_what_was_sealed_with_another_key_is_not_there(
    database: Database, account: str
) -> None:
    await SharedTokens(database, KEY).write(account, "the token")

    other = SharedTokens(database, SecretStr("another-secret-key-for-tests-0123456789"))

    assert await other.read(account) is None


async def test_one_at_a_time_renews(database: Database, account: str) -> None:
    order: list[str] = []

    async def renew(name: str) -> None:
        async with SharedTokens(database, KEY).renewing(account):
            order.append(name)
            await asyncio.sleep(0.02)
            order.append(name)

    await asyncio.gather(renew("a"), renew("b"))

    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


async def test_many_who_wait_leave_connections_to_the_one_who_renews(
    postgres: EmbeddedPostgres, account: str
) -> None:
    engine = create_async_engine(
        postgres_url(postgres, "hotrod"), pool_size=2, max_overflow=0, pool_timeout=2
    )
    tokens = SharedTokens(Database(engine), KEY)

    async def renew() -> None:
        async with tokens.renewing(account):
            await tokens.write(account, "the token")

    await asyncio.gather(*(renew() for _ in range(10)))

    assert await tokens.read(account) == "the token"
    await engine.dispose()
