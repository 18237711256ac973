"""Steps that write to customers. Each mail is composed once, stored, and sent once."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from prefect import task

from hotrod.analytics.store import record_step
from hotrod.db.columns import now
from hotrod.keys import mail_key
from hotrod.mail.compose import MailKind, compose
from hotrod.mail.contexts import (
    AcknowledgementContext,
    DecisionContext,
    EvidenceView,
    ExpiredContext,
    LineView,
    MailContext,
    PassedOnContext,
    QuestionsContext,
    QuoteContext,
    ReminderContext,
)
from hotrod.mail.rules import Address, sender_for
from hotrod.mail.store import thread
from hotrod.quoting.models import QuoteState
from hotrod.quoting.store import read_quote
from hotrod.repairs.dangers import safety_text
from hotrod.repairs.models import Danger, Route, TicketStatus, Urgency
from hotrod.repairs.store import (
    TicketFile,
    lock_ticket,
    move,
    photos,
    read_diagnosis,
    read_ticket,
)
from tasks._letters import Letter, send_once
from tasks._policy import OUTWARD
from tasks._resources import resources


@task(name="acknowledge request", **OUTWARD)
async def acknowledge_request(ticket: str) -> None:
    """Tell the customer that the request is here, safety advice first; spam gets no answer."""
    kit = resources()
    async with kit.database.transaction() as session:
        file = await read_ticket(session, ticket)
        pictures = await photos(session, file.ticket.id)
    route = Route(file.ticket.route)
    if route is Route.SPAM:
        return
    business = resources().company.business_of(file.ticket.business_key)
    context = AcknowledgementContext(
        **_about(file),
        route=route,
        problem=file.ticket.problem,
        photo_count=len(pictures),
        rush=file.ticket.urgency == Urgency.RUSH,
        opening_hours=business.opening_hours,
        closed_days=tuple(day for day in kit.company.holidays if day >= now().date()),
    )
    await _send(file, MailKind.ACKNOWLEDGEMENT, context, file.ticket.id)


@task(name="pass on message", **OUTWARD)
async def pass_on_message(ticket: str) -> None:
    """Give a message that isn't a repair to ops, whose reply goes to the customer."""
    kit = resources()
    async with kit.database.transaction() as session:
        file = await read_ticket(session, ticket)
    route = Route(file.ticket.route)
    if route in {Route.SPAM, Route.EMPTY}:
        return
    context = PassedOnContext(
        **_about(file),
        route=route,
        problem=file.ticket.problem,
        customer_email=file.customer.email,
    )
    ops = Address(kit.company.name, kit.company.ops_mailbox)
    await _send(
        file,
        MailKind.PASSED_ON,
        context,
        file.ticket.id,
        recipient=ops,
        reply_to=file.customer.email,
    )


@task(name="ask questions", **OUTWARD)
async def ask_questions(ticket: str, diagnosis: UUID) -> None:
    """Ask the customer what the diagnosis needs to know, and wait for the answer."""
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        found = await read_diagnosis(session, diagnosis)
    context = QuestionsContext(
        **_about(file), questions=tuple(found.questions), problem=file.ticket.problem
    )
    await _send(file, MailKind.QUESTIONS, context, diagnosis)
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        move(session, row, TicketStatus.AWAITING_ANSWER, actor="system", reason="too little known")
        await record_step(session, "questions_sent", row.business_key, row.id)


@task(name="send quote", **OUTWARD)
async def send_quote(ticket: str, quote: UUID) -> None:
    """Send the quote with its approve and decline links; from then on it can be decided."""
    kit = resources()
    async with kit.database.transaction() as session:
        file = await read_ticket(session, ticket)
        found = await read_quote(session, quote)
        diagnosis = await read_diagnosis(session, found.quote.diagnosis_id)
    if found.quote.state == QuoteState.DRAFT:
        await _open_for_decision(ticket, quote)
    context = QuoteContext(
        **_about(file),
        **_offer(quote, found.quote.total, found.quote.currency),
        expires_at=found.quote.expires_at,
        version=found.quote.version,
        lines=tuple(
            LineView.model_validate(line, from_attributes=True)
            for line in (row.model_dump(include=set(LineView.model_fields)) for row in found.lines)
        ),
        subtotal=found.quote.subtotal,
        fault=diagnosis.fault,
        evidence=tuple(EvidenceView.model_validate(item) for item in diagnosis.evidence),
        rule_based=diagnosis.source == "rules",
    )
    await _send(file, MailKind.QUOTE, context, quote)
    async with kit.database.transaction() as session:
        await record_step(session, "quote_sent", file.ticket.business_key, file.ticket.id)


