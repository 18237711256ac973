"""Post movements of stock, and set pieces aside for tickets.

Everything about a part happens one after another: its row is locked first. A part that becomes
low is announced in the same transaction, under a lock that all parts share. So that two of them
never wait for each other, a transaction that moves several parts locks them all first
(``lock_parts``), and before them what else it changes.

The value of a part is a weighted average over all locations, in the part's own currency. Costs in
another currency are refused, not kept apart: an average over two would be of nothing, and the rate
belongs to the payment, which the ledger doesn't know. Pieces that go out leave the average as it
is; when none were left, the next receipt sets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.parts.errors import KeyConflictError, ReturnExcessError, StockShortageError
from hotrod.parts.lowness import note_low
from hotrod.parts.models import (
    BENCH,
    MovementKind,
    Part,
    PartOnOrder,
    StockLevel,
    StockMovement,
    StockReservation,
    Tracking,
)
from hotrod.parts.movements import (
    NewMovement,
    Override,
    change_of,
    check,
    check_override,
    check_quantity,
    check_texts,
    is_same,
    row_of,
)
from hotrod.parts.store import find_part, used_on


@dataclass(frozen=True)
class Posted:
    """A movement in the ledger.

    Args:
        movement: as it is stored.
        became_low: it took what is available and on order to the part's reorder point or below;
            said once, and again only after it was above. ``stock.low`` is in the inbox then.
        is_repeated: it had been posted before, and nothing was changed.
    """

    movement: StockMovement
    became_low: bool
    is_repeated: bool = False


@dataclass(frozen=True)
class Reserved:
    """Pieces set aside; ``became_low`` and ``is_repeated`` as in ``Posted``."""

    reservation: StockReservation
    became_low: bool
    is_repeated: bool = False


async def post(session: AsyncSession, new: NewMovement) -> Posted:
    """Post a movement; one with a key that was posted before changes nothing.

    A use takes what is reserved for its ticket first. A receipt counts what its order still
    awaits down.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: it doesn't say what it must.
        StockShortageError: pieces aren't there, or are reserved for others, and no override says
            that they may be taken; nothing was changed.
        ReturnExcessError: more come back from a ticket than are out on it.
        KeyConflictError: its key was used for another movement.
    """
    part = await find_part(session, new.sku, lock=True)
    check(new, part)
    posted = await session.exec(select(StockMovement).where(StockMovement.key == new.key))
    if (before := posted.one_or_none()) is not None:
        if not is_same(before, new, part):
            raise KeyConflictError(new.key)
        return Posted(before, became_low=False, is_repeated=True)
    await _check_serial(session, new, part)
    await _check_return(session, new, part)
    on_hand, reserved = await _level(session, part.id, new.location)
    change = change_of(new, on_hand)
    own = await _open(session, new.ticket, part.id, new.location) if new.ticket else []
    held = sum(one.open for one in own)
    taken = min(-change, held) if new.kind is MovementKind.USE else 0
    if change < 0 and new.override is None and on_hand + change < reserved - taken:
        raise StockShortageError(
            new.sku,
            new.location,
            wanted=-change,
            on_hand=on_hand,
            reserved=reserved - taken,
            own=held - taken,
        )
    _use_up(own, taken)
    await session.flush()
    movement = row_of(new, part, on_hand)
    session.add(movement)
    await _count_down(session, new, part)
    return Posted(movement, await note_low(session, part))


async def reserve(
    session: AsyncSession,
    sku: str,
    quantity: int,
    ticket: str,
    *,
    key: str,
    actor: str,
    location: str = BENCH,
    override: Override | None = None,
) -> Reserved:
    """Set pieces aside for a ticket; the same key again changes nothing.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: the quantity, a text or the override can't be used.
        StockShortageError: so many aren't free, and no override says that it may be.
        KeyConflictError: the key was used for another reservation.
    """
    check_quantity(quantity)
    check_texts(key=key, ticket=ticket, actor=actor, location=location)
    check_override(override)
    if not ticket:
        raise InvalidInputError("ticket", "pieces are set aside for a ticket.", "Name it.")
    part = await find_part(session, sku, lock=True)
    taken = await session.exec(select(StockReservation).where(StockReservation.key == key))
    if (before := taken.one_or_none()) is not None:
        if (before.part_id, before.location, before.ticket, before.quantity) != (
            part.id,
            location,
            ticket,
            quantity,
        ):
            raise KeyConflictError(key)
        return Reserved(before, became_low=False, is_repeated=True)
    on_hand, reserved = await _level(session, part.id, location)
    if override is None and reserved + quantity > on_hand:
        own = sum(one.open for one in await _open(session, ticket, part.id, location))
        raise StockShortageError(
            sku, location, wanted=quantity, on_hand=on_hand, reserved=reserved, own=own
        )
    reservation = StockReservation(
        key=key,
        part_id=part.id,
        location=location,
        ticket=ticket,
        quantity=quantity,
        actor=actor,
        override_by=override.by if override else "",
        override_reason=override.reason if override else "",
    )
    session.add(reservation)
    await session.flush()
    return Reserved(reservation, await note_low(session, part))


async def release(session: AsyncSession, ticket: str, sku: str, most: int | None = None) -> int:
    """Release what is set aside of a part for a ticket, and return how many pieces that were.

    Args:
        session: in a transaction.
        ticket: its number.
        sku: of the part.
        most: so many pieces at most, of the oldest reservations first; None: all.

    Raises:
        UnknownPartError: there is no such part.
    """
    part = await find_part(session, sku, lock=True)
    reservations = await _open(session, ticket, part.id)
    held = sum(one.open for one in reservations)
    pieces = left = held if most is None else min(held, most)
    for one in reservations:
        freed = min(one.open, left)
        one.released += freed
        left -= freed
        session.add(one)
    await session.flush()
    await note_low(session, part)
    return pieces


async def _level(session: AsyncSession, part_id: UUID, location: str) -> tuple[int, int]:
    """Return how many are at a location, and how many of those are reserved."""
    found = await session.exec(
        select(StockLevel.on_hand, StockLevel.reserved).where(
            StockLevel.part_id == part_id, StockLevel.location == location
        )
    )
    on_hand, reserved = found.one_or_none() or (0, 0)
    return on_hand, reserved


async def _open(
    session: AsyncSession, ticket: str, part_id: UUID, location: str | None = None
) -> Sequence[StockReservation]:
    """Return a ticket's reservations of a part that are open, the oldest first."""
    statement = (
        select(StockReservation)
        .where(
            StockReservation.ticket == ticket,
            StockReservation.part_id == part_id,
            col(StockReservation.used) + StockReservation.released < StockReservation.quantity,
        )
        .order_by(col(StockReservation.id))
        .execution_options(populate_existing=True)
    )
    if location is not None:
        statement = statement.where(StockReservation.location == location)
    return (await session.exec(statement)).all()


