"""Parts that become low are announced once, by what made them low."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.durable.models import Delivery
from hotrod.parts import changes, ledger
from hotrod.parts.errors import StockShortageError
from hotrod.parts.models import MovementKind as Kind
from hotrod.parts.models import Part
from hotrod.parts.orders import cancel_order, put_on_order
from hotrod.parts.store import lock_parts
from tests.hotrod.parts.ledger_kit import TICKET, add_part, post


async def announced(session: AsyncSession, part: Part) -> list[Delivery]:
    found = await session.exec(
        select(Delivery).where(Delivery.source == "stock", Delivery.title == f"{part.sku} is low")
    )
    return list(found.all())


async def stocked(session: AsyncSession, pieces: int = 3, *, active: bool = True) -> Part:
    part = await add_part(session, reorder_point=1, active=active)
    await post(session, part.sku, Kind.RECEIVE, pieces)
    return part


@pytest.fixture
async def nothing_stays(database: Database) -> AsyncIterator[None]:
    """Take the committed parts out of the catalogue, and what was told of them out of the inbox."""
    yield
    async with database.transaction() as session:
        await session.exec(delete(Delivery).where(col(Delivery.source) == "stock"))
        await session.exec(update(Part).where(col(Part.sku).startswith("T-")).values(active=False))


async def test_the_use_that_makes_low_is_told_to_whoever_sources(
    session: AsyncSession, company: Company
) -> None:
    part = await stocked(session)
    await post(session, part.sku, Kind.USE, 1)
    assert await announced(session, part) == []
    await post(session, part.sku, Kind.USE, 1)
    await post(session, part.sku, Kind.USE, 1)
    (told,) = await announced(session, part)
    assert told.event == "stock.low"
    assert told.business_key == company.default_business
    assert told.ordering_key == f"business:{company.default_business}"
    assert told.payload == {"business": company.default_business}


async def test_a_reservation_and_a_lost_order_tell_it_too(session: AsyncSession) -> None:
    reserved, cancelled, reduced = [await stocked(session) for _ in range(3)]
    await ledger.reserve(session, reserved.sku, 2, TICKET, key=reserved.sku, actor="maya")
    for part in (cancelled, reduced):
        await put_on_order(session, part.sku, 5, "PO-1")
        await post(session, part.sku, Kind.USE, 3)
        assert await announced(session, part) == []
    await cancel_order(session, cancelled.sku, "PO-1")
    await put_on_order(session, reduced.sku, 1, "PO-1")
    for part in (reserved, cancelled, reduced):
        assert len(await announced(session, part)) == 1


async def test_a_part_that_is_low_is_told_once_it_is_active(session: AsyncSession) -> None:
    low, full = await stocked(session, 1, active=False), await stocked(session, active=False)
    for part in (low, full):
        await changes.set_active(session, part.sku, active=True)
        await changes.set_active(session, part.sku, active=True)
    assert [len(await announced(session, part)) for part in (low, full)] == [1, 0]
    await changes.set_active(session, low.sku, active=False)
    assert not low.active


async def test_each_time_it_becomes_low_is_told(session: AsyncSession) -> None:
    part = await stocked(session)
    for _ in range(2):
        await post(session, part.sku, Kind.USE, 2)
        await post(session, part.sku, Kind.RETURN, 2)
    assert len(await announced(session, part)) == 2


async def test_nobody_is_told_of_a_part_that_is_no_longer_kept(session: AsyncSession) -> None:
    part = await stocked(session, active=False)
    assert (await post(session, part.sku, Kind.USE, 2)).became_low
    assert await announced(session, part) == []


@pytest.mark.usefixtures("nothing_stays")
async def test_what_is_not_posted_is_not_told(database: Database) -> None:
    async with database.transaction() as session:
        part = await stocked(session)

    async def use_twice() -> None:
        async with database.transaction() as own:
            for _ in range(2):
                await post(own, part.sku, Kind.USE, 2)

    with pytest.raises(StockShortageError):
        await use_twice()
    async with database.transaction() as session:
        assert await announced(session, part) == []


@pytest.mark.usefixtures("nothing_stays")
async def test_parts_that_become_low_at_once_are_all_told_and_none_waits_for_ever(
    database: Database,
) -> None:
    async with database.transaction() as session:
        parts = [await stocked(session) for _ in range(6)]
    everybody = asyncio.Barrier(len(parts))

    async def use_two(first: Part, second: Part) -> None:
        await everybody.wait()
        async with database.transaction() as own:
            await lock_parts(own, [first.sku, second.sku])
            for part in (first, second):
                await post(own, part.sku, Kind.USE, 1)

    await asyncio.gather(
        *(use_two(part, other) for part, other in zip(parts, parts[1:] + parts[:1], strict=True))
    )
    async with database.transaction() as session:
        assert [len(await announced(session, part)) for part in parts] == [1] * len(parts)
