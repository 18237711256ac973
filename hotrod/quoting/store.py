"""Read quotes with their lines, and write new versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import NotFoundError
from hotrod.quoting.models import Quote, QuoteLine, QuoteState
from hotrod.quoting.rules import PricedQuote
from hotrod.repairs.models import Ticket


@dataclass(frozen=True)
class ItemizedQuote:
    """A quote with its lines, in order."""

    quote: Quote
    lines: tuple[QuoteLine, ...]


async def read_quote(session: AsyncSession, quote_id: UUID) -> ItemizedQuote:
    """Return a quote with its lines.

    Raises:
        NotFoundError: there is no such quote.
    """
    quote = await session.get(Quote, quote_id)
    if quote is None:
        raise NotFoundError("quote", str(quote_id))
    lines = await session.exec(
        select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(col(QuoteLine.position))
    )
    return ItemizedQuote(quote, tuple(lines.all()))


async def latest_quote(session: AsyncSession, ticket_id: UUID) -> Quote | None:
    """Return the newest version of a ticket's quote, or None."""
    found = await session.exec(
        select(Quote).where(Quote.ticket_id == ticket_id).order_by(col(Quote.version).desc())
    )
    return found.first()


async def add_quote(
    session: AsyncSession,
    ticket_id: UUID,
    diagnosis_id: UUID,
    priced: PricedQuote,
    *,
    created_at: datetime,
    expires_at: datetime,
) -> Quote:
    """Store a priced quote as the next version; undecided older versions are superseded.

    The same price from the same diagnosis is not stored twice: the stored quote is returned.
    The ticket must be locked by the caller.
    """
    latest = await latest_quote(session, ticket_id)
    if (
        latest is not None
        and latest.diagnosis_id == diagnosis_id
        and latest.fingerprint == priced.fingerprint
    ):
        return latest
    await session.exec(
        update(Quote)
        .where(
            col(Quote.ticket_id) == ticket_id,
            col(Quote.state).in_([QuoteState.DRAFT, QuoteState.SENT]),
        )
        .values(state=QuoteState.SUPERSEDED)
    )
    quote = Quote(
        ticket_id=ticket_id,
        version=1 if latest is None else latest.version + 1,
        diagnosis_id=diagnosis_id,
        state=QuoteState.DRAFT,
        currency=priced.currency,
        subtotal=priced.subtotal,
        tax=priced.tax,
        total=priced.total,
        fingerprint=priced.fingerprint,
        created_at=created_at,
        expires_at=expires_at,
    )
    session.add(quote)
    await session.flush()
    for position, line in enumerate(priced.lines, start=1):
        session.add(
            QuoteLine(
                quote_id=quote.id,
                position=position,
                kind=line.kind,
                description=line.description,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line.amount,
                reason=line.reason,
                sku=line.sku,
            )
        )
    return quote


async def open_quotes(session: AsyncSession) -> Sequence[tuple[Quote, Ticket]]:
    """Return the quotes that wait for the customer, with their tickets, oldest first."""
    found = await session.exec(
        select(Quote, Ticket)
        .join(Ticket, col(Ticket.id) == Quote.ticket_id)
        .where(Quote.state == QuoteState.SENT)
        .order_by(col(Quote.sent_at))
    )
    return found.all()
