"""Find technicians with their present load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.repairs.models import Ticket, TicketStatus
from hotrod.staff.models import AbsenceRow, TechnicianRow

_ON_THE_BENCH = (
    TicketStatus.RECEIVED,
    TicketStatus.AWAITING_ANSWER,
    TicketStatus.QUOTED,
    TicketStatus.APPROVED,
    TicketStatus.IN_REPAIR,
)


@dataclass(frozen=True)
class TechnicianLoad:
    """A technician, the absences, and the open tickets carried."""

    row: TechnicianRow
    absences: tuple[AbsenceRow, ...]
    open_tickets: int


async def technicians(session: AsyncSession) -> Sequence[TechnicianLoad]:
    """Return all active technicians with their load, by key."""
    rows = await session.exec(
        select(TechnicianRow).where(TechnicianRow.active).order_by(col(TechnicianRow.key))
    )
    absences = (await session.exec(select(AbsenceRow))).all()
    counts = await session.exec(
        select(Ticket.technician_id, func.count())
        .where(col(Ticket.technician_id).is_not(None), col(Ticket.status).in_(_ON_THE_BENCH))
        .group_by(col(Ticket.technician_id))
    )
    load = dict(counts.all())
    return [
        TechnicianLoad(
            row,
            tuple(absence for absence in absences if absence.technician_id == row.id),
            load.get(row.id, 0),
        )
        for row in rows
    ]


async def technician(session: AsyncSession, technician_id: UUID) -> TechnicianRow | None:
    """Return the technician with this id, or None."""
    return await session.get(TechnicianRow, technician_id)
