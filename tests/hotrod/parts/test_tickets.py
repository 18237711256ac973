"""Tickets hold what they need of the shelf, as far as it goes, and no longer than they need it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable.models import Delivery
from hotrod.parts.ledger import release
from hotrod.parts.models import MovementKind, StockReservation
from hotrod.parts.store import catalogue
from hotrod.parts.tickets import release_leftovers, set_aside
from hotrod.repairs.models import TicketStatus
from tests.factories import add_ticket
from tests.hotrod.parts.ledger_kit import TICKET, add_part, post


async def stocked(session: AsyncSession, pieces: int, **values: object) -> str:
    sku = (await add_part(session, active=True, **values)).sku
    await post(session, sku, MovementKind.RECEIVE, pieces)
    return sku


async def free(session: AsyncSession, sku: str) -> int:
    (row,) = await catalogue(session, [sku])
    return row.available


async def hold(session: AsyncSession, needed: Mapping[str, int], ticket: str = TICKET) -> int:
    return await set_aside(session, ticket, needed, key=f"quote:{uuid4()}", actor="customer")


async def test_what_is_there_is_set_aside_and_no_more(session: AsyncSession) -> None:
    there, short = await stocked(session, 3), await stocked(session, 1)
    assert await hold(session, {there: 2, short: 2, "NOT-A-PART": 1}) == 3
    assert (await free(session, there), await free(session, short)) == (1, 0)


async def test_two_tickets_do_not_count_on_the_same_last_piece(session: AsyncSession) -> None:
    sku = await stocked(session, 1)
    assert [await hold(session, {sku: 1}, ticket) for ticket in ("NL-7", "NL-8")] == [1, 0]


async def test_what_a_ticket_has_used_or_holds_is_not_set_aside_again(
    session: AsyncSession,
) -> None:
    sku = await stocked(session, 9)
    await hold(session, {sku: 2})
    await post(session, sku, MovementKind.USE, 1)
    assert await hold(session, {sku: 2}) == 0
    assert await hold(session, {sku: 3}) == 1
    assert await free(session, sku) == 6


async def test_the_bench_comes_first_then_other_locations(session: AsyncSession) -> None:
    sku = await stocked(session, 1)
    await post(session, sku, MovementKind.RECEIVE, 5, location="attic")
    assert await hold(session, {sku: 3}) == 3
    rows = await session.exec(
        select(StockReservation).where(StockReservation.ticket == TICKET).order_by("id")
    )
    assert [(row.location, row.quantity) for row in rows] == [("bench", 1), ("attic", 2)]


async def test_a_part_that_becomes_low_by_it_is_announced(session: AsyncSession) -> None:
    sku = await stocked(session, 3, reorder_point=1)
    await hold(session, {sku: 2})
    titles = await session.exec(select(Delivery.title).where(Delivery.event == "stock.low"))
    assert f"{sku} is low" in titles.all()


async def test_some_of_what_is_set_aside_can_be_released(session: AsyncSession) -> None:
    sku = await stocked(session, 5)
    await hold(session, {sku: 4})
    assert await release(session, TICKET, sku, 3) == 3
    assert await free(session, sku) == 4
    assert await release(session, TICKET, sku, 3) == 1


@pytest.mark.parametrize("status", TicketStatus)
async def test_a_ticket_that_is_over_holds_nothing(
    session: AsyncSession, status: TicketStatus
) -> None:
    ticket, sku = await add_ticket(session), await stocked(session, 2)
    ticket.status = status
    await hold(session, {sku: 2}, ticket.number)
    await release_leftovers(session)
    is_over = status in {"declined", "expired", "ready", "collected", "cancelled"}
    assert await free(session, sku) == (2 if is_over else 0)
    assert await release_leftovers(session) == 0
