"""The state of breakers is the same for all processes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from connectors._http.breaker import Breaker, BreakerStore, Entry
from connectors._http.errors import TransientError
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.services.breakers import SharedBreakers
from hotrod.services.models import ServiceBreaker
from hotrod.services.store import breakers, forget_calls


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> str:
    return f"service-{uuid.uuid4()}"


async def is_open(breaker: Breaker) -> bool:
    try:
        await breaker.enter("o")
    except TransientError:
        return True
    return False


async def shown(database: Database) -> dict[str, ServiceBreaker]:
    async with database.transaction() as session:
        return {row.service: row for row in await breakers(session)}


async def fail(breaker: Breaker, service: str) -> None:
    await breaker.failed(TransientError(service, "o", "m"), Entry(None, is_probe=False))


async def test_five_failures_open_it_for_all_and_a_probe_closes_it_for_all(
    database: Database, service: str, clock: Clock
) -> None:
    stores: list[BreakerStore] = [SharedBreakers(database, clock) for _ in range(2)]
    ours, theirs = (Breaker(service, store, clock) for store in stores)
    for breaker in (ours, theirs, ours, theirs, ours):
        clock.now += 1
        await fail(breaker, service)
    clock.now += 1

    assert await is_open(ours)
    assert await is_open(theirs)
    found = (await shown(database))[service]
    assert found.failures == 5
    assert "left alone until" in found.in_words()

    clock.now += 2
    probe = await theirs.enter("o")
    assert await is_open(ours)
    await theirs.succeeded(probe)
    clock.now += 1
    assert not await is_open(ours)
    assert service not in await shown(database)


async def test_a_state_that_was_changed_by_another_is_read_anew(
    database: Database, service: str, clock: Clock
) -> None:
    ours, theirs = (SharedBreakers(database, clock) for _ in range(2))
    assert await ours.read(service) is None
    assert await theirs.write(service, None, (1, 0.0, 0.0))

    assert await ours.read(service) is None  # believed for a second
    assert not await ours.write(service, None, (1, 0.0, 0.0))
    assert await ours.read(service) == (1, 0.0, 0.0)
    assert not await theirs.write(service, (2, 0.0, 0.0), (3, 0.0, 0.0))


async def test_without_the_database_calls_go_through(
    away: Database, service: str, clock: Clock
) -> None:
    breaker = Breaker(service, SharedBreakers(away, clock), clock)

    await fail(breaker, service)

    assert not await is_open(breaker)


async def test_one_that_nobody_asks_any_more_is_forgotten(database: Database, service: str) -> None:
    long_ago, names = now() - timedelta(days=40), (service, f"{service}-2")
    async with database.transaction() as session:
        for name, changed_at in zip(names, (long_ago, now()), strict=True):
            state: dict[str, Any] = {"failures": 5, "rest_seconds": 2.0, "open_until": 0.0}
            session.add(ServiceBreaker(service=name, changed_at=changed_at, **state))

    async with database.transaction() as session:
        await forget_calls(session, now() - timedelta(days=30))

    assert (await shown(database)).keys() & set(names) == {names[1]}
