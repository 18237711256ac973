"""Read the parts catalogue with its stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.errors import UnknownPartError
from hotrod.parts.models import (
    FaultPart,
    MovementKind,
    Part,
    PartOnOrder,
    StockLevel,
    StockMovement,
)
from hotrod.parts.rules import BillLine

_ALIKE = 60
_TO_COME = func.coalesce(
    func.sum(func.greatest(col(PartOnOrder.quantity) - PartOnOrder.received, 0)), 0
)


@dataclass(frozen=True)
class StockedPart:
    """A part, and how many of it are free to be used, over all locations."""

    part: Part
    available: int


@dataclass(frozen=True)
class ShelvedPart:
    """A part at a location, where it has one; ``on_order`` is of the part, wherever it goes."""

    part: Part
    level: StockLevel
    on_order: int


async def catalogue(session: AsyncSession, skus: Sequence[str] | None = None) -> list[StockedPart]:
    """Return the active parts by SKU; all of them, or those named."""
    statement = (
        select(Part, func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved), 0))
        .join(StockLevel, col(StockLevel.part_id) == Part.id, isouter=True)
        .where(Part.active)
        .group_by(col(Part.id))
        .order_by(col(Part.sku))
    )
    if skus is not None:
        statement = statement.where(col(Part.sku).in_(skus))
    return [StockedPart(part, int(free)) for part, free in (await session.exec(statement)).all()]


async def fault_bills(session: AsyncSession) -> list[BillLine]:
    """Return what common faults take, of active parts, by device, category and SKU."""
    found = await session.exec(
        select(FaultPart, Part.sku)
        .join(Part, col(FaultPart.part_id) == Part.id)
        .where(Part.active)
        .order_by(col(FaultPart.device), col(FaultPart.category), col(Part.sku))
    )
    return [BillLine(row.device, row.category, sku, row.quantity) for row, sku in found]


async def find_part(session: AsyncSession, sku: str, *, lock: bool = False) -> Part:
    """Return a part by its SKU, as it is in the database now.

    Args:
        session: in the transaction that the lock is for.
        sku: exactly as it is written.
        lock: until the transaction ends, nobody else changes the part or its stock.

    Raises:
        UnknownPartError: there is none; SKUs spelled alike are named.
    """
    statement = select(Part).where(Part.sku == sku).execution_options(populate_existing=True)
    if lock:
        statement = statement.with_for_update(key_share=True)
    part = (await session.exec(statement)).one_or_none()
    if part is None:
        skus = (await session.exec(select(Part.sku).where(Part.active))).all()
        near = process.extract(sku.upper(), skus, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3)
        raise UnknownPartError(sku, [name for name, _, _ in near])
    return part


async def lock_parts(session: AsyncSession, skus: Collection[str]) -> None:
    """Lock parts until the transaction ends, before several of them are moved in it.

    All who do so lock them in the same order, and so never wait for each other.
    """
    await session.exec(
        select(Part.id)
        .where(col(Part.sku).in_(skus))
        .order_by(col(Part.sku))
        .with_for_update(key_share=True)
    )


async def on_order(session: AsyncSession, part_id: UUID) -> int:
    """Return how many pieces of a part are ordered and still to come."""
    found = await session.exec(select(_TO_COME).where(PartOnOrder.part_id == part_id))
    return int(found.one())


async def position(session: AsyncSession, part_id: UUID) -> int:
    """Return how many pieces of a part are available at all locations, and on order."""
    return (await positions(session, [part_id]))[part_id]


async def positions(session: AsyncSession, part_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many pieces are available at all locations, and on order, by part."""
    free = (
        select(func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved), 0))
        .where(StockLevel.part_id == Part.id)
        .correlate(Part)
        .scalar_subquery()
    )
    to_come = select(_TO_COME).where(PartOnOrder.part_id == Part.id).scalar_subquery()
    found = await session.exec(select(Part.id, free + to_come).where(col(Part.id).in_(part_ids)))
    return {part_id: int(pieces) for part_id, pieces in found}


async def levels(session: AsyncSession, *, low: bool = False) -> list[ShelvedPart]:
    """Return the stock of the active parts, and what is left of others, by SKU and location.

    Args:
        session: to read with.
        low: only parts of which what is available and on order is at the reorder point or below.
    """
    of_part = select(_TO_COME).where(PartOnOrder.part_id == Part.id).scalar_subquery()
    free = (
        select(func.coalesce(func.sum(StockLevel.on_hand - StockLevel.reserved), 0))
        .where(StockLevel.part_id == Part.id)
        .correlate(Part)
        .scalar_subquery()
    )
    statement = (
        select(Part, StockLevel, of_part)
        .join(StockLevel, col(StockLevel.part_id) == Part.id, isouter=True)
        .where(or_(Part.active, col(StockLevel.on_hand) != 0))
        .order_by(col(Part.sku), col(StockLevel.location))
        .execution_options(populate_existing=True)
    )
    if low:
        statement = statement.where(free + of_part <= Part.reorder_point)
    return [
        ShelvedPart(part, level or StockLevel(part_id=part.id), int(to_come))
        for part, level, to_come in (await session.exec(statement)).all()
    ]


async def used_on(session: AsyncSession, ticket: str) -> dict[UUID, int]:
    """Return how many pieces were used on a ticket and didn't come back, by part."""
    found = await session.exec(
        select(StockMovement.part_id, -func.sum(StockMovement.quantity))
        .where(
            StockMovement.ticket == ticket,
            col(StockMovement.kind).in_((MovementKind.USE, MovementKind.RETURN)),
        )
        .group_by(col(StockMovement.part_id))
    )
    return {part_id: int(pieces) for part_id, pieces in found}


async def movements(session: AsyncSession, part_id: UUID, *, limit: int) -> Sequence[StockMovement]:
    """Return the movements of a part, the newest first."""
    found = await session.exec(
        select(StockMovement)
        .where(StockMovement.part_id == part_id)
        .order_by(col(StockMovement.id).desc())
        .limit(limit)
    )
    return found.all()
