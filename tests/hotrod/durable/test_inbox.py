"""The inbox: accepted once, claimed by one, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.engine import Database
from hotrod.durable import inbox, leases
from hotrod.durable.heads import CHANNEL
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.errors import DeliveryConflictError, NotFoundError

pytestmark = pytest.mark.usefixtures("empty_inbox")

LEASE = timedelta(seconds=30)


def delivery(ordering_key: str | None = None, **changes: object) -> NewDelivery:
    values: dict[str, object] = {
        "source": "api:test",
        "delivery_id": uuid4().hex,
        "body_hash": "0" * 64,
        "event": "repair.requested",
        "business_key": "noizylab",
        "ordering_key": ordering_key or uuid4().hex,
        "title": "NL-1 PS5: no picture",
        "payload": {"ticket": "NL-1"},
        "answer": {"ticket": "NL-1"},
    }
    return NewDelivery(**{**values, **changes})  # type: ignore[arg-type]


async def take(session: AsyncSession, limit: int = 10, worker: str = "w1") -> list[str]:
    rows = await leases.claim(session, worker, limit=limit, lease=LEASE)
    return [row.delivery_id for row in rows]


async def stored(session: AsyncSession, delivery_id: str) -> Delivery:
    rows = await session.exec(
        select(Delivery)
        .where(Delivery.delivery_id == delivery_id)
        .execution_options(populate_existing=True)
    )
    return rows.one()


async def test_the_same_delivery_gets_the_same_answer(session: AsyncSession) -> None:
    new = delivery()
    with pytest.raises(NotFoundError):
        await inbox.replay(session, new.source, new.delivery_id, new.body_hash)
    await inbox.accept(session, new)
    answer = await inbox.replay(session, new.source, new.delivery_id, new.body_hash)
    assert answer == {"ticket": "NL-1"}


async def test_the_same_id_with_another_body_is_a_conflict(session: AsyncSession) -> None:
    new = delivery()
    await inbox.accept(session, new)
    with pytest.raises(DeliveryConflictError, match="another body"):
        await inbox.replay(session, new.source, new.delivery_id, "1" * 64)


async def test_urgent_goes_before_older_normal_and_bulk(session: AsyncSession) -> None:
    bulk, normal, urgent = (delivery(lane=lane) for lane in (Lane.BULK, Lane.NORMAL, Lane.URGENT))
    for new in (bulk, normal, urgent):
        await inbox.accept(session, new)
    expected = [urgent.delivery_id, normal.delivery_id, bulk.delivery_id]
    assert await take(session) == expected


async def test_one_at_a_time_per_ordering_key(session: AsyncSession) -> None:
    first, second = delivery("ticket:NL-1"), delivery("ticket:NL-1")
    await inbox.accept(session, first)
    await inbox.accept(session, second)
    assert await take(session) == [first.delivery_id]
    assert await take(session) == []
    row = await stored(session, first.delivery_id)
    assert row.id is not None
    assert await leases.finish(session, row.id, "w1")
    assert await take(session) == [second.delivery_id]


async def test_what_is_to_rest_is_claimed_when_it_has_rested(session: AsyncSession) -> None:
    rested = delivery(rest=timedelta(microseconds=1))
    resting, follower = delivery("a", rest=timedelta(minutes=10)), delivery("a")
    for new in (rested, resting, follower):
        await inbox.accept(session, new)
    connection = await session.connection()
    await connection.exec_driver_sql(
        "UPDATE inbox SET lease_until = lease_until - interval '1 second'"
    )

    assert await take(session) == [rested.delivery_id]
    assert (await stored(session, rested.delivery_id)).attempts == 1
    await connection.exec_driver_sql(
        "UPDATE inbox SET lease_until = lease_until - interval '10 minutes'"
    )
    assert resting.delivery_id in await take(session)
    assert (await stored(session, follower.delivery_id)).state == DeliveryState.HELD


async def test_who_comes_after_others_goes_on_after_them_rested_or_not(
    session: AsyncSession,
) -> None:
    first, second = delivery("a"), delivery("a", rest=timedelta(minutes=10))
    await inbox.accept(session, first)
    await inbox.accept(session, second)
    await take(session)
    row = await stored(session, first.delivery_id)
    assert await leases.finish(session, row.identity, "w1")
    assert await take(session) == [second.delivery_id]


async def test_a_claim_takes_no_more_than_its_window(session: AsyncSession) -> None:
    for _ in range(3):
        await inbox.accept(session, delivery())
    assert len(await take(session, limit=2)) == 2
    assert len(await take(session, limit=2)) == 1


async def test_an_expired_lease_is_taken_over_and_the_old_holder_can_do_nothing(
    session: AsyncSession,
) -> None:
    new = delivery()
    await inbox.accept(session, new)
    await leases.claim(session, "dead", limit=1, lease=timedelta(seconds=-1))
    assert await take(session, worker="w2") == [new.delivery_id]
    row = await stored(session, new.delivery_id)
    assert (row.worker, row.attempts) == ("w2", 2)
    assert row.id is not None
    assert not await leases.finish(session, row.id, "dead")
    assert not await leases.attach_run(session, row.id, "dead", uuid4())
    assert await leases.finish(session, row.id, "w2")


async def test_a_renewed_lease_is_not_taken_over(session: AsyncSession) -> None:
    new = delivery()
    await inbox.accept(session, new)
    (row,) = await leases.claim(session, "w1", limit=1, lease=timedelta(seconds=-1))
    assert row.id is not None
    await leases.renew(session, [row.id], "w1", LEASE)
    assert await take(session, worker="w2") == []


async def test_released_is_claimed_again_and_buried_is_not(session: AsyncSession) -> None:
    new = delivery()
    await inbox.accept(session, new)
    (row,) = await leases.claim(session, "w1", limit=1, lease=LEASE)
    assert row.id is not None
    assert await leases.release(session, row.id, "w1", "the worker stopped", counts=False)
    assert (await stored(session, new.delivery_id)).attempts == 0
    assert await take(session) == [new.delivery_id]
    assert await leases.bury(session, row.id, "w1", "the flow failed")
    assert await take(session) == []
    buried = await stored(session, new.delivery_id)
    assert (buried.state, buried.last_error) == (DeliveryState.DEAD, "the flow failed")


async def test_counts_tell_what_waits_and_what_died(session: AsyncSession) -> None:
    before = await inbox.count(session)
    await inbox.accept(session, delivery())
    await inbox.accept(session, delivery())
    (row,) = await leases.claim(session, "w1", limit=1, lease=LEASE)
    assert row.id is not None
    after = await inbox.count(session)
    assert (after.waiting - before.waiting, after.claimed - before.claimed) == (1, 1)
    assert after.oldest_waiting_seconds >= 0


@pytest.fixture
async def committed(database: Database) -> AsyncIterator[str]:
    """A source of committed deliveries, removed after the test."""
    source = f"api:{uuid4().hex[:8]}"
    yield source
    async with database.transaction() as session:
        await session.exec(delete(Delivery).where(col(Delivery.source) == source))


async def test_of_two_racing_transactions_one_accepts(database: Database, committed: str) -> None:
    new = delivery(source=committed)

    async def accept() -> str:
        try:
            async with database.transaction() as session:
                await inbox.accept(session, new)
        except DuplicateDeliveryError:
            return "duplicate"
        return "accepted"

    outcomes = await asyncio.gather(*(accept() for _ in range(4)))
    assert sorted(outcomes) == ["accepted", "duplicate", "duplicate", "duplicate"]


async def test_racing_workers_never_claim_the_same(database: Database, committed: str) -> None:
    async with database.transaction() as session:
        for _ in range(12):
            await inbox.accept(session, delivery(source=committed))

    async def work(name: str) -> list[str]:
        async with database.transaction() as session:
            return await take(session, limit=5, worker=name)

    claimed = await asyncio.gather(*(work(f"w{number}") for number in range(4)))
    ids = [delivery_id for ids in claimed for delivery_id in ids]
    assert len(ids) == len(set(ids))


async def test_accepting_wakes_a_listener_at_commit(database: Database, committed: str) -> None:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    woken = asyncio.Event()
    await connection.add_listener(CHANNEL, lambda *_: woken.set())
    async with database.transaction() as session:
        await inbox.accept(session, delivery(source=committed))
    await asyncio.wait_for(woken.wait(), 5)
    await connection.close()
