"""What a person says of how a part is reordered and recognized."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.forecast.settings import Criticality
from hotrod.labels.rules import product_number
from hotrod.parts.lowness import note_low
from hotrod.parts.models import Part
from hotrod.parts.store import find_part

MOST_PIECES = 1_000_000


async def reorder_at(session: AsyncSession, sku: str, pieces: int) -> Part:
    """Set the stock at which a part is ordered; the forecast doesn't move it any more.

    A part that is low by it is announced.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: so many pieces can't be.
    """
    if not 0 <= pieces <= MOST_PIECES:
        raise InvalidInputError(
            "reorder_at", f"it is {pieces}.", f"Give pieces from 0 to {MOST_PIECES:,}."
        )
    part = await find_part(session, sku, lock=True)
    part.reorder_point = pieces
    part.point_by_hand = True
    await note_low(session, part)
    return part


async def reorder_by_forecast(session: AsyncSession, sku: str) -> Part:
    """Hand a part's reorder point back to the forecast: it stays until the next night.

    Raises:
        UnknownPartError: there is no such part.
    """
    part = await find_part(session, sku, lock=True)
    part.point_by_hand = False
    session.add(part)
    return part


async def set_criticality(session: AsyncSession, sku: str, criticality: Criticality) -> Part:
    """Say how bad it is to be without a part; its reorder point follows at night.

    Raises:
        UnknownPartError: there is no such part.
    """
    part = await find_part(session, sku, lock=True)
    part.criticality = criticality
    session.add(part)
    return part


async def set_active(session: AsyncSession, sku: str, *, active: bool) -> Part:
    """Say whether a part is used: only those that are, are listed, forecast and ordered.

    One that is used from now on and is low is announced, as nobody was told before.

    Raises:
        UnknownPartError: there is no such part.
    """
    part = await find_part(session, sku, lock=True)
    is_news = active and not part.active
    part.active = active
    session.add(part)
    if is_news:
        part.low_since = None
        await note_low(session, part)
    return part


async def set_ean(session: AsyncSession, sku: str, ean: str) -> Part:
    """Say which product number stands on a part's packing; an empty one takes it away.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: it is no EAN or UPC.
    """
    number = product_number(ean.strip()) if ean.strip() else ""
    part = await find_part(session, sku, lock=True)
    part.ean = number
    session.add(part)
    return part
