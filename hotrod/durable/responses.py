"""First responses: which are due, and which were performed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.heads import deliveries
from hotrod.durable.inbox import queues
from hotrod.durable.models import Delivery
from hotrod.durable.turns import BY_TURN, TURN, Turns


async def claim(
    session: AsyncSession,
    events: Sequence[str],
    *,
    limit: int,
    lease: timedelta,
    turns: Turns | None = None,
    running: Sequence[int] = (),
) -> list[Delivery]:
    """Take up to ``limit`` deliveries whose first response is due, in the order of runs.

    Args:
        session: in a transaction of its own.
        events: that have a first response.
        limit: most to be taken.
        lease: after it, one that wasn't marked by ``mark_responded`` is due again.
        turns: whose turn it is; changed by the call.
        running: those that this worker is responding to, however long it takes.
    """
    turns = turns or Turns()
    taken = await deliveries(
        session,
        _CLAIM,
        events=list(events),
        limit=limit,
        lease=lease,
        running=list(running),
        **turns.parameters(),
    )
    turns.remember(taken)
    return taken


_UNANSWERED = "responded_at IS NULL AND state IN ('held', 'waiting', 'claimed')"
_CLAIM = f"""
    WITH RECURSIVE {queues(_UNANSWERED)},
    head AS (
        SELECT oldest.id, queue.lane_rank, queue.business_key FROM queue, LATERAL (
            SELECT id FROM inbox
            WHERE {_UNANSWERED} AND lane_rank = queue.lane_rank
              AND business_key = queue.business_key AND event = queue.event
              AND (response_until IS NULL OR response_until < now())
              AND id <> ALL(CAST(:running AS bigint[]))
            ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED) AS oldest
        WHERE queue.event = ANY(CAST(:events AS text[]))
    ),
    {TURN},
    due AS (
        SELECT id, row_number() OVER (ORDER BY {BY_TURN}) AS place
        FROM turn ORDER BY place LIMIT :limit
    ),
    taken AS (
        UPDATE inbox SET response_until = now() + :lease
        FROM due WHERE inbox.id = due.id RETURNING inbox.*, due.place
    )
    SELECT * FROM taken ORDER BY place
"""


async def mark_responded(session: AsyncSession, delivery_id: int) -> None:
    """Remember that the first response was performed, or is left to the flow's own step."""
    await session.exec(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id)
        .values(responded_at=now(), response_until=None)
    )
