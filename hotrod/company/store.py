"""Carry the company file into the database: businesses, technicians, first parts."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.buying import sync_buying
from hotrod.company.models import Company
from hotrod.company.tables import BusinessRow
from hotrod.parts.ledger import post
from hotrod.parts.models import BENCH, MovementKind, Part
from hotrod.parts.movements import NewMovement
from hotrod.staff.models import AbsenceRow, TechnicianRow


async def sync_company(session: AsyncSession, company: Company) -> None:
    """Make the database agree with the company file; what the file dropped turns inactive.

    Stock is only filled in for parts that the database hasn't seen, and suppliers' prices and
    substitutes only where it knows nothing.

    Raises:
        InvalidInputError: a supplier's currency can't change while its prices are in the old one.
    """
    await _sync_businesses(session, company)
    await _sync_technicians(session, company)
    await _add_parts(session, company)
    await sync_buying(session, company)


async def next_ticket_number(session: AsyncSession, prefix: str) -> str:
    """Return the next human number of a business, such as NL-1042.

    Numbers come from a sequence per business: they never repeat and never wait for another
    transaction; one that is rolled back leaves a gap.
    """
    found = await session.exec(cast("Any", text(f"SELECT nextval('{_sequence(prefix)}')")))
    return f"{prefix}-{found.one()[0]}"


def _sequence(prefix: str) -> str:
    return f"ticket_number_{prefix.lower()}"


async def _sync_businesses(session: AsyncSession, company: Company) -> None:
    await session.exec(update(BusinessRow).values(active=False))
    for business in company.businesses:
        values = {
            "name": business.name,
            "ticket_prefix": business.ticket_prefix,
            "active": True,
        }
        await session.exec(
            cast(
                "Any",
                insert(BusinessRow)
                .values(key=business.key, **values)
                .on_conflict_do_update(index_elements=["key"], set_=values),
            )
        )
        sequence = _sequence(business.ticket_prefix)
        await session.exec(
            cast("Any", text(f"CREATE SEQUENCE IF NOT EXISTS {sequence} START 1001"))
        )


async def _sync_technicians(session: AsyncSession, company: Company) -> None:
    await session.exec(update(TechnicianRow).values(active=False))
    await session.exec(delete(AbsenceRow))
    for person in company.technicians:
        row = TechnicianRow(
            key=person.key,
            name=person.name,
            email=person.email,
            slack=person.slack,
            skills=list(person.skills),
            capacity=person.capacity,
        )
        values = row.model_dump(exclude={"id", "key"})
        stored = await session.exec(
            insert(TechnicianRow)
            .values(id=row.id, key=row.key, **values)
            .on_conflict_do_update(index_elements=["key"], set_=values)
            .returning(col(TechnicianRow.id))
        )
        technician_id = stored.scalar_one()
        for absence in person.absences:
            session.add(
                AbsenceRow(
                    technician_id=technician_id,
                    first_day=absence.first_day,
                    last_day=absence.last_day,
                )
            )


async def _add_parts(session: AsyncSession, company: Company) -> None:
    for stocked in company.parts:
        part = Part(
            **stocked.model_dump(exclude={"quantity", "fits"}),
            fits=list(stocked.fits),
            currency=company.pricing.currency,
        )
        added = await session.exec(
            insert(Part)
            .values(**part.model_dump())
            .on_conflict_do_nothing(index_elements=["sku"])
            .returning(col(Part.id))
        )
        if (part_id := added.scalar_one_or_none()) is not None:
            opening = NewMovement(
                key=f"opening:{part_id}:{BENCH}",
                sku=stocked.sku,
                kind=MovementKind.COUNT,
                quantity=stocked.quantity,
                actor="company file",
                unit_cost=stocked.unit_cost,
                reason="opening stock",
            )
            await post(session, opening)
