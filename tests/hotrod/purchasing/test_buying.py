"""What analytics hear of purchases: how each was placed, how long it took, how late it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.db.engine import Database
from hotrod.errors import ForbiddenTransitionError, InvalidInputError
from hotrod.parts.models import MovementKind, PartOnOrder
from hotrod.parts.store import find_part, on_order
from hotrod.purchasing.buying import (
    cancel,
    correct_order,
    is_late,
    note_late,
    note_mailed,
    note_ordered,
    note_received,
)
from hotrod.purchasing.models import Purchase, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.rounds import note_unsearched
from hotrod.purchasing.store import read_purchase, read_round
from hotrod.purchasing.words import unsearched
from tests.hotrod.parts.ledger_kit import post
from tests.hotrod.purchasing.kit import NOW, low_part, order_for, past_round
from tests.hotrod.purchasing.test_payments import waiting_for_a_lock
from tests.hotrod.sourcing.kit import offer


async def events(session: AsyncSession, name: str, **fields: str) -> list[Mapping[str, Any]]:
    found = await session.exec(select(AnalyticsEvent.fields).where(AnalyticsEvent.name == name))
    return [one for one in found if fields.items() <= one.items()]


@pytest.fixture
async def purchase(session: AsyncSession) -> Purchase:
    """Four pieces that were ordered, and expected on November 26."""
    part = await low_part(session)
    current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
    (bought,) = await plan_purchases(session, current, [order_for(part.sku)], {})
    await note_ordered(session, bought.id, by="maya", at=NOW)
    return bought


async def test_an_order_is_counted_once(session: AsyncSession, purchase: Purchase) -> None:
    await note_ordered(session, purchase.id, by="maya", at=NOW)
    (event,) = await events(session, "purchase.ordered", purchase=purchase.number)
    assert (event["total"], event["currency"], event["placed_by"]) == ("36.00", "CAD", "link")


async def test_a_late_order_is_counted_with_its_days(
    session: AsyncSession, purchase: Purchase
) -> None:
    later = NOW + timedelta(days=8)
    assert is_late(purchase, later.date())
    await note_late(session, purchase.id, later)
    (event,) = await events(session, "purchase.late", purchase=purchase.number)
    assert (event["source"], event["days_late"]) == ("ebay", 2)
    assert not is_late(purchase, later.date()), "it is told once"


@pytest.mark.parametrize(
    ("ordered_at", "state", "pieces"), [(None, "ordered", 4), (NOW, "cancelled", 0)]
)
async def test_a_mail_that_is_out_is_an_order_unless_who_cancelled_knew_of_it(
    session: AsyncSession,
    purchase: Purchase,
    ordered_at: datetime | None,
    state: str,
    pieces: int,
) -> None:
    await cancel(session, purchase.id, by="ops", reason="sold out")
    purchase.ordered_at = ordered_at
    await note_mailed(session, purchase.id)
    assert purchase.state == state
    (sku,) = (await read_purchase(session, purchase.id)).skus.values()
    part = await find_part(session, sku)
    assert await on_order(session, part.id) == pieces


async def test_what_came_is_counted_with_the_days_that_it_took(
    session: AsyncSession, purchase: Purchase
) -> None:
    (sku,) = (await read_purchase(session, purchase.id)).skus.values()
    await post(session, sku, MovementKind.RECEIVE, 4, order_reference=purchase.number)
    assert purchase in await note_received(session, NOW + timedelta(days=5))
    (event,) = await events(session, "purchase.received", purchase=purchase.number)
    assert (event["days"], event["days_late"]) == (5, -1)


async def test_what_is_cancelled_while_receipts_are_looked_at_is_not_received(
    database: Database,
) -> None:
    async with database.transaction() as session:
        part = await low_part(session)
        part.active = False  # other tests count what is low
        current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
        (bought,) = await plan_purchases(session, current, [order_for(part.sku)], {})
        await note_ordered(session, bought.id, by="maya", at=NOW)
    async with database.transaction() as cancelling:
        await cancel(cancelling, bought.id, by="ops", reason="sold out")
        await cancelling.flush()
        receiving = asyncio.create_task(_received(database))
        await waiting_for_a_lock(database)
    assert bought.id not in await receiving
    async with database.transaction() as session:
        purchase = (await read_purchase(session, bought.id)).purchase
        assert (purchase.state, purchase.received_at) == ("cancelled", None)


async def _received(database: Database) -> list[UUID]:
    async with database.transaction() as session:
        return [one.id for one in await note_received(session, NOW)]


async def test_a_source_that_was_away_is_noted_until_something_is_proposed(
    session: AsyncSession,
) -> None:
    part = await low_part(session)
    current = await past_round(session, RoundState.SEARCHING, part.sku, closed_at=None)
    await note_unsearched(session, current.id, "ebay", "it answered 503")
    await note_unsearched(session, current.id, "great_lakes", "x" * 1000)
    current.state = RoundState.PROPOSED
    await note_unsearched(session, current.id, "northbench", "it answered 503")

    first, second = unsearched(current)
    assert first == "ebay could not be searched: it answered 503"
    assert len(second) < 400
    told = await events(session, "sourcing.unsearched", round=str(current.id))
    assert {one["source"] for one in told} == {"ebay", "great_lakes"}


async def test_days_are_those_of_the_company_not_of_utc(
    session: AsyncSession, purchase: Purchase
) -> None:
    evening = datetime(2026, 11, 28, 3, tzinfo=UTC)
    await note_late(session, purchase.id, evening)
    (event,) = await events(session, "purchase.late", purchase=purchase.number)
    assert event["days_late"] == 1, "it is the evening of the 27th in Toronto"
    (row,) = await session.exec(
        select(PartOnOrder).where(PartOnOrder.order_reference == purchase.number)
    )
    assert row.expected_at == datetime(2026, 11, 27, 5, tzinfo=UTC), "Toronto's midnight"


@pytest.mark.parametrize(("source", "days"), [("Great Lakes Components", 5), ("ebay", 14)])
async def test_an_order_of_which_nobody_told_a_day_is_expected_after_the_usual_lead(
    session: AsyncSession, source: str, days: int
) -> None:
    part = await low_part(session)
    current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
    order = order_for(part.sku)
    (line,) = order.lines
    unsaid = line.model_copy(update={"offer": offer(delivery=None)})
    order = order.model_copy(update={"source": source, "lines": (unsaid,)})
    (bought,) = await plan_purchases(session, current, [order], {})
    await note_ordered(session, bought.id, by="maya", at=datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert bought.expected_on == date(2026, 11, 20) + timedelta(days=days)


async def test_an_order_by_mail_is_noted_while_its_round_is_locked(database: Database) -> None:
    """Who drops a round locks it first, then its purchases; the other way round is a deadlock."""
    async with database.transaction() as session:
        part = await low_part(session)
        part.active = False  # other tests count what is low
        current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
        (bought,) = await plan_purchases(session, current, [order_for(part.sku)], {})

    async def note() -> None:
        async with database.transaction() as session:
            await note_mailed(session, bought.id)

    async with database.transaction() as session:
        await read_round(session, current.id, lock=True)
        await asyncio.wait_for(note(), 20)


@pytest.mark.parametrize("reason", ["", " ", "x" * 501])
async def test_what_is_ordered_is_not_cancelled_without_a_reason(
    session: AsyncSession, purchase: Purchase, reason: str
) -> None:
    with pytest.raises(InvalidInputError):
        await cancel(session, purchase.id, by="ops", reason=reason)
    assert purchase.state == "ordered"


async def test_what_was_cancelled_and_comes_all_the_same_is_on_order_again(
    session: AsyncSession, purchase: Purchase
) -> None:
    await cancel(session, purchase.id, by="ops", reason="sold out")
    (told,) = await events(session, "purchase.cancelled", purchase=purchase.number)
    assert told["reason"] == "sold out"
    with pytest.raises(ForbiddenTransitionError, match="if it comes all the same"):
        await note_ordered(session, purchase.id, by="ops")
    await correct_order(session, purchase.id, by="ops", order_number=purchase.order_number)
    assert purchase.state == "ordered"
    (sku,) = (await read_purchase(session, purchase.id)).skus.values()
    part = await find_part(session, sku)
    assert await on_order(session, part.id) == 4