def _use_up(reservations: Sequence[StockReservation], pieces: int) -> None:
    for one in reservations:
        taken = min(one.open, pieces)
        one.used += taken
        pieces -= taken


async def _check_serial(session: AsyncSession, new: NewMovement, part: Part) -> None:
    """Refuse a serial number that comes in while it is here."""
    if part.tracking != Tracking.SERIAL or change_of(new, on_hand=0) <= 0 or not new.lot:
        return
    here = await session.exec(
        select(func.coalesce(func.sum(StockMovement.quantity), 0)).where(
            StockMovement.part_id == part.id, StockMovement.lot == new.lot
        )
    )
    if here.one() > 0:
        raise InvalidInputError(
            "lot", f"{new.sku} {new.lot} is in stock already.", "Read its serial number again."
        )


async def _check_return(session: AsyncSession, new: NewMovement, part: Part) -> None:
    """Refuse more pieces back from a ticket than were used on it and didn't come back."""
    if new.kind is not MovementKind.RETURN:
        return
    out = max(0, (await used_on(session, new.ticket)).get(part.id, 0))
    if new.quantity > out:
        raise ReturnExcessError(new.sku, new.ticket, wanted=new.quantity, out=out)


async def _count_down(session: AsyncSession, new: NewMovement, part: Part) -> None:
    """Count the order of a receipt down; more than was ordered may come."""
    if new.kind is not MovementKind.RECEIVE or not new.order_reference:
        return
    found = await session.exec(
        select(PartOnOrder)
        .where(PartOnOrder.part_id == part.id, PartOnOrder.order_reference == new.order_reference)
        .execution_options(populate_existing=True)
    )
    if (order := found.one_or_none()) is not None:
        order.received += new.quantity
        session.add(order)
