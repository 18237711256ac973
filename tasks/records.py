"""Steps on our own records."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from prefect import task
from prefect.runtime import flow_run
from pydantic import BaseModel

from hotrod.analytics.store import record, record_step
from hotrod.company.calendar import is_open
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.keys import mail_key
from hotrod.mail.compose import MailKind
from hotrod.mail.store import sent_mails
from hotrod.parts.rules import PartFacts, match_parts
from hotrod.parts.store import catalogue, fault_bills
from hotrod.parts.tickets import release_leftovers as release_leftover_pieces
from hotrod.quoting.models import QuoteState
from hotrod.quoting.rules import PartPrice, PricingInput, price, quote_expiry, reminder_due
from hotrod.quoting.store import add_quote, open_quotes, read_quote
from hotrod.repairs.diagnosis import is_underspecified
from hotrod.repairs.faults import RULES_VERSION, diagnose_by_rules
from hotrod.repairs.models import Route, TicketStatus, Urgency
from hotrod.repairs.store import (
    add_diagnosis,
    lock_ticket,
    move,
    photos,
    read_diagnosis,
    read_ticket,
)
from hotrod.services import store as services
from hotrod.staff.rules import TechnicianFacts, choose_technician
from hotrod.staff.store import technicians
from tasks._policy import RECORD
from tasks._resources import resources


class Request(BaseModel):
    """A ticket's name and business: what a run is labeled with."""

    title: str
    business: str


class TriageOutcome(BaseModel):
    """What the message is, and the dangers that it tells of."""

    route: Route
    dangers: list[str]


class PartNeeded(BaseModel):
    """A part that the repair needs; without SKU when the catalogue doesn't have it."""

    name: str
    sku: str | None = None
    quantity: int = 1
    in_stock: bool = False


class DueReminder(BaseModel):
    """A mail about an open quote that is due now."""

    ticket: str
    quote: UUID
    kind: Literal["reminder_24h", "reminder_72h", "expired"]


@task(name="open request", **RECORD)
async def open_request(ticket: str) -> Request:
    """Find the ticket and remember on it which run takes care of it."""
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        if row.run_id is None and flow_run.id is not None:
            row.run_id = UUID(str(flow_run.id))
            session.add(row)
        return Request(title=row.title, business=row.business_key)


@task(name="triage request", **RECORD)
async def triage_request(ticket: str) -> TriageOutcome:
    """Act on the triage made when the request came in: route it, or flag danger for the bench."""
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        row.needs_review = row.needs_review or bool(row.dangers)
        session.add(row)
        if row.route != Route.REPAIR and row.status == TicketStatus.RECEIVED:
            move(
                session, row, TicketStatus.ROUTED, actor="system", reason=f"reads like {row.route}"
            )
        await record_step(session, "triaged", row.business_key, row.id, route=row.route)
        return TriageOutcome(route=Route(row.route), dangers=list(row.dangers))


async def flag_for_review(ticket: str) -> None:
    """Mark a ticket for a technician's look."""
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        row.needs_review = True
        session.add(row)


@task(name="diagnose by rules", **RECORD)
async def diagnose_by_rule_table(ticket: str, because: str) -> UUID:
    """Diagnose from the table of known faults, and ask for a technician's look.

    Args:
        ticket: number of the ticket.
        because: why Claude couldn't be asked.
    """
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        file = await read_ticket(session, ticket)
        draft = diagnose_by_rules(file.request_facts(len(await photos(session, row.id))))
        diagnosis = await add_diagnosis(
            session, row.id, draft, source="rules", model=RULES_VERSION, because=because
        )
        row.needs_review = True
        session.add(row)
        await record_step(session, "diagnosed", row.business_key, row.id, source="rules")
        return diagnosis.id


@task(name="check whether answers are needed", **RECORD)
async def needs_answers(ticket: str, diagnosis: UUID) -> bool:
    """Tell whether the customer must answer questions before a quote makes sense."""
    async with resources().database.transaction() as session:
        file = await read_ticket(session, ticket)
        found = await read_diagnosis(session, diagnosis)
        return is_underspecified(float(found.confidence), found.questions, file.ticket.problem)


@task(name="check parts", **RECORD)
async def check_parts(ticket: str, diagnosis: UUID) -> list[PartNeeded]:
    """Find the parts that the diagnosis asks for, and whether they are in stock.

    What the catalogue doesn't have is kept by name, and a technician looks at the ticket.
    """
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        file = await read_ticket(session, ticket)
        found = await read_diagnosis(session, diagnosis)
        stocked = [
            PartFacts(
                item.part.sku,
                item.part.name,
                item.part.category,
                tuple(item.part.fits),
                item.available,
            )
            for item in await catalogue(session)
        ]
        matches = match_parts(
            found.likely_parts,
            found.category,
            file.device_facts,
            stocked,
            await fault_bills(session),
        )
        await record_step(
            session,
            "parts_checked",
            file.ticket.business_key,
            file.ticket.id,
            found=len(matches),
            in_stock=sum(match.available >= match.quantity for match in matches),
        )
        known = [
            PartNeeded(
                name=match.wanted,
                sku=match.sku,
                quantity=match.quantity,
                in_stock=match.available >= match.quantity,
            )
            for match in matches
        ]
        found_names = {match.wanted for match in matches}
        unknown = [PartNeeded(name=name) for name in found.likely_parts if name not in found_names]
        row.needs_review = row.needs_review or bool(unknown)
        session.add(row)
        return known + unknown


