"""The budget of model calls, shared by all processes."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlmodel import delete, select

from connectors.claude.budget import Budget
from connectors.claude.models import Usage
from hotrod.ai.budget import SharedBudget, spending_on
from hotrod.ai.models import ModelCall
from hotrod.db.engine import Database
from hotrod.services.settings import ClaudeSettings

MOST = Usage("claude-opus-5", "", 100, 2_000)
SETTINGS = ClaudeSettings(daily_budget_cad=1.4, usd_to_cad=1.4)


@pytest.fixture
async def budget(database: Database) -> Budget:
    async with database.transaction() as session:
        await session.exec(delete(ModelCall))
    return SharedBudget(database, SETTINGS)


async def booked(database: Database) -> list[ModelCall]:
    async with database.transaction() as session:
        return list(await session.exec(select(ModelCall)))


async def test_a_booking_counts_until_it_is_settled(database: Database, budget: Budget) -> None:
    with spending_on("diagnosis", None):
        booking = await budget.reserve(MOST, Decimal("0.9"))
    assert booking is not None
    assert await budget.reserve(MOST, Decimal("0.2")) is None

    took = Usage("claude-opus-5-20260101", "req_1", 90, 10, cache_read_tokens=5)
    await budget.settle(booking, took, Decimal("0.5"))

    (call,) = await booked(database)
    assert (call.purpose, call.model, call.request_id) == ("diagnosis", took.model, "req_1")
    assert (call.input_tokens, call.output_tokens, call.cost) == (95, 10, Decimal("0.7"))
    assert await budget.reserve(MOST, Decimal("0.5")) is not None
    assert await budget.reserve(MOST, Decimal("0.000001")) is None


async def test_what_is_given_back_leaves_nothing(database: Database, budget: Budget) -> None:
    booking = await budget.reserve(MOST, Decimal(1))
    assert booking is not None

    await budget.release(booking)

    assert await booked(database) == []


async def test_many_at_once_never_book_more_than_there_is(
    database: Database, budget: Budget
) -> None:
    made = await asyncio.gather(*(budget.reserve(MOST, Decimal("0.3")) for _ in range(8)))

    assert sum(one is not None for one in made) == 3
    assert sum(call.cost for call in await booked(database)) == Decimal("1.26")


async def test_a_correction_is_as_once_and_books_nothing_new(
    database: Database, budget: Budget
) -> None:
    booking = await budget.reserve(MOST, Decimal(1))
    assert booking is not None
    await budget.settle(booking, Usage("claude-opus-5", "msgbatch_1", 100, 2_000), Decimal(1))

    for _ in range(2):
        await budget.correct(Usage("claude-opus-5", "msgbatch_1", 100, 7), Decimal("0.1"))
    await budget.correct(Usage("claude-opus-5", "msgbatch_9", 1, 1), Decimal("0.1"))

    (call,) = await booked(database)
    assert (call.output_tokens, call.cost) == (7, Decimal("0.14"))
