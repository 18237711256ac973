"""Pages for customers: the status of a repair, and the decision about a quote.

Signed links lead here; there is no login. A GET never acts, because mail scanners follow links.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.auth import address_of
from gateway.context import Context, InContext
from hotrod.company.models import Business, Company
from hotrod.db.columns import now
from hotrod.errors import LinkError, NotFoundError
from hotrod.links import Choice
from hotrod.quoting.decisions import decide, is_open
from hotrod.quoting.models import Quote, QuoteState
from hotrod.quoting.store import ItemizedQuote, latest_quote, read_quote
from hotrod.repairs.models import StatusChange, Ticket, TicketStatus
from hotrod.repairs.rules import customer_status_text
from hotrod.repairs.store import TicketFile, history, photos, read_ticket

router = APIRouter(include_in_schema=False, route_class=html.PageRoute)


@dataclass(frozen=True)
class TicketPage:
    """What the page of a ticket shows."""

    file: TicketFile
    business: Business
    history: tuple[StatusChange, ...]
    photo_count: int
    offer: ItemizedQuote | None

    @property
    def ticket(self) -> Ticket:
        """The ticket itself."""
        return self.file.ticket

    @property
    def status_text(self) -> tuple[str, str]:
        """Headline and explanation of where it stands."""
        return customer_status_text(TicketStatus(self.ticket.status))

    @property
    def past(self) -> list[tuple[str, datetime]]:
        """Headlines of its history, the newest first."""
        return [
            (customer_status_text(TicketStatus(change.to_status))[0], change.at)
            for change in reversed(self.history)
        ]


@router.get("/r/{token}")
async def status_page(token: str, context: InContext) -> HTMLResponse:
    """Show a customer where the repair stands."""
    return await _status(context, "status", token)


@router.get("/v/{token}")
async def view_page(token: str, context: InContext) -> HTMLResponse:
    """Show one of ours the same page, without a way to decide."""
    return await _status(context, "view", token)


async def _status(context: Context, purpose: Literal["status", "view"], token: str) -> HTMLResponse:
    try:
        page = await _page_of_ticket(context, purpose, token)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    offer = page.offer if purpose == "status" else None
    open_offer = offer is not None and is_open(offer.quote, page.ticket, now())
    return _render(
        "status.html",
        context,
        page=page,
        approve_url=context.links.decision_url(offer.quote.id, "approve")
        if offer and open_offer
        else None,
        decline_url=context.links.decision_url(offer.quote.id, "decline")
        if offer and open_offer
        else None,
    )


@router.get("/q/{token}")
async def decision_page(
    token: str, context: InContext, choice: Literal["approve", "decline"] = "approve"
) -> HTMLResponse:
    """Ask a customer to confirm a decision; nothing happens yet."""
    try:
        page = await _page_of_quote(context, token)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    if page.offer is None or not is_open(page.offer.quote, page.ticket, now()):
        return _render("decided.html", context, page=page, status_url=_status_url(context, page))
    return _render(
        "decide.html", context, page=page, choice=choice, status_url=_status_url(context, page)
    )


@router.post("/q/{token}")
async def record_decision(
    token: str,
    request: Request,
    context: InContext,
    choice: Annotated[Choice, Form()],
    # A browser counts a line break as one character and sends it as two.
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record a customer's decision, and lead to the status page; a second one changes nothing."""
    try:
        quote_id = context.signer.read("quote", token)
        async with context.database.transaction() as session:
            decision = await decide(
                session,
                quote_id,
                choice,
                address=address_of(request),
                at=now(),
                reason=reason.replace("\r\n", "\n").replace("\x00", ""),
            )
    except (LinkError, NotFoundError):
        return html.no_such_link()
    if not decision.counted and decision.quote.state != _wanted(choice):
        page = await _page_of_quote(context, token)
        url = _status_url(context, page)
        return _render("decided.html", context, HTTPStatus.CONFLICT, page=page, status_url=url)
    url = context.links.status_url(decision.ticket.id)
    return RedirectResponse(url, HTTPStatus.SEE_OTHER, html.HEADERS)


def _wanted(choice: Choice) -> QuoteState:
    return {"approve": QuoteState.APPROVED, "decline": QuoteState.DECLINED}[choice]


async def _page_of_ticket(
    context: Context, purpose: Literal["status", "view"], token: str
) -> TicketPage:
    """Return the page of a ticket.

    Raises:
        LinkError, NotFoundError: the link leads nowhere.
    """
    ticket_id = context.signer.read(purpose, token)
    async with context.database.transaction() as session:
        ticket = await session.get(Ticket, ticket_id)
        if ticket is None:
            raise NotFoundError("ticket", str(ticket_id))
        return await _ticket_page(session, context.company, ticket)


async def _page_of_quote(context: Context, token: str) -> TicketPage:
    """Return the page of the ticket that a quote belongs to, with that very quote.

    Raises:
        LinkError, NotFoundError: the link leads nowhere.
    """
    quote_id = context.signer.read("quote", token)
    async with context.database.transaction() as session:
        found = await session.exec(select(Ticket).join(Quote).where(Quote.id == quote_id))
        ticket = found.first()
        if ticket is None:
            raise NotFoundError("quote", str(quote_id))
        page = await _ticket_page(session, context.company, ticket)
        offer = await read_quote(session, quote_id)
    return TicketPage(page.file, page.business, page.history, page.photo_count, offer)


async def _ticket_page(session: AsyncSession, company: Company, ticket: Ticket) -> TicketPage:
    business = company.business_of(ticket.business_key)
    quote = await latest_quote(session, ticket.id)
    shown = quote is not None and quote.state not in {QuoteState.DRAFT, QuoteState.SUPERSEDED}
    return TicketPage(
        file=await read_ticket(session, ticket.number),
        business=business,
        history=tuple(await history(session, ticket.id)),
        photo_count=len(await photos(session, ticket.id)),
        offer=await read_quote(session, quote.id) if quote and shown else None,
    )


def _status_url(context: Context, page: TicketPage) -> str:
    return context.links.status_url(page.ticket.id)


def _render(
    template: str,
    context: Context,
    status: HTTPStatus = HTTPStatus.OK,
    **values: Any,  # noqa: ANN401 - whatever the template shows
) -> HTMLResponse:
    return html.page(template, status, zone=context.company.zone, **values)
