"""The nightly refresh of the stock at which each part is ordered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.forecast.settings import ForecastSettings
from hotrod.parts.lowness import announce, mark_active_low
from hotrod.replenishment import store
from hotrod.replenishment.models import Refreshed, aim_of
from hotrod.replenishment.needs import expected_of
from hotrod.replenishment.store import Point


async def refresh_reorder_points(
    session: AsyncSession, company: Company, policy: ForecastSettings, at: datetime
) -> Refreshed:
    """Set the reorder point of each active part to what its forecast asks for.

    Points that persons have set stay, and those of parts of which too little is known. Parts that
    become low by it are announced together, once. Once forecast, all active parts are locked.

    Args:
        session: in a transaction of its own; rows that it holds are not changed.
        company: whose months count.
        policy: how sure the stock must last.
        at: when.
    """
    shelves = await store.shelves(session)
    free = {shelf.sku for shelf in shelves if not shelf.point_by_hand}
    expected = await expected_of(session, company, aim_of(policy), at, shelves, only=free)
    asked = {each.sku: each.reorder_point for each in expected if each.forecast}
    points = await store.lock_points(session)
    changed = _changes(points, asked)
    await store.set_points(session, {sku: after for sku, (_, after) in changed.items()})
    became_low = await mark_active_low(session, at)
    if became_low:
        await announce(session, f"refresh:{at.isoformat()}", f"{len(became_low)} parts are low")
    return Refreshed(
        changed=changed,
        unchanged=len(asked) - len(changed),
        by_hand=tuple(sku for sku, point in points.items() if point.by_hand),
        unknown=tuple(each.sku for each in expected if not each.forecast),
        became_low=tuple(became_low),
    )


def _changes(points: Mapping[str, Point], asked: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    return {
        sku: (point.pieces, asked[sku])
        for sku, point in points.items()
        if sku in asked and not point.by_hand and point.pieces != asked[sku]
    }