@task(name="send reminder", **OUTWARD)
async def send_reminder(
    ticket: str, quote: UUID, kind: Literal["reminder_24h", "reminder_72h", "expired"]
) -> None:
    """Remind the customer of an open quote, or say that it has expired."""
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        found = (await read_quote(session, quote)).quote
    about = {**_about(file), "expires_at": found.expires_at}
    offer = _offer(quote, found.total, found.currency)
    context = (
        ExpiredContext(**about, total=found.total, currency=found.currency)
        if kind == "expired"
        else ReminderContext(**about, **offer)
    )
    await _send(file, MailKind(kind), context, quote)


@task(name="confirm decision", **OUTWARD)
async def confirm_decision(ticket: str, quote: UUID) -> None:
    """Confirm to the customer what they decided about a quote."""
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        found = (await read_quote(session, quote)).quote
    context = DecisionContext(
        **_about(file),
        version=found.version,
        total=found.total,
        currency=found.currency,
        decided_at=found.decided_at or now(),
    )
    await _send(file, MailKind(found.state), context, quote)


async def _open_for_decision(ticket: str, quote: UUID) -> None:
    """Let a quote be decided, before its mail can reach anybody."""
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        found = (await read_quote(session, quote)).quote
        found.state = QuoteState.SENT
        found.sent_at = now()
        session.add(found)
        move(session, row, TicketStatus.QUOTED, actor="system", reason=f"quote v{found.version}")


async def _send(
    file: TicketFile,
    kind: MailKind,
    context: MailContext,
    subject_id: UUID,
    *,
    recipient: Address | None = None,
    reply_to: str | None = None,
) -> None:
    """Compose a mail unless that was done before, and send it unless that was done before."""
    business = resources().company.business_of(file.ticket.business_key)
    sender = sender_for(business, file.ticket.alias)
    async with resources().database.transaction() as session:
        earlier = await thread(session, file.ticket.id)
    letter = Letter(
        key=mail_key(kind, subject_id),
        kind=kind,
        sender=sender,
        recipient=recipient or Address(file.ticket.contact_name, file.customer.email),
        reply_to=reply_to,
        ticket_id=file.ticket.id,
        references=tuple(earlier),
        headers={"X-Hotrod-Ticket": file.ticket.number},
    )
    if await send_once(letter, lambda: compose(kind, context)):
        async with resources().database.transaction() as session:
            await record_step(session, f"mail_{kind}", file.ticket.business_key, file.ticket.id)


def _about(file: TicketFile) -> dict[str, Any]:
    """Return what every mail about a ticket holds; see ``MailContext``."""
    kit = resources()
    business = resources().company.business_of(file.ticket.business_key)
    return {
        "brand": business.brand,
        "ticket": file.ticket.number,
        "title": file.ticket.title,
        "customer_name": file.ticket.contact_name,
        "reply_address": sender_for(business, file.ticket.alias).email,
        "status_url": kit.links.status_url(file.ticket.id),
        "zone": kit.company.zone,
        "safety": safety_text([Danger(danger) for danger in file.ticket.dangers]),
    }


def _offer(quote: UUID, total: Any, currency: str) -> dict[str, Any]:  # noqa: ANN401
    links = resources().links
    return {
        "total": total,
        "currency": currency,
        "approve_url": links.decision_url(quote, "approve"),
        "decline_url": links.decision_url(quote, "decline"),
    }
