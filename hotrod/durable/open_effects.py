"""Which outward acts wait for a person, or hang: what operations look at in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.models import Effect, EffectState

LONG = timedelta(minutes=1)
"""A claim older than this was left behind by a process that died, or its act hangs."""


async def open_effects(session: AsyncSession, *, limit: int) -> Sequence[Effect]:
    """Return the acts of unknown outcome and those claimed long ago, the oldest first."""
    found = await session.exec(
        select(Effect)
        .where(
            col(Effect.state) != EffectState.DONE,
            or_(
                col(Effect.state) == EffectState.UNKNOWN,
                and_(
                    col(Effect.state) == EffectState.CLAIMED,
                    col(Effect.claimed_at) < now() - LONG,
                ),
            ),
        )
        .order_by(col(Effect.claimed_at))
        .limit(limit)
    )
    return found.all()


async def effects_in(
    session: AsyncSession, states: Collection[EffectState], *, limit: int
) -> Sequence[Effect]:
    """Return the acts in these states, those claimed last first."""
    found = await session.exec(
        select(Effect)
        .where(col(Effect.state).in_(states))
        .order_by(col(Effect.claimed_at).desc())
        .limit(limit)
    )
    return found.all()


async def count_open_effects(session: AsyncSession) -> dict[EffectState, int]:
    """Count the acts that are claimed, and those of unknown outcome; quick beside any number done.

    Returns:
        both states, zeros included.
    """
    found = await session.exec(
        select(col(Effect.state), func.count())
        .where(col(Effect.state) != EffectState.DONE)
        .group_by(col(Effect.state))
    )
    counts = {EffectState(state): count for state, count in found}
    return {state: counts.get(state, 0) for state in (EffectState.CLAIMED, EffectState.UNKNOWN)}
