"""Read tickets with what hangs on them, and move them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.customers.models import Customer, Device
from hotrod.db.columns import now
from hotrod.errors import NotFoundError
from hotrod.repairs.diagnosis import DiagnosisDraft
from hotrod.repairs.errors import UnknownTicketError
from hotrod.repairs.facts import DeviceFacts, RequestFacts
from hotrod.repairs.models import Diagnosis, Photo, StatusChange, Ticket, TicketStatus
from hotrod.repairs.rules import check_transition

_ALIKE = 75
_NEWEST = 2_000
"""Of the tickets, among how many is looked for a number that may be meant."""


@dataclass(frozen=True)
class TicketFile:
    """A ticket with its customer and device."""

    ticket: Ticket
    customer: Customer
    device: Device

    @property
    def device_facts(self) -> DeviceFacts:
        """The device, as the rules see it."""
        return DeviceFacts(self.device.type, self.device.brand or "", self.device.model or "")

    def request_facts(self, photo_count: int) -> RequestFacts:
        """The request, as the rules and Claude see it: without the customer's identity."""
        return RequestFacts(self.device_facts, self.ticket.problem, photo_count)


async def read_ticket(session: AsyncSession, number: str) -> TicketFile:
    """Return the ticket with this number, its customer and device.

    Raises:
        NotFoundError: there is no such ticket.
    """
    found = await session.exec(
        select(Ticket, Customer, Device)
        .join(Customer, col(Customer.id) == Ticket.customer_id)
        .join(Device, col(Device.id) == Ticket.device_id)
        .where(Ticket.number == number)
    )
    row = found.first()
    if row is None:
        raise NotFoundError("ticket", number)
    return TicketFile(*row)


async def known_number(session: AsyncSession, written: str) -> str:
    """Return the number of a ticket as we write it, e.g. NL-1042 for nl-1042.

    Raises:
        UnknownTicketError: no ticket has it; new ones with numbers alike are named.
    """
    number = written.strip().upper()
    found = await session.exec(select(Ticket.number).where(Ticket.number == number))
    if found.first() is None:
        newest = select(Ticket.number).order_by(col(Ticket.opened_at).desc()).limit(_NEWEST)
        numbers = (await session.exec(newest)).all()
        near = process.extract(number, numbers, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3)
        raise UnknownTicketError(written, [one for one, _, _ in near])
    return number


async def lock_ticket(session: AsyncSession, number: str) -> Ticket:
    """Return the ticket, locked against changes by others until the transaction ends.

    Raises:
        NotFoundError: there is no such ticket.
    """
    found = await session.exec(select(Ticket).where(Ticket.number == number).with_for_update())
    ticket = found.first()
    if ticket is None:
        raise NotFoundError("ticket", number)
    return ticket


async def photos(session: AsyncSession, ticket_id: UUID) -> Sequence[Photo]:
    """Return a ticket's photos, in the order of arrival."""
    found = await session.exec(
        select(Photo).where(Photo.ticket_id == ticket_id).order_by(col(Photo.created_at))
    )
    return found.all()


def move(
    session: AsyncSession, ticket: Ticket, status: TicketStatus, *, actor: str, reason: str = ""
) -> None:
    """Move a locked ticket to another status and write its history; nothing when it is there.

    Raises:
        ForbiddenTransitionError: the rules don't allow the move.
    """
    if ticket.status == status:
        return
    check_transition(ticket.number, TicketStatus(ticket.status), status)
    session.add(
        StatusChange(
            ticket_id=ticket.id,
            from_status=ticket.status,
            to_status=status,
            actor=actor,
            reason=reason,
        )
    )
    ticket.status = status
    ticket.updated_at = now()
    session.add(ticket)


async def add_diagnosis(
    session: AsyncSession,
    ticket_id: UUID,
    draft: DiagnosisDraft,
    *,
    source: str,
    model: str,
    because: str = "",
) -> Diagnosis:
    """Store a diagnosis as the ticket's next version."""
    latest = await session.exec(
        select(func.coalesce(func.max(Diagnosis.version), 0)).where(
            Diagnosis.ticket_id == ticket_id
        )
    )
    diagnosis = Diagnosis(
        ticket_id=ticket_id,
        version=latest.one() + 1,
        source=source,
        model=model,
        because=because,
        **draft.model_dump(mode="json"),
    )
    session.add(diagnosis)
    await session.flush()
    await session.refresh(diagnosis)
    return diagnosis


async def latest_diagnosis(session: AsyncSession, ticket_id: UUID) -> Diagnosis | None:
    """Return the newest diagnosis of a ticket, or None."""
    found = await session.exec(
        select(Diagnosis)
        .where(Diagnosis.ticket_id == ticket_id)
        .order_by(col(Diagnosis.version).desc())
        .limit(1)
    )
    return found.first()


async def read_diagnosis(session: AsyncSession, diagnosis_id: UUID) -> Diagnosis:
    """Return a diagnosis by id.

    Raises:
        NotFoundError: there is no such diagnosis.
    """
    diagnosis = await session.get(Diagnosis, diagnosis_id)
    if diagnosis is None:
        raise NotFoundError("diagnosis", str(diagnosis_id))
    return diagnosis


async def history(session: AsyncSession, ticket_id: UUID) -> Sequence[StatusChange]:
    """Return how a ticket's status changed, oldest first."""
    found = await session.exec(
        select(StatusChange)
        .where(StatusChange.ticket_id == ticket_id)
        .order_by(col(StatusChange.at))
    )
    return found.all()
