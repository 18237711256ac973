"""What a ticket looks like from outside."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway.context import Context
from hotrod.analytics.store import steps
from hotrod.mail.store import sent_mails
from hotrod.quoting.store import latest_quote
from hotrod.repairs.store import read_ticket
from hotrod.staff.store import technician


class StepView(BaseModel):
    """A step of the process that the ticket has passed."""

    name: str
    at: datetime


class MailView(BaseModel):
    """A mail that its customer was sent."""

    kind: str
    sent_at: datetime


class QuoteView(BaseModel):
    """The newest version of its quote; amounts in ``currency``, tax included in ``total``."""

    version: int
    state: str
    total: Decimal
    currency: str
    expires_at: datetime
    decided_at: datetime | None


class TicketView(BaseModel):
    """A ticket as callers with a key see it."""

    ticket: str
    business: str
    title: str
    status: str
    urgency: str
    route: str
    dangers: list[str]
    needs_review: bool
    technician: str | None
    opened_at: datetime
    updated_at: datetime
    status_url: str
    run_id: UUID | None
    run_url: str | None
    steps: list[StepView]
    mails: list[MailView]
    quote: QuoteView | None


async def ticket_view(session: AsyncSession, context: Context, number: str) -> TicketView:
    """Gather what is known of a ticket.

    Raises:
        NotFoundError: there is no such ticket.
    """
    ticket = (await read_ticket(session, number)).ticket
    person = await technician(session, ticket.technician_id) if ticket.technician_id else None
    quote = await latest_quote(session, ticket.id)
    prefect = context.settings.prefect_url
    return TicketView(
        **ticket.model_dump(
            include={
                *("title", "status", "urgency", "route", "dangers", "needs_review"),
                *("opened_at", "updated_at", "run_id"),
            }
        ),
        ticket=ticket.number,
        business=ticket.business_key,
        technician=person.key if person else None,
        status_url=context.links.view_url(ticket.id),
        run_url=f"{prefect}/runs/flow-run/{ticket.run_id}" if ticket.run_id else None,
        steps=[
            StepView(name=event.name.removeprefix("step."), at=event.at)
            for event in await steps(session, ticket.id)
        ],
        mails=[
            MailView(kind=mail.kind, sent_at=mail.sent_at)
            for mail in await sent_mails(session, ticket.id)
            if mail.sent_at is not None
        ],
        quote=QuoteView.model_validate(quote, from_attributes=True) if quote else None,
    )
