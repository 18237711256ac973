from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from hotrod.db.engine import Database, is_away


async def test_who_loses_the_connection_of_a_lock_is_stopped(database: Database) -> None:
    own = Database(create_async_engine(database.engine.url))
    holds = asyncio.Event()
    goes_on = False

    async def act() -> None:
        nonlocal goes_on
        async with own.exclusively("mine") as transaction:
            async with transaction() as session:
                pid = await (await session.connection()).scalar(text("SELECT pg_backend_pid()"))
            holds.set()
            async with database.engine.connect() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await asyncio.sleep(10)
            goes_on = True

    with pytest.raises(Exception) as lost:  # noqa: PT011 - which one, is asserted
        async with asyncio.timeout(5):
            await act()
    assert holds.is_set()
    assert not goes_on
    assert is_away(lost.value)
    await own.close()


async def test_the_victim_of_a_deadlock_may_try_again(database: Database) -> None:
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as session:
            connection = await session.connection()
            await connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
            await both_hold_one.wait()
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})

    victim, other = sorted(
        await asyncio.gather(lock(71, 72), lock(72, 71), return_exceptions=True),
        key=lambda one: one is None,
    )
    assert is_away(victim)
    assert other is None


async def test_a_lock_is_waited_for(database: Database) -> None:
    order: list[str] = []

    async def act(name: str) -> None:
        async with database.exclusively("ours"):
            order.append(f"{name} begins")
            await asyncio.sleep(0.05)
            order.append(f"{name} ends")

    await asyncio.gather(act("a"), act("b"))
    first, second = order[0][0], order[2][0]
    assert order == [f"{first} begins", f"{first} ends", f"{second} begins", f"{second} ends"]
