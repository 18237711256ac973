"""Whatever answers come, in whatever order: the first one to an open quote counts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable.models import Delivery
from hotrod.links import Choice
from hotrod.quoting.decisions import decide
from hotrod.quoting.models import QuoteState
from hotrod.repairs.models import TicketStatus
from tests.factories import add_sent_quote, add_ticket

STATES: dict[str, QuoteState] = {"approve": QuoteState.APPROVED, "decline": QuoteState.DECLINED}

in_time_or_late = st.integers(-3600, 3600).map(lambda seconds: timedelta(seconds=seconds))
answer = st.tuples(st.sampled_from(sorted(STATES)), in_time_or_late)
recall = st.sampled_from(["superseded", "cancelled"])


@given(events=st.lists(answer | recall, min_size=1, max_size=5))
@settings(
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_the_first_answer_to_an_open_quote_counts(
    session: AsyncSession, events: list[tuple[Choice, timedelta] | str]
) -> None:
    ticket = await add_ticket(session)
    quote = await add_sent_quote(session, ticket)
    decided: tuple[Choice, timedelta] | None = None
    recalled = False
    for event in events:
        if isinstance(event, str):
            recalled = recalled or decided is None
            if decided is None and event == "superseded":
                quote.state = QuoteState.SUPERSEDED
            elif decided is None:
                ticket.status = TicketStatus.CANCELLED
            continue
        choice, offset = event
        at = quote.expires_at + offset
        decision = await decide(session, quote.id, choice, address="192.0.2.7", at=at)
        counts = decided is None and not recalled and offset <= timedelta(0)
        assert decision.counted == counts
        if counts:
            decided = event
        await session.refresh(quote)
        await session.refresh(ticket)
        if decided is not None:
            assert quote.state == ticket.status == STATES[decided[0]]
            assert quote.decided_at == quote.expires_at + decided[1]
    written = await session.exec(
        select(func.count())
        .select_from(Delivery)
        .where(col(Delivery.delivery_id) == str(quote.id), col(Delivery.source) == "quote-link")
    )
    assert written.one() == (decided is not None)
