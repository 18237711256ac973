"""What workers do with deliveries: claim them by lease, keep them, give them back or end them.

A lease is renewed while its worker lives. What a dead worker held is free when its lease ends,
and is continued by whoever claims it then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.heads import deliveries, execute, lock_keys, promote
from hotrod.durable.inbox import QUEUES
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.durable.turns import BY_TURN, LANES, TURN, Turns

_EVENT_LOCKS = 4_207_113  # advisory locks of two numbers: this one, and the hash of the event


async def claim(
    session: AsyncSession,
    worker: str,
    *,
    limit: int,
    lease: timedelta,
    limits: Mapping[str, int] | None = None,
    turns: Turns | None = None,
    urgent_only: bool = False,
    held_back: Sequence[str] = (),
    running: Sequence[int] = (),
) -> list[Delivery]:
    """Take up to ``limit`` deliveries: those of ended leases first, then what waits.

    Earlier lanes go first; in a lane the businesses take turns, each with its oldest. The cost
    depends on the number of queues (lane, business, event), not on what waits in them.

    Args:
        session: in a transaction of its own.
        worker: who claims; unique among the living ones.
        limit: most to be claimed.
        lease: how long they are held without being renewed.
        limits: events of which no more than so many may be claimed at a time, by all workers.
            An event that another worker is claiming right now is passed over.
        turns: whose turn it is; changed by the call.
        urgent_only: leave the other lanes alone.
        held_back: events of which the other lanes are left alone.
        running: what this worker is working on: it isn't taken over by itself, however late its
            lease is renewed.

    Returns:
        the claimed rows in that order, ``attempts`` counting this claim.
    """
    last_lane = 0 if urgent_only else LANES - 1
    taken_over = await _take_over(session, worker, limit, lease, last_lane, running)
    left = limit - len(taken_over)
    if left <= 0:
        return taken_over
    turns = turns or Turns()
    limits = limits or {}
    countable = await _lock_events(session, sorted(limits))
    claimed = await deliveries(
        session,
        _CLAIM,
        worker=worker,
        lease=lease,
        limit=left,
        last_lane=last_lane,
        held_back=list(held_back),
        limited=list(limits),
        most=[most if event in countable else 0 for event, most in limits.items()],
        **turns.parameters(),
    )
    turns.remember(claimed)
    return [*taken_over, *claimed]


_CLAIM = f"""
    WITH RECURSIVE {QUEUES},
    room AS (
        SELECT event, most - (
            SELECT count(*) FROM inbox
            WHERE state = 'claimed' AND inbox.event = limited.event) AS free
        FROM unnest(CAST(:limited AS text[]), CAST(:most AS int[])) AS limited (event, most)
    ),
    head AS (
        SELECT oldest.id, queue.lane_rank, queue.business_key, queue.event, room.free
        FROM queue LEFT JOIN room ON room.event = queue.event, LATERAL (
            SELECT id FROM inbox
            WHERE state = 'waiting' AND lane_rank = queue.lane_rank
              AND business_key = queue.business_key AND event = queue.event
            ORDER BY id
            LIMIT greatest(0, least(CAST(:limit AS int), room.free))
            FOR UPDATE SKIP LOCKED) AS oldest
        WHERE queue.lane_rank <= :last_lane
          AND (queue.lane_rank = 0 OR queue.event <> ALL(CAST(:held_back AS text[])))
    ),
    {TURN},
    place AS (
        SELECT id, event, free, row_number() OVER (ORDER BY {BY_TURN}) AS place FROM turn
    ),
    chosen AS (
        SELECT id, place FROM (
            SELECT *, row_number() OVER (PARTITION BY event ORDER BY place) AS of_event
            FROM place) AS counted
        WHERE free IS NULL OR of_event <= free
        ORDER BY place LIMIT :limit
    ),
    claimed AS (
        UPDATE inbox SET state = 'claimed', worker = :worker, attempts = attempts + 1,
               lease_until = now() + :lease
        FROM chosen WHERE inbox.id = chosen.id RETURNING inbox.*, chosen.place
    )
    SELECT * FROM claimed ORDER BY place
