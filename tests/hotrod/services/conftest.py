from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hotrod.db.engine import Database


@pytest.fixture
async def away(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Database]:
    """A database that nobody reaches."""
    url = URL.create(
        "postgresql+asyncpg", "postgres", host="127.0.0.1", port=unused_tcp_port_factory()
    )
    database = Database(create_async_engine(url, poolclass=NullPool))
    yield database
    await database.close()
