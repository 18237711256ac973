"""What tickets hold of the shelf: set aside when a repair is agreed to, free again when it ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.ledger import release, reserve
from hotrod.parts.models import BENCH, Part, StockLevel, StockReservation
from hotrod.parts.store import lock_parts, used_on
from hotrod.repairs.models import Ticket, TicketStatus

_OVER = (
    TicketStatus.DECLINED,
    TicketStatus.EXPIRED,
    TicketStatus.READY,
    TicketStatus.COLLECTED,
    TicketStatus.CANCELLED,
)
"""Statuses in which a ticket takes nothing from the shelf any more."""


async def set_aside(
    session: AsyncSession, ticket: str, needed: Mapping[str, int], *, key: str, actor: str
) -> int:
    """Set aside what is free of the parts that a ticket needs; return how many pieces that were.

    What it has used or holds already counts. What isn't there, and a part that nobody knows, is
    left out: a part that is low by then is announced, and ordered. The bench comes first.

    Args:
        session: in a transaction that locks no row after this.
        ticket: its number.
        needed: pieces by SKU, of the whole repair.
        key: of the wish; each part's reservation is named ``key:SKU``, and those away from the
            bench ``key:SKU:location``.
        actor: who asks.

    Raises:
        KeyConflictError: the key was used for other pieces.
    """
    await lock_parts(session, needed)
    held = await _held(session, ticket)
    taken = 0
    for part in await session.exec(
        select(Part).where(col(Part.sku).in_(needed)).order_by(col(Part.sku))
    ):
        missing = needed[part.sku] - held[part.id]
        for location, free in await _free(session, part.id):
            pieces = min(missing, free)
            if pieces <= 0:
                break
            name = ":".join([key, part.sku, *([location] if location != BENCH else [])])
            await reserve(
                session, part.sku, pieces, ticket, key=name, actor=actor, location=location
            )
            missing -= pieces
            taken += pieces
    return taken


async def release_leftovers(session: AsyncSession) -> int:
    """Release what tickets that are over still hold; return how many pieces that were.

    Args:
        session: in a transaction that locks no row after this.
    """
    found = await session.exec(
        select(Ticket.number, Part.sku)
        .join(StockReservation, col(StockReservation.ticket) == Ticket.number)
        .join(Part, col(Part.id) == StockReservation.part_id)
        .where(
            col(Ticket.status).in_(_OVER),
            col(StockReservation.used) + StockReservation.released < StockReservation.quantity,
        )
        .distinct()
        .order_by(col(Ticket.number), col(Part.sku))
    )
    leftovers = found.all()
    await lock_parts(session, {sku for _, sku in leftovers})
    return sum([await release(session, ticket, sku) for ticket, sku in leftovers])


async def _held(session: AsyncSession, ticket: str) -> dict[UUID, int]:
    """Return how many pieces a ticket has used or set aside, by part."""
    held = defaultdict(int, await used_on(session, ticket))
    still_open = StockReservation.quantity - StockReservation.used - StockReservation.released
    reserved = await session.exec(
        select(StockReservation.part_id, func.sum(still_open))
        .where(StockReservation.ticket == ticket)
        .group_by(col(StockReservation.part_id))
    )
    for part_id, pieces in reserved:
        held[part_id] += int(pieces)
    return held


async def _free(session: AsyncSession, part_id: UUID) -> list[tuple[str, int]]:
    """Return how many pieces are free at each location, at the bench first."""
    free = col(StockLevel.on_hand) - StockLevel.reserved
    found = await session.exec(
        select(StockLevel.location, free)
        .where(StockLevel.part_id == part_id, free > 0)
        .order_by(col(StockLevel.location) != BENCH, col(StockLevel.location))
    )
    return list(found)