"""


async def _take_over(
    session: AsyncSession,
    worker: str,
    limit: int,
    lease: timedelta,
    last_lane: int,
    running: Sequence[int],
) -> list[Delivery]:
    return await deliveries(
        session,
        """
        WITH ended AS (
            SELECT id FROM inbox WHERE state = 'claimed' AND lease_until < now()
              AND lane_rank <= :last_lane AND id <> ALL(CAST(:running AS bigint[]))
            ORDER BY lane_rank, id LIMIT :limit FOR UPDATE SKIP LOCKED
        ),
        claimed AS (
            UPDATE inbox SET worker = :worker, attempts = attempts + 1, lease_until = now() + :lease
            FROM ended WHERE inbox.id = ended.id RETURNING inbox.*
        )
        SELECT * FROM claimed ORDER BY lane_rank, id
        """,
        worker=worker,
        limit=limit,
        lease=lease,
        last_lane=last_lane,
        running=list(running),
    )


async def _lock_events(session: AsyncSession, events: Sequence[str]) -> set[str]:
    """Lock the counts of events until the transaction ends; return those that could be locked.

    A statement of its own: the claim must see what the lock's last holder has committed.
    """
    if not events:
        return set()
    locked = await execute(
        session,
        f"""
        SELECT event FROM unnest(CAST(:events AS text[])) AS event
        WHERE pg_try_advisory_xact_lock({_EVENT_LOCKS}, hashtext(event))
        """,
        events=list(events),
    )
    return {row[0] for row in locked}


async def attach_run(session: AsyncSession, delivery_id: int, worker: str, run_id: UUID) -> bool:
    """Remember the Prefect run of a claimed delivery; False when the claim was lost."""
    return await _change(session, delivery_id, worker, run_id=run_id)


async def renew(
    session: AsyncSession, ids: Sequence[int], worker: str, lease: timedelta
) -> set[int]:
    """Keep the leases of deliveries that this worker works on; return those it still holds."""
    kept = await execute(
        session,
        """
        UPDATE inbox SET lease_until = now() + :lease
        WHERE id = ANY(:ids) AND worker = :worker AND state = 'claimed' RETURNING id
        """,
        ids=list(ids),
        worker=worker,
        lease=lease,
    )
    return {row[0] for row in kept}


async def abandon(session: AsyncSession, worker: str) -> int:
    """End the leases of a worker that has died, so that they can be taken over at once.

    Called by its successor of the same name when it starts. What rests until it is tried again
    has no worker, and goes on resting.
    """
    ended = await execute(
        session,
        "UPDATE inbox SET lease_until = now() WHERE state = 'claimed' AND worker = :worker",
        worker=worker,
    )
    return int(ended.rowcount)


async def finish(session: AsyncSession, delivery_id: int, worker: str) -> bool:
    """Mark a delivery done; False when the claim was lost."""
    return await _end(session, delivery_id, worker, DeliveryState.DONE, "")


async def bury(session: AsyncSession, delivery_id: int, worker: str, reason: str) -> bool:
    """Put a delivery among the dead letters, with the reason; False when the claim was lost."""
    return await _end(session, delivery_id, worker, DeliveryState.DEAD, reason)


async def drop(session: AsyncSession, delivery_id: int, worker: str, reason: str) -> bool:
    """Discard a delivery that this worker holds; False when the claim was lost."""
    return await _end(session, delivery_id, worker, DeliveryState.DISCARDED, reason)


async def suspend(session: AsyncSession, delivery_id: int, worker: str) -> bool:
    """Let go of a delivery whose run sleeps until it is resumed; False when the claim was lost.

    It doesn't hold up others of its ordering key: one of them may be what it waits for.
    """
    keys = await lock_keys(session, [delivery_id])
    changed = await _change(
        session,
        delivery_id,
        worker,
        state=DeliveryState.SUSPENDED,
        worker=None,
        lease_until=None,
        last_error="",
    )
    await promote(session, keys)
    return changed


async def release(
    session: AsyncSession,
    delivery_id: int,
    worker: str,
    reason: str,
    *,
    counts: bool,
    rest: timedelta | None = None,
) -> bool:
    """Give a delivery back, to be claimed again; False when the claim was lost.

    Args:
        session: in a transaction.
        delivery_id: the row.
        worker: that holds it.
        reason: why it was given back.
        counts: whether the attempt counts towards the most that are made.
        rest: how long it rests before it is tried again; None: not at all.
    """
    values: dict[str, object] = (
        {"state": DeliveryState.WAITING, "lease_until": None}
        if rest is None
        else {"lease_until": now() + rest}
    )
    return await _change(
        session,
        delivery_id,
        worker,
        **values,
        worker=None,
        attempts=col(Delivery.attempts) - (0 if counts else 1),
        last_error=reason,
    )


async def _end(
    session: AsyncSession, delivery_id: int, worker: str, state: DeliveryState, reason: str
) -> bool:
    keys = await lock_keys(session, [delivery_id])
    changed = await _change(
        session,
        delivery_id,
        worker,
        state=state,
        finished_at=now(),
        told_at=None,
        lease_until=None,
        last_error=reason,
    )
    if changed:
        await promote(session, keys)
    return changed


async def _change(
    session: AsyncSession, delivery_id: int, holder: str, /, **values: object
) -> bool:
    result = await session.exec(
        update(Delivery)
        .where(
            col(Delivery.id) == delivery_id,
            col(Delivery.worker) == holder,
            col(Delivery.state) == DeliveryState.CLAIMED,
        )
        .values(**values)
    )
    return bool(result.rowcount)
