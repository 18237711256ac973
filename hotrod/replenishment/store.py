"""Read from the ledger what is there, what was used, and how long deliveries took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, cast

import numpy as np
from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.forecast.settings import Criticality
from hotrod.replenishment.models import Demand, Shelf
from hotrod.replenishment.rules import net_demand

_YEAR = 12
_MEASURED_FOR = timedelta(days=2 * 365)
_LONGEST_LEAD_DAYS = 1000

_SHELVES = text("""
    SELECT sku, name, category, fits, reorder_point,
        (SELECT coalesce(sum(on_hand - reserved), 0) FROM stock_levels WHERE part_id = parts.id),
        (SELECT coalesce(sum(greatest(quantity - received, 0)), 0) FROM parts_on_order
         WHERE part_id = parts.id),
        criticality, point_by_hand
    FROM parts WHERE active ORDER BY sku
""")
# Pieces counted on a shelf that had none before are opening stock: nobody had lost them.
_DEMAND = text("""
    WITH months AS (
        SELECT part_id, CAST(date_trunc('month', at AT TIME ZONE :zone) AS date) AS month,
            coalesce(-sum(quantity) FILTER (WHERE kind IN ('use', 'return')), 0) AS used,
            coalesce(-sum(quantity) FILTER (
                WHERE kind IN ('adjust', 'count') AND on_hand_after <> quantity), 0) AS lost
        FROM stock_movements GROUP BY part_id, month)
    SELECT sku, array_agg(month), array_agg(used), array_agg(lost)
    FROM months JOIN parts ON parts.id = part_id
    WHERE active AND month <= :running GROUP BY sku ORDER BY sku
""")
_LEAD_DAYS = text("""
    WITH deliveries AS (
        SELECT parts_on_order.part_id, extract(epoch FROM min(at) - ordered_at) / 86400 AS days
        FROM parts_on_order JOIN stock_movements USING (part_id, order_reference)
        WHERE kind = 'receive' AND ordered_at >= :since GROUP BY parts_on_order.id)
    SELECT sku, array_agg(CAST(days AS float) ORDER BY days)
    FROM deliveries JOIN parts ON parts.id = part_id
    WHERE days > 0 AND days <= :longest GROUP BY sku
""")
# Those who lock several parts do so by SKU, and so never wait for each other.
_POINTS = text("""
    SELECT sku, reorder_point, point_by_hand FROM parts WHERE active ORDER BY sku
    FOR NO KEY UPDATE
""")
_SET_POINTS = text("""
    UPDATE parts SET reorder_point = point
    FROM unnest(CAST(:skus AS text[]), CAST(:points AS integer[])) AS asked (sku, point)
    WHERE parts.sku = asked.sku
""")


class Point(NamedTuple):
    """The stock at which a part is ordered, and whether a person has set it."""

    pieces: int
    by_hand: bool


async def shelves(session: AsyncSession) -> list[Shelf]:
    """Return the active parts with their stock, by SKU."""
    found = await _rows(session, _SHELVES)
    return [
        Shelf(
            sku,
            name,
            category,
            tuple(fits),
            point,
            int(available),
            int(on_order),
            Criticality(criticality),
            by_hand,
        )
        for sku, name, category, fits, point, available, on_order, criticality, by_hand in found
    ]


async def demand(session: AsyncSession, company: Company, at: datetime) -> dict[str, Demand]:
    """Return the demand of each active part that ever moved, by SKU.

    Months are those of the company's time zone; the one that ``at`` is in isn't over, and left
    out. What counts and adjustments have taken is no demand: to order for losses would hide them.
    They are told apart, so that somebody looks for the cause.
    """
    running = at.astimezone(company.zone).date().replace(day=1)
    found = await _rows(session, _DEMAND, zone=company.time_zone, running=running)
    return {sku: _demand(running, *columns) for sku, *columns in found}


async def lead_days(session: AsyncSession, at: datetime) -> dict[str, tuple[float, ...]]:
    """Return how many days the deliveries of the last two years took, by SKU, shortest first.

    From the order to the first receipt that names it; parts without any are left out.
    """
    since = at.astimezone(UTC) - _MEASURED_FOR
    found = await _rows(session, _LEAD_DAYS, since=since, longest=_LONGEST_LEAD_DAYS)
    return {sku: tuple(days) for sku, days in found}


async def lock_points(session: AsyncSession) -> dict[str, Point]:
    """Lock the active parts until the transaction ends; return their reorder points, by SKU."""
    return {sku: Point(pieces, by_hand) for sku, pieces, by_hand in await _rows(session, _POINTS)}


async def set_points(session: AsyncSession, points: Mapping[str, int]) -> None:
    """Set the reorder points of locked parts, in pieces by SKU."""
    values = {"skus": list(points), "points": list(points.values())}
    await session.exec(cast("Any", _SET_POINTS), params=values)


def _demand(running: date, months: list[date], used: list[int], lost: list[int]) -> Demand:
    """Return the demand by months that had movements; ``running`` is the first that isn't over."""
    net, gone = np.zeros(_since(min(months), running)), 0
    for month, pieces, missing in zip(months, used, lost, strict=True):
        ago = _since(month, running)
        if ago:
            net[-ago] = pieces
            gone += int(missing) if ago <= _YEAR else 0
    return Demand(net_demand(net), max(gone, 0))


def _since(month: date, running: date) -> int:
    return (running.year - month.year) * _YEAR + running.month - month.month


async def _rows(session: AsyncSession, statement: TextClause, **values: object) -> Any:  # noqa: ANN401 - rows of any shape
    await session.flush()
    return (await session.exec(cast("Any", statement), params=values)).all()
