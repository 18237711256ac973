"""Record model calls, and add up what they cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.ai.models import ModelCall

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('model_calls', 0))")


async def lock_spending(session: AsyncSession) -> None:
    """Let nobody else book until the transaction ends."""
    await (await session.connection()).execute(_LOCK)


async def call_of_request(session: AsyncSession, request_id: str) -> ModelCall | None:
    """Return the call of a vendor's id."""
    found = await session.exec(select(ModelCall).where(ModelCall.request_id == request_id))
    return found.first()


async def spent_since(session: AsyncSession, start: datetime) -> Decimal:
    """Return what model calls have cost since a moment, in CAD."""
    found = await session.exec(
        select(func.coalesce(func.sum(ModelCall.cost), 0)).where(col(ModelCall.at) >= start)
    )
    return Decimal(found.one())
