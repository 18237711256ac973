"""Dead letters that nobody was told of yet."""

from __future__ import annotations

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.heads import deliveries
from hotrod.durable.models import Delivery, DeliveryState


async def untold(session: AsyncSession, *, limit: int) -> list[Delivery]:
    """Return dead letters that nobody was told of, the oldest first.

    Args:
        session: in a transaction.
        limit: most that are returned.
    """
    return await deliveries(
        session,
        "SELECT * FROM inbox WHERE state = 'dead' AND told_at IS NULL ORDER BY id LIMIT :limit",
        limit=limit,
    )


async def mark_told(session: AsyncSession, delivery_id: int) -> None:
    """Remember that those concerned were told of a dead letter, unless it lives again."""
    await session.exec(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id, col(Delivery.state) == DeliveryState.DEAD)
        .values(told_at=now())
    )
