"""Read the parts catalogue with its stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.models import Part, StockLevel


@dataclass(frozen=True)
class StockedPart:
    """A part, and how many of it are free to be used, over all locations."""

    part: Part
    available: int


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
