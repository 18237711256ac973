"""Record model calls, and add up what they cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.ai.models import ModelCall


async def spent_since(session: AsyncSession, start: datetime) -> Decimal:
    """Return what model calls have cost since a moment, in CAD."""
    found = await session.exec(
        select(func.coalesce(func.sum(ModelCall.cost), 0)).where(col(ModelCall.at) >= start)
    )
    return Decimal(found.one())
