"""The real database for state machines, which aren't asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from hotrod.db.engine import Database

Result = TypeVar("Result")


@dataclass(frozen=True)
class BlockingDatabase:
    """A database with an event loop of its own, whose work is waited for."""

    database: Database
    runner: asyncio.Runner

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)


@pytest.fixture
def blocking_database(database: Database) -> Iterator[BlockingDatabase]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        own = Database(create_async_engine(database.engine.url))
        yield BlockingDatabase(own, runner)
        runner.run(own.close())
