"""A quote is decided once, while it is open, and on record."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable.models import Delivery
from hotrod.errors import NotFoundError
from hotrod.links import Choice
from hotrod.parts.models import MovementKind, StockReservation
from hotrod.quoting.decisions import decide
from hotrod.quoting.models import Quote, QuoteState
from hotrod.repairs.models import StatusChange, Ticket, TicketStatus
from tests.factories import add_sent_quote, add_ticket
from tests.hotrod.parts.ledger_kit import OVERRIDE, post


async def deliveries(session: AsyncSession, quote: Quote) -> list[Delivery]:
    found = await session.exec(select(Delivery).where(Delivery.delivery_id == str(quote.id)))
    return list(found.all())


@pytest.mark.parametrize(
    ("choice", "state"),
    [("approve", QuoteState.APPROVED), ("decline", QuoteState.DECLINED)],
)
async def test_an_answer_is_recorded_and_the_ticket_moves_on(
    session: AsyncSession, choice: Choice, state: QuoteState
) -> None:
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    at = now()
    decision = await decide(
        session, quote.id, choice, address="192.0.2.7", at=at, reason="too much"
    )
    assert decision.counted
    assert (decision.quote.state, decision.quote.decided_at) == (state, at)
    assert (decision.quote.decided_from, decision.quote.decline_reason) == ("192.0.2.7", "too much")
    assert decision.ticket.status == state.value
    changes = await session.exec(
        select(StatusChange)
        .where(StatusChange.ticket_id == ticket.id)
        .order_by(col(StatusChange.at).desc())
    )
    last = changes.first()
    assert last is not None
    assert (last.from_status, last.to_status, last.actor, last.reason) == (
        "quoted",
        state.value,
        "customer",
        "quote v1",
    )
    events = await session.exec(
        select(AnalyticsEvent.name).where(AnalyticsEvent.ticket_id == ticket.id)
    )
    assert events.all() == [f"quote.{state}"]
    (row,) = await deliveries(session, quote)
    assert (row.event, row.source) == ("quote.decided", "quote-link")
    assert row.payload == {"ticket": ticket.number, "quote": str(quote.id)}
    assert row.ordering_key == f"ticket:{ticket.number}"
    assert row.title == f"{ticket.number} quote {state}"


async def test_the_first_answer_stands(session: AsyncSession) -> None:
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    first = now()
    await decide(session, quote.id, "approve", address="192.0.2.7", at=first)
    second = await decide(
        session, quote.id, "decline", address="198.51.100.1", at=now(), reason="changed my mind"
    )
    assert not second.counted
    assert (second.quote.state, second.quote.decided_at) == (QuoteState.APPROVED, first)
    assert (second.quote.decided_from, second.quote.decline_reason) == ("192.0.2.7", "")
    assert second.ticket.status == TicketStatus.APPROVED
    assert len(await deliveries(session, quote)) == 1


@pytest.mark.parametrize("state", [state for state in QuoteState if state is not QuoteState.SENT])
async def test_only_a_sent_quote_can_be_decided(session: AsyncSession, state: QuoteState) -> None:
    quote = await add_sent_quote(session, await add_ticket(session))
    quote.state = state
    decision = await decide(session, quote.id, "approve", address="", at=now())
    assert not decision.counted
    assert decision.quote.state == state
    assert decision.ticket.status == TicketStatus.QUOTED
    assert not await deliveries(session, quote)


async def test_an_offer_ends_when_it_says(session: AsyncSession) -> None:
    quote = await add_sent_quote(session, await add_ticket(session))
    late = await decide(
        session, quote.id, "approve", address="", at=quote.expires_at + timedelta(microseconds=1)
    )
    assert not late.counted
    in_time = await decide(session, quote.id, "approve", address="", at=quote.expires_at)
    assert in_time.counted


async def test_a_cancelled_repair_can_not_be_approved(session: AsyncSession) -> None:
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    ticket.status = TicketStatus.CANCELLED
    decision = await decide(session, quote.id, "approve", address="", at=now())
    assert not decision.counted
    assert decision.ticket.status == TicketStatus.CANCELLED


async def test_a_quote_that_is_not_there_is_told(session: AsyncSession) -> None:
    with pytest.raises(NotFoundError):
        await decide(session, uuid4(), "approve", address="", at=now())


async def test_of_two_answers_at_once_one_counts(database: Database) -> None:
    async with database.transaction() as session:
        ticket = await add_ticket(session)
        quote = await add_sent_quote(session, ticket)

    async def answer(choice: Choice) -> bool:
        async with database.transaction() as session:
            decision = await decide(session, quote.id, choice, address="", at=now())
            return decision.counted

    choices: tuple[Choice, ...] = ("approve", "decline", "approve", "decline")
    counted = await asyncio.gather(*map(answer, choices))
    assert sum(counted) == 1
    async with database.transaction() as session:
        row = await session.get(Ticket, ticket.id)
        stored = await session.get(Quote, quote.id)
        assert row is not None
        assert stored is not None
        assert row.status == stored.state
        assert row.status in {"approved", "declined"}
        assert len(await deliveries(session, quote)) == 1


@pytest.mark.parametrize(("choice", "held"), [("approve", 1), ("decline", 0)])
async def test_the_parts_of_an_approved_quote_are_set_aside(
    session: AsyncSession, choice: Choice, held: int
) -> None:
    await post(session, "HDMI-PS5", MovementKind.RECEIVE, 9)
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    await decide(session, quote.id, choice, address="", at=now())
    rows = await session.exec(
        select(StockReservation).where(StockReservation.ticket == ticket.number)
    )
    keys = [(row.key, row.quantity) for row in rows]
    assert keys == [(f"quote:{quote.id}:HDMI-PS5", 1)] * held


async def test_an_empty_shelf_does_not_stop_an_approval(session: AsyncSession) -> None:
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    await post(session, "HDMI-PS5", MovementKind.COUNT, 0, override=OVERRIDE)
    decision = await decide(session, quote.id, "approve", address="", at=now())
    assert decision.counted
