"""When a part becomes low: noted on it, and told to whoever orders.

Stock belongs to the company, not to one of its businesses; what is low is told to the business
that takes repairs by default.
"""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import get_company
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.parts.models import Part
from hotrod.parts.store import position

EVENT = "stock.low"


async def note_low(session: AsyncSession, part: Part) -> bool:
    """Note whether a part is low now, and tell whether that is news; if so, announce it.

    Low is what is available and on order, at the reorder point or below. Nobody is told of a part
    that isn't active.

    Args:
        session: with what was changed about the part. Locks are taken before: of rows, by now,
            all that the transaction needs; the announcement takes the one of its ordering key.
        part: locked, as ``find_part`` returns it.
    """
    is_news = await mark_low(session, part)
    if is_news and part.active:
        await announce(session, f"{part.id}:{part.low_since}", f"{part.sku} is low")
    return is_news


async def mark_low(session: AsyncSession, part: Part) -> bool:
    """Note whether a part is low now as ``note_low`` does, and tell nobody else."""
    await session.flush()
    is_low = await position(session, part.id) <= part.reorder_point
    is_news = is_low and part.low_since is None
    if is_news or not is_low:
        part.low_since = now() if is_low else None
        session.add(part)
        await session.flush()
    return is_news


async def announce(session: AsyncSession, lowness: str, title: str) -> None:
    """Write into the inbox that parts are low; whoever orders looks for all that are.

    Args:
        session: in a transaction that locks no row after this.
        lowness: what makes it unlike any other time, and is said once.
        title: of the run.
    """
    business = get_company().default_business
    await inbox.accept(
        session,
        NewDelivery(
            source="stock",
            delivery_id=lowness,
            body_hash=EVENT,
            event=EVENT,
            business_key=business,
            ordering_key=f"sourcing:{business}",
            title=title,
            payload={"business": business},
        ),
    )
