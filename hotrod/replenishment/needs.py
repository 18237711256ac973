"""What is to be ordered now, and the nightly refresh of when that is.

Criticality isn't stored with parts yet: all count as B.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.forecast.orders import OrderTerms
from hotrod.forecast.settings import Criticality, ForecastSettings
from hotrod.parts.lowness import announce, mark_low
from hotrod.parts.models import Part
from hotrod.replenishment import store
from hotrod.replenishment.models import Aim, Need, Outlook, Refreshed, Shelf
from hotrod.replenishment.outlooks import outlooks
from hotrod.replenishment.rules import need_of


async def needs(
    session: AsyncSession,
    company: Company,
    policy: ForecastSettings,
    at: datetime,
    covered: Collection[str],
    terms: Mapping[str, OrderTerms] | None = None,
) -> list[Need]:
    """Return what must be ordered of all that is low, the most urgent first.

    Args:
        session: to read with.
        company: whose months and days count.
        policy: how sure the stock must last.
        at: when.
        covered: SKUs that an open proposal covers already.
        terms: of suppliers, by SKU, where they are known.
    """
    shelves = await store.shelves(session)
    low = {shelf.sku: shelf for shelf in shelves if shelf.is_low and shelf.sku not in covered}
    if not low:
        return []
    expected = await _outlooks(session, company, _aim(policy), at, shelves, only=low)
    today = at.astimezone(company.zone).date()
    found = (
        need_of(low[outlook.sku], outlook, today, (terms or {}).get(outlook.sku))
        for outlook in expected
    )
    return sorted((need for need in found if need), key=_urgency)


async def refresh_reorder_points(
    session: AsyncSession,
    company: Company,
    policy: ForecastSettings,
    at: datetime,
    *,
    by_hand: Collection[str] = (),
) -> Refreshed:
    """Set the reorder point of each active part to what its forecast asks for.

    Points of parts of which too little is known stay. Parts that become low by it are announced
    together, once. From the first change on, all active parts are locked.

    Args:
        session: in a transaction of its own.
        company: whose months count.
        policy: how sure the stock must last.
        at: when.
        by_hand: SKUs of parts whose points a person has set; they stay.
    """
    expected = await _outlooks(session, company, _aim(policy), at, await store.shelves(session))
    points = {
        each.sku: each.reorder_point
        for each in expected
        if each.forecast and each.sku not in by_hand
    }
    parts = await _lock_active(session)
    changed: dict[str, tuple[int, int]] = {}
    for sku, point in points.items():
        if (part := parts.get(sku)) is not None and part.reorder_point != point:
            changed[sku] = part.reorder_point, point
            part.reorder_point = point
    became_low = await _mark_low(session, parts)
    if became_low:
        await announce(session, f"refresh:{at.isoformat()}", f"{len(became_low)} parts are low")
    return Refreshed(
        changed=changed,
        unchanged=len(points) - len(changed),
        by_hand=tuple(sorted(set(by_hand) & parts.keys())),
        unknown=tuple(each.sku for each in expected if not each.forecast),
        became_low=tuple(became_low),
    )


async def all_outlooks(
    session: AsyncSession, company: Company, aim: Aim, at: datetime
) -> list[Outlook]:
    """Return what is expected of each active part, by SKU."""
    return await _outlooks(session, company, aim, at, await store.shelves(session))


async def _outlooks(
    session: AsyncSession,
    company: Company,
    aim: Aim,
    at: datetime,
    shelves: list[Shelf],
    only: Collection[str] | None = None,
) -> list[Outlook]:
    demand = await store.demand(session, company, at)
    lead_days = await store.lead_days(session, at)
    return await asyncio.to_thread(outlooks, shelves, demand, lead_days, aim, only=only)


async def _lock_active(session: AsyncSession) -> dict[str, Part]:
    found = await session.exec(
        select(Part)
        .where(Part.active)
        .order_by(col(Part.sku))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {part.sku: part for part in found}


async def _mark_low(session: AsyncSession, parts: Mapping[str, Part]) -> list[str]:
    """Mark locked parts that are low, or aren't any more; return those that became so."""
    differing = [
        part
        for shelf in await store.shelves(session)
        if (part := parts.get(shelf.sku)) and shelf.is_low != (part.low_since is not None)
    ]
    return [part.sku for part in await mark_low(session, differing)]


def _aim(policy: ForecastSettings) -> Aim:
    return Aim(policy.service_level(Criticality.B), (policy.lead_time_days,))


def _urgency(need: Need) -> tuple[date, str]:
    return need.wanted.stock_out_on or date.max, need.wanted.sku
