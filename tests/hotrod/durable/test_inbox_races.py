"""Many at once: accepted, claimed, given back, died and finished on connections of their own."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, select

from hotrod.db.engine import Database
from hotrod.durable import inbox, leases
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.durable.models import Delivery, Lane
from hotrod.durable.models import DeliveryState as State
from hotrod.durable.turns import Turns

pytestmark = pytest.mark.usefixtures("empty_inbox")

SOURCE = "api:races"
EVENTS = ("repair.requested", "order.shipped")
LIMITS = {"order.shipped": 2}
LEASE = timedelta(minutes=5)
SENDERS, DELIVERIES, WORKERS, KEYS = 4, 80, 4, 8


def new_delivery(
    key: str, *, event: str = EVENTS[0], business: str = "north", lane: Lane = Lane.NORMAL
) -> NewDelivery:
    unique = uuid4().hex
    return NewDelivery(SOURCE, unique, "0" * 64, event, business, key, "", {}, lane=lane)


class Floor:
    """What happens on the shop floor, seen from outside the database."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.random = Random(seed)  # noqa: S311 - no secret
        self.accepted: dict[int, str] = {}
        self.first_claims: dict[str, list[int]] = defaultdict(list)
        self.finished: Counter[int] = Counter()
        self.running: dict[int, Delivery] = {}
        self.to_come = DELIVERIES

    async def send(self) -> None:
        """Send a delivery of each key; most of the others follow when these are finished."""
        for number in range(KEYS):
            await self._send(f"ticket:{number}")

    async def _send(self, key: str) -> None:
        """Send a delivery, twice at once, unless all have been sent."""
        if not self.to_come:
            return
        self.to_come -= 1
        new = new_delivery(
            key,
            event=self.random.choice(EVENTS),
            business=self.random.choice(["north", "south"]),
            lane=self.random.choice(list(Lane)),
        )
        outcomes = await asyncio.gather(self.accept(new), self.accept(new))
        (identity,) = [outcome for outcome in outcomes if outcome is not None]
        self.accepted[identity] = key

    async def accept(self, new: NewDelivery) -> int | None:
        await asyncio.sleep(self.random.uniform(0, 0.01))
        try:
            async with self.database.transaction() as session:
                return await inbox.accept(session, new)
        except DuplicateDeliveryError:
            return None

    async def work(self, name: str) -> None:
        turns = Turns()
        while len(self.finished) < DELIVERIES:
            async with self.database.transaction() as session:
                rows = await leases.claim(
                    session,
                    name,
                    limit=self.random.randint(1, 4),
                    lease=LEASE,
                    limits=LIMITS,
                    turns=turns,
                )
            for row in rows:
                self._start(row)
            for row in rows:
                await self._handle(row, name)
            await asyncio.sleep(0)

    def _start(self, row: Delivery) -> None:
        assert row.ordering_key not in {other.ordering_key for other in self.running.values()}
        self.running[row.identity] = row
        limited = Counter(other.event for other in self.running.values())
        assert all(limited[event] <= most for event, most in LIMITS.items())
        if row.attempts == 1:
            self.first_claims[row.ordering_key].append(row.identity)

    async def _handle(self, row: Delivery, name: str) -> None:
        del self.running[row.identity]
        fate = self.random.random()
        if fate < 0.7:
            await asyncio.gather(self._finish(row, name), self._send(row.ordering_key))
            return
        async with self.database.transaction() as session:
            if fate < 0.85:
                assert await leases.release(session, row.identity, name, "later", counts=True)
            else:
                assert await leases.renew(session, [row.identity], name, -LEASE) == {row.identity}

    async def _finish(self, row: Delivery, name: str) -> None:
        async with self.database.transaction() as session:
            assert await leases.finish(session, row.identity, name)
        self.finished[row.identity] += 1


@pytest.fixture
async def pooled(database: Database) -> AsyncIterator[Database]:
    """The same database with connections that are kept: racing needs speed."""
    own = Database(create_async_engine(database.engine.url, pool_size=2 * SENDERS + 3 * WORKERS))
    yield own
    await own.close()


@pytest.mark.parametrize("seed", range(2))
async def test_each_is_finished_once_and_each_key_in_order(pooled: Database, seed: int) -> None:
    floor = Floor(pooled, seed)
    async with asyncio.timeout(60), asyncio.TaskGroup() as people:
        for _ in range(SENDERS):
            people.create_task(floor.send())
        for number in range(WORKERS):
            people.create_task(floor.work(f"w{number}"))
    assert floor.finished == dict.fromkeys(floor.accepted, 1)
    for key, ids in floor.first_claims.items():
        assert ids == sorted(identity for identity, of in floor.accepted.items() if of == key)
    async with pooled.transaction() as session:
        states = await session.exec(select(Delivery.state).where(col(Delivery.source) == SOURCE))
        assert Counter(states) == {State.DONE: DELIVERIES}


async def test_what_is_accepted_while_its_predecessor_ends_is_not_stuck(pooled: Database) -> None:
    floor = Floor(pooled, seed=0)
    await floor.accept(new_delivery("ticket:1"))
    async with pooled.transaction() as session:
        (first,) = await leases.claim(session, "w1", limit=1, lease=LEASE)
    async with pooled.transaction() as session:
        assert await leases.finish(session, first.identity, "w1")
        accepting = asyncio.create_task(floor.accept(new_delivery("ticket:1")))
        await asyncio.wait([accepting], timeout=0.1)
    second = await accepting
    async with pooled.transaction() as session:
        rows = await leases.claim(session, "w1", limit=1, lease=LEASE)
    assert [row.id for row in rows] == [second]
