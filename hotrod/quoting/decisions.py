"""A customer decides about a quote: once, while it is open, and on record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.errors import NotFoundError
from hotrod.links import Choice
from hotrod.parts.tickets import set_aside
from hotrod.quoting.models import Quote, QuoteLine, QuoteState
from hotrod.repairs.models import Ticket, TicketStatus
from hotrod.repairs.store import move

_STATES: dict[Choice, QuoteState] = {
    "approve": QuoteState.APPROVED,
    "decline": QuoteState.DECLINED,
}
_STATUSES: dict[Choice, TicketStatus] = {
    "approve": TicketStatus.APPROVED,
    "decline": TicketStatus.DECLINED,
}


@dataclass(frozen=True)
class Decision:
    """How a quote stands after an answer; ``counted`` tells whether this answer made it so."""

    quote: Quote
    ticket: Ticket
    counted: bool


def is_open(quote: Quote, ticket: Ticket, at: datetime) -> bool:
    """Tell whether a quote of a ticket can be decided at a moment."""
    return (
        quote.state == QuoteState.SENT
        and ticket.status == TicketStatus.QUOTED
        and at <= quote.expires_at
    )


async def decide(
    session: AsyncSession,
    quote_id: UUID,
    choice: Choice,
    *,
    address: str,
    at: datetime,
    reason: str = "",
) -> Decision:
    """Record a customer's answer to a quote; the first answer to an open quote counts.

    The ticket moves on, and the event ``quote.decided`` is written into the inbox, in the
    caller's transaction. What is free of the parts that an approved quote needs is set aside.

    Args:
        session: in a transaction that locks no row after this.
        quote_id: the quote.
        choice: approve or decline.
        address: IP address that it came from.
        at: when.
        reason: of a refusal, in the customer's words.

    Raises:
        NotFoundError: there is no such quote.
    """
    found = await session.exec(select(Quote.ticket_id).where(Quote.id == quote_id))
    ticket_id = found.first()
    if ticket_id is None:
        raise NotFoundError("quote", str(quote_id))
    # The ticket first, as everybody else does: two locks in two orders would deadlock.
    ticket = await _locked(session, ticket_id)
    quote = cast(
        "Quote",
        await session.get(Quote, quote_id, with_for_update=True, populate_existing=True),
    )
    if not is_open(quote, ticket, at):
        return Decision(quote, ticket, counted=False)
    quote.state = _STATES[choice]
    quote.decided_at = at
    quote.decided_from = address
    quote.decline_reason = reason
    session.add(quote)
    move(session, ticket, _STATUSES[choice], actor="customer", reason=f"quote v{quote.version}")
    await record(
        session,
        f"quote.{quote.state}",
        ticket.business_key,
        ticket_id=ticket.id,
        total=str(quote.total),
    )
    await inbox.accept(
        session,
        NewDelivery(
            source="quote-link",
            delivery_id=str(quote.id),
            body_hash=str(quote.state),
            event="quote.decided",
            business_key=ticket.business_key,
            ordering_key=f"ticket:{ticket.number}",
            title=f"{ticket.number} quote {quote.state}",
            payload={"ticket": ticket.number, "quote": str(quote.id)},
        ),
    )
    if quote.state == QuoteState.APPROVED:
        await _set_parts_aside(session, quote, ticket)
    return Decision(quote, ticket, counted=True)


async def _set_parts_aside(session: AsyncSession, quote: Quote, ticket: Ticket) -> None:
    lines = await session.exec(select(QuoteLine).where(QuoteLine.quote_id == quote.id))
    needed = Counter[str]()
    for line in lines:
        if line.sku is not None:
            needed[line.sku] += int(line.quantity)
    await set_aside(session, ticket.number, needed, key=f"quote:{quote.id}", actor="customer")


async def _locked(session: AsyncSession, ticket_id: UUID) -> Ticket:
    found = await session.exec(select(Ticket).where(Ticket.id == ticket_id).with_for_update())
    return found.one()
