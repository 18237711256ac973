"""When a part becomes low: noted on it, and told to whoever orders.

Stock belongs to the company, not to one of its businesses; what is low is told to the business
that takes repairs by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import get_company
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.parts.models import Part
from hotrod.parts.store import positions

EVENT = "stock.low"

_MARK = text("""
    WITH stock AS (
        SELECT id, reorder_point >=
            (SELECT coalesce(sum(on_hand - reserved), 0) FROM stock_levels WHERE part_id = parts.id)
            + (SELECT coalesce(sum(greatest(quantity - received, 0)), 0) FROM parts_on_order
               WHERE part_id = parts.id) AS is_low
        FROM parts WHERE active)
    UPDATE parts SET low_since = CASE WHEN is_low THEN CAST(:at AS timestamptz) END
    FROM stock WHERE parts.id = stock.id AND is_low <> (low_since IS NOT NULL)
    RETURNING sku, is_low
""")


async def note_low(session: AsyncSession, part: Part) -> bool:
    """Note whether a part is low now, and tell whether that is news; if so, announce it.

    Raises and locks as ``note_all_low``.
    """
    return bool(await note_all_low(session, [part]))


async def note_all_low(session: AsyncSession, parts: Sequence[Part]) -> list[Part]:
    """Note which parts are low now, and return those of which that is news; announce them as one.

    Low is what is available and on order, at the reorder point or below. Nobody is told of a part
    that isn't active.

    Args:
        session: with what was changed about the parts. Locks are taken before: of rows, by now,
            all that the transaction needs; the announcement takes the one of its ordering key.
        parts: locked, as ``find_part`` returns them, or new.
    """
    news = await mark_low(session, parts)
    told = [part for part in news if part.active]
    if told:
        first, more = told[0], len(told) - 1
        words = f"{first.sku} and {more} more are low" if more else f"{first.sku} is low"
        await announce(session, f"{first.id}:{first.low_since}", words)
    return news


async def mark_low(session: AsyncSession, parts: Sequence[Part]) -> list[Part]:
    """Note which parts are low now as ``note_all_low`` does, and tell nobody else."""
    await session.flush()
    pieces = await positions(session, [part.id for part in parts])
    news = []
    for part in parts:
        is_low = pieces[part.id] <= part.reorder_point
        if is_low and part.low_since is None:
            news.append(part)
            part.low_since = now()
        elif not is_low:
            part.low_since = None
        session.add(part)
    await session.flush()
    return news


async def mark_active_low(session: AsyncSession, at: datetime) -> list[str]:
    """Note which active parts are low, and tell nobody; return the SKUs of which that is news.

    Rows that the session holds are not changed.

    Args:
        session: in a transaction that has locked the active parts.
        at: since when they are.
    """
    found = await session.exec(cast("Any", _MARK), params={"at": at})
    return sorted(sku for sku, is_low in found if is_low)


async def announce(session: AsyncSession, lowness: str, title: str) -> None:
    """Write into the inbox that parts are low; whoever orders looks for all that are.

    It rests for the company's ``gather_minutes``, so that parts which become low soon after are
    ordered together.

    Args:
        session: in a transaction that locks no row after this.
        lowness: what makes it unlike any other time, and is said once.
        title: of the run.
    """
    company = get_company()
    business = company.default_business
    await inbox.accept(
        session,
        NewDelivery(
            source="stock",
            delivery_id=lowness,
            body_hash=EVENT,
            event=EVENT,
            business_key=business,
            ordering_key=f"business:{business}",
            title=title,
            payload={"business": business},
            rest=timedelta(minutes=company.sourcing.gather_minutes),
        ),
    )
