"""What is printed on the labels of parts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import NotFoundError
from hotrod.labels.printing import PartLabel
from hotrod.parts.models import Part, StockLevel


async def part_labels(session: AsyncSession, skus: Sequence[str]) -> list[PartLabel]:
    """Return the labels of parts, in the order given, with all locations where they lie.

    Raises:
        NotFoundError: there is no part with such an SKU.
    """
    statement = (
        select(Part.sku, Part.name, StockLevel.location)
        .join(StockLevel, col(StockLevel.part_id) == Part.id, isouter=True)
        .where(col(Part.sku).in_(skus))
        .order_by(col(StockLevel.location))
    )
    names: dict[str, str] = {}
    locations: dict[str, list[str]] = {}
    for sku, name, location in (await session.exec(statement)).all():
        names[sku] = name
        locations.setdefault(sku, []).extend([location] if location else [])
    for sku in skus:
        if sku not in names:
            raise NotFoundError("part", sku)
    return [PartLabel(sku, names[sku], ", ".join(locations[sku])) for sku in skus]