@task(name="price repair", **RECORD)
async def price_repair(ticket: str, diagnosis: UUID, parts: list[PartNeeded]) -> UUID:
    """Price the repair and store the quote; the same price again is the same quote."""
    kit = resources()
    needed = {part.sku: part for part in parts if part.sku is not None}
    async with kit.database.transaction() as session:
        row = await lock_ticket(session, ticket)
        file = await read_ticket(session, ticket)
        found = await read_diagnosis(session, diagnosis)
        rows = await catalogue(session, list(needed)) if needed else []
        priced = price(
            PricingInput(
                device_type=file.device.type,
                category=found.category,
                labour_hours=Decimal(found.labour_hours),
                rush=row.urgency == Urgency.RUSH,
                parts=tuple(
                    PartPrice(
                        sku=item.part.sku,
                        name=item.part.name,
                        unit_cost=item.part.unit_cost,
                        quantity=needed[item.part.sku].quantity,
                        in_stock=needed[item.part.sku].in_stock,
                    )
                    for item in rows
                ),
                unpriced=tuple(part.name for part in parts if part.sku is None),
                province=resources().company.business_of(row.business_key).province,
                pricing=kit.company.pricing,
            )
        )
        moment = now()
        quote = await add_quote(
            session,
            row.id,
            found.id,
            priced,
            created_at=moment,
            expires_at=quote_expiry(moment, kit.company.pricing.quote_valid_days, kit.company.zone),
        )
        await record_step(
            session, "priced", row.business_key, row.id, total=str(quote.total), lines=len(rows)
        )
        return quote.id


@task(name="assign technician", **RECORD)
async def assign_technician(ticket: str, diagnosis: UUID) -> str | None:
    """Give the ticket to the technician with the skill and the least load; None: nobody free."""
    kit = resources()
    async with kit.database.transaction() as session:
        row = await lock_ticket(session, ticket)
        file = await read_ticket(session, ticket)
        found = await read_diagnosis(session, diagnosis)
        people = {person.row.key: person for person in await technicians(session)}
        choice = choose_technician(
            [
                TechnicianFacts(
                    key,
                    frozenset(person.row.skills),
                    person.row.capacity,
                    person.open_tickets - (row.technician_id == person.row.id),
                    tuple((away.first_day, away.last_day) for away in person.absences),
                )
                for key, person in people.items()
            ],
            file.device.type,
            found.category,
            now().astimezone(kit.company.zone).date(),
        )
        row.technician_id = people[choice.key].row.id if choice.key else None
        row.needs_review = row.needs_review or choice.key is None
        session.add(row)
        await record_step(
            session, "assigned", row.business_key, row.id, who=choice.key, why=choice.reason
        )
        return choice.key


@task(name="redact deliveries", **RECORD)
async def redact_deliveries() -> int:
    """Remove what finished deliveries held, once the retention time is over; return how many."""
    kit = resources()
    before = now() - timedelta(days=kit.settings.inbox.retention_days)
    total = 0
    while True:
        async with kit.database.transaction() as session:
            redacted = await inbox.redact(session, before)
        if not redacted:
            return total
        total += redacted


@task(name="forget calls", **RECORD)
async def forget_calls() -> int:
    """Remove the records of old calls of services; return how many."""
    kit = resources()
    before = now() - timedelta(days=kit.settings.database.call_log_days)
    async with kit.database.transaction() as session:
        return await services.forget_calls(session, before)


@task(name="find due reminders", **RECORD)
async def find_due_reminders() -> list[DueReminder]:
    """List the reminders that are due, of the businesses that are open right now."""
    kit = resources()
    moment = now()
    due: list[DueReminder] = []
    async with kit.database.transaction() as session:
        for quote, ticket in await open_quotes(session):
            if quote.sent_at is None or not is_open(
                resources().company.business_of(ticket.business_key), kit.company, moment
            ):
                continue
            sent = {mail.effect_key for mail in await sent_mails(session, ticket.id)}
            already = {kind for kind in MailKind if mail_key(kind, quote.id) in sent}
            kind = reminder_due(quote.sent_at, quote.expires_at, moment, already)
            if kind is not None:
                due.append(DueReminder(ticket=ticket.number, quote=quote.id, kind=kind))
    return due


@task(name="expire quote", **RECORD)
async def expire_quote(ticket: str, quote: UUID) -> bool:
    """Let an open quote expire; False when the customer decided in the meantime."""
    async with resources().database.transaction() as session:
        row = await lock_ticket(session, ticket)
        found = (await read_quote(session, quote)).quote
        if found.state != QuoteState.SENT:
            return False
        found.state = QuoteState.EXPIRED
        session.add(found)
        move(session, row, TicketStatus.EXPIRED, actor="system", reason="no answer in time")
        await record(session, "quote.expired", row.business_key, ticket_id=row.id)
        return True


@task(name="release leftovers", **RECORD)
async def release_leftovers() -> int:
    """Free the pieces that tickets which are over still hold; return how many."""
    async with resources().database.transaction() as session:
        return await release_leftover_pieces(session)
