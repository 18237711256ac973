"""What is to be ordered now, and what is expected of all parts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.forecast.orders import OrderTerms
from hotrod.forecast.settings import ForecastSettings
from hotrod.parts.models import Part
from hotrod.parts.substitutes import substitutes_of
from hotrod.replenishment import store
from hotrod.replenishment.models import Aim, Need, Outlook, Shelf, StandIn, aim_of
from hotrod.replenishment.outlooks import outlooks
from hotrod.replenishment.rules import need_of


async def needs(
    session: AsyncSession,
    company: Company,
    policy: ForecastSettings,
    at: datetime,
    covered: Collection[str],
    terms: Mapping[str, Sequence[OrderTerms]] | None = None,
) -> list[Need]:
    """Return what must be ordered of all that is low, the most urgent first.

    Args:
        session: to read with.
        company: whose months and days count.
        policy: how sure the stock must last.
        at: when.
        covered: SKUs that an open proposal covers already.
        terms: of suppliers, by SKU, where they are known; all in one currency.
    """
    shelves = await store.shelves(session)
    low = {shelf.sku: shelf for shelf in shelves if shelf.is_low and shelf.sku not in covered}
    if not low:
        return []
    expected = await expected_of(session, company, aim_of(policy), at, shelves, only=low)
    today = at.astimezone(company.zone).date()
    standing_in = await _stand_ins(session, {shelf.sku: shelf for shelf in shelves}, low)
    found = (
        need_of(
            low[outlook.sku],
            outlook,
            today,
            (terms or {}).get(outlook.sku, ()),
            standing_in.get(outlook.sku, ()),
        )
        for outlook in expected
    )
    return sorted((need for need in found if need), key=_urgency)


async def expected_of(
    session: AsyncSession,
    company: Company,
    aim: Aim,
    at: datetime,
    shelves: Sequence[Shelf],
    only: Collection[str] | None = None,
) -> list[Outlook]:
    """Return what is expected of parts, by SKU.

    Args:
        session: to read with.
        company: whose months count.
        aim: for all of them.
        at: when.
        shelves: all active parts.
        only: SKUs of those to be looked at; all by default.
    """
    demand = await store.demand(session, company, at)
    lead_days = await store.lead_days(session, at)
    return await asyncio.to_thread(outlooks, shelves, demand, lead_days, aim, only=only)


async def all_outlooks(
    session: AsyncSession, company: Company, aim: Aim, at: datetime
) -> list[Outlook]:
    """Return what is expected of each active part, by SKU."""
    return await expected_of(session, company, aim, at, await store.shelves(session))


async def _stand_ins(
    session: AsyncSession, shelves: Mapping[str, Shelf], skus: Collection[str]
) -> dict[str, list[StandIn]]:
    """Return the parts on the shelf that can stand in for others, by the others' SKU."""
    ids = await session.exec(select(Part.id, Part.sku).where(col(Part.sku).in_(skus)))
    known = dict(ids.all())
    return {
        known[part_id]: [
            StandIn(one.part.sku, shelves[one.part.sku].available, one.evidence[0].words)
            for one in listed
            if one.works and shelves[one.part.sku].available > 0
        ]
        for part_id, listed in (await substitutes_of(session, known)).items()
    }


def _urgency(need: Need) -> tuple[date, str]:
    return need.wanted.stock_out_on or date.max, need.wanted.sku
