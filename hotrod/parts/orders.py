"""What was ordered and is to come. Who orders says so here; receipts count it down."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.parts.lowness import note_low
from hotrod.parts.models import Part, PartOnOrder
from hotrod.parts.movements import check_quantity, check_texts
from hotrod.parts.store import find_part


async def put_on_order(
    session: AsyncSession,
    sku: str,
    quantity: int,
    order_reference: str,
    *,
    expected_at: datetime | None = None,
) -> PartOnOrder:
    """Say that pieces of a part are ordered; again with the same reference, how many they are now.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: the quantity or the reference can't be used.
    """
    check_quantity(quantity)
    check_texts(order_reference=order_reference)
    if not order_reference.strip():
        raise InvalidInputError("order_reference", "it is empty.", "Give the order's number.")
    part = await find_part(session, sku, lock=True)
    order = await _order(session, part, order_reference) or PartOnOrder(
        part_id=part.id, order_reference=order_reference, quantity=quantity
    )
    order.quantity = quantity
    order.expected_at = expected_at or order.expected_at
    session.add(order)
    await note_low(session, part)
    return order


async def cancel_order(session: AsyncSession, sku: str, order_reference: str) -> bool:
    """Say that what is still to come of an order won't; tell whether the part became low by it.

    Raises:
        UnknownPartError: there is no such part.
    """
    part = await find_part(session, sku, lock=True)
    order = await _order(session, part, order_reference)
    if order is None:
        return False
    order.quantity = min(order.quantity, order.received)
    session.add(order)
    return await note_low(session, part)


async def _order(session: AsyncSession, part: Part, order_reference: str) -> PartOnOrder | None:
    found = await session.exec(
        select(PartOnOrder)
        .where(PartOnOrder.part_id == part.id, PartOnOrder.order_reference == order_reference)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()
