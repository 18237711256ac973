"""The inbox: what was accepted is written down before anybody is told so.

A delivery is accepted in the transaction of the business rows that it is about. Of each ordering
key one delivery at most is at the head (``waiting`` or ``claimed``), the others are ``held``; who
changes that holds the key's lock. What workers do with deliveries is in ``leases.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.heads import (
    CHANNEL,
    TRY_KEY,
    execute,
    lock_key,
    lock_keys,
    promote,
)
from hotrod.durable.models import DeliveryState, Lane
from hotrod.errors import DeliveryConflictError, DeliveryForgottenError, NotFoundError

COUNTED_AT_MOST = 10_000
RANKS = {Lane.URGENT: 0, Lane.NORMAL: 1, Lane.BULK: 2}


@dataclass(frozen=True)
class NewDelivery:
    """What a delivery is about; see ``Delivery`` for the fields.

    ``rest`` is how long it rests before it is worked on, so that what follows may be gathered;
    unless others of its ordering key are before it: then it goes on after them.
    """

    source: str
    delivery_id: str
    body_hash: str
    event: str
    business_key: str
    ordering_key: str
    title: str
    payload: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)
    lane: Lane = Lane.NORMAL
    run_id: UUID | None = None
    rest: timedelta = timedelta(0)


class DuplicateDeliveryError(Exception):
    """Another transaction accepted the same delivery first; roll back and replay its answer."""


async def replay(
    session: AsyncSession, source: str, delivery_id: str, body_hash: str
) -> dict[str, Any]:
    """Return the answer that was given to a delivery when it was accepted.

    Raises:
        NotFoundError: it never was.
        DeliveryConflictError: it came before, with another body.
        DeliveryForgottenError: it came before the retention time, its answer is not kept.
    """
    found = await execute(
        session,
        """
        SELECT body_hash, answer, redacted_at FROM inbox
        WHERE source = :source AND delivery_id = :delivery_id
        """,
        source=source,
        delivery_id=delivery_id,
    )
    row = found.first()
    if row is None:
        raise NotFoundError("delivery", delivery_id)
    known_hash, answer, redacted_at = row
    if known_hash != body_hash:
        raise DeliveryConflictError(source, delivery_id)
    if redacted_at is not None:
        raise DeliveryForgottenError(source, delivery_id)
    return dict(answer)


async def accept(session: AsyncSession, new: NewDelivery) -> int:
    """Write a delivery into the inbox, in the caller's transaction, and wake the workers.

    Call it last: it waits for a transaction that is accepting the same delivery, or changing the
    head of the same ordering key.

    Returns:
        the row's id.

    Raises:
        DuplicateDeliveryError: that other transaction won; nothing of this one may be kept.
    """
    await session.flush()
    row = {
        "source": new.source,
        "delivery_id": new.delivery_id,
        "body_hash": new.body_hash,
        "event": new.event,
        "business_key": new.business_key,
        "key": new.ordering_key,
        "lane_rank": RANKS[new.lane],
        "title": new.title,
        "payload": json.dumps(new.payload),
        "answer": json.dumps(new.answer),
        "run_id": new.run_id,
        "head": DeliveryState.CLAIMED if new.rest else DeliveryState.WAITING,
        "rest": new.rest,
    }
    inserted = await execute(session, _INSERT_AS_HEAD, **row)
    found = inserted.first()
    if found is None:
        await lock_key(session, new.ordering_key)
        inserted = await execute(session, _INSERT_IN_ORDER, **row)
        found = inserted.first()
    if found is None:
        raise DuplicateDeliveryError(new.delivery_id)
    return int(found[0])


_INSERT = f"""
    INSERT INTO inbox (source, delivery_id, body_hash, event, business_key, ordering_key,
        lane_rank, title, payload, answer, state, attempts, run_id, last_error, accepted_at,
        lease_until)
    SELECT :source, :delivery_id, :body_hash, :event, :business_key, CAST(:key AS varchar),
        :lane_rank, :title, CAST(:payload AS jsonb), CAST(:answer AS jsonb),
        new.state, 0, CAST(:run_id AS uuid), '', now(),
        CASE new.state WHEN 'claimed' THEN now() + CAST(:rest AS interval) END
    FROM (SELECT %s AS state) AS new
    %s RETURNING id, pg_notify('{CHANNEL}', '')
"""
# One round trip where nobody else is at the key; the index of heads tells whether that is so.
_INSERT_AS_HEAD = _INSERT % (
    "CAST(:head AS varchar)",
    f"WHERE {TRY_KEY} ON CONFLICT DO NOTHING",
)
_INSERT_IN_ORDER = _INSERT % (
    """CASE WHEN EXISTS (
        SELECT FROM inbox WHERE ordering_key = :key AND state IN ('waiting', 'claimed'))
    THEN 'held' ELSE CAST(:head AS varchar) END""",
    "ON CONFLICT (source, delivery_id) DO NOTHING",
)


async def redrive(session: AsyncSession, ids: Sequence[int]) -> int:
    """Give dead or discarded deliveries all their attempts again; returns how many there were.

    Args:
        session: in a transaction.
        ids: a few hundred at most; their ordering keys are locked until the transaction ends.
    """
    keys = await lock_keys(session, ids)
    changed = await execute(
        session,
        """
        UPDATE inbox SET state = 'held', attempts = 0, worker = NULL, lease_until = NULL,
               finished_at = NULL, told_at = NULL
        WHERE id = ANY(:ids) AND state IN ('dead', 'discarded') AND redacted_at IS NULL
        """,
        ids=list(ids),
    )
    await promote(session, keys)
    return int(changed.rowcount)


async def discard(session: AsyncSession, ids: Sequence[int], reason: str) -> int:
    """Throw deliveries away that no worker holds, resting ones too; returns how many there were.

    Args:
        session: in a transaction.
        ids: a few hundred at most; their ordering keys are locked until the transaction ends.
        reason: kept with the row.
    """
    keys = await lock_keys(session, ids)
    changed = await execute(
        session,
        """
        UPDATE inbox SET state = 'discarded', finished_at = now(), last_error = :reason,
               worker = NULL, lease_until = NULL
        WHERE id = ANY(:ids) AND (state IN ('held', 'waiting', 'suspended', 'dead')
               OR state = 'claimed' AND worker IS NULL)
        """,
        ids=list(ids),
        reason=reason,
    )
    await promote(session, keys)
    return int(changed.rowcount)


async def wake(session: AsyncSession, run_id: UUID) -> bool:
    """Let the delivery of a run go on, that was suspended or had ended; False when it has none.

    Called when Prefect has scheduled the run anew: it was resumed, or retried in the UI.
    """
    found = await execute(session, "SELECT id FROM inbox WHERE run_id = :run", run=run_id)
    ids = [row[0] for row in found]
    keys = await lock_keys(session, ids)
    await execute(
        session,
        """
        UPDATE inbox SET state = 'held', attempts = 0, worker = NULL, finished_at = NULL,
               told_at = NULL
        WHERE id = ANY(:ids) AND state IN ('suspended', 'done', 'dead', 'discarded')
        """,
        ids=ids,
    )
    await promote(session, keys)
    return bool(ids)


async def redact(session: AsyncSession, before: datetime, *, limit: int = 1000) -> int:
    """Remove payload, answer and error of deliveries done or discarded before a moment.

    What stays is the fact that they came, so they are never run a second time. Dead letters keep
    theirs until ops have decided.

    Returns:
        how many were changed: ``limit`` at most, the oldest first.
    """
    changed = await execute(
        session,
        """
        UPDATE inbox SET payload = '{}', answer = '{}', last_error = '', redacted_at = now()
        WHERE id IN (
            SELECT id FROM inbox
            WHERE redacted_at IS NULL AND state IN ('done', 'discarded') AND finished_at < :before
            ORDER BY finished_at LIMIT :limit)
        """,
        before=before,
        limit=limit,
    )
    return int(changed.rowcount)


@dataclass(frozen=True)
class InboxCounts:
    """How many deliveries stand where (``COUNTED_AT_MOST`` at most), and how long the oldest waits.

    ``waiting`` includes the held ones.
    """

    waiting: int
    claimed: int
    suspended: int
    dead: int
    oldest_waiting_seconds: float


async def count(session: AsyncSession) -> InboxCounts:
    """Count the deliveries that aren't finished, and the dead letters; quick at any backlog."""
    states = (
        DeliveryState.HELD,
        DeliveryState.WAITING,
        DeliveryState.CLAIMED,
        DeliveryState.SUSPENDED,
        DeliveryState.DEAD,
    )
    columns = ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM inbox WHERE state = '{state}' {also}"
        f" LIMIT {COUNTED_AT_MOST}) AS few)"
        for state in states
        for also in ["AND finished_at IS NOT NULL" if state == DeliveryState.DEAD else ""]
    )
    found = await execute(session, f"SELECT {columns}")
    held, waiting, claimed, suspended, dead = found.one()
    return InboxCounts(
        min(held + waiting, COUNTED_AT_MOST),
        claimed,
        suspended,
        dead,
        await _oldest_waiting(session),
    )


async def _oldest_waiting(session: AsyncSession) -> float:
    found = await execute(
        session,
        f"""
        WITH RECURSIVE {QUEUES}
        SELECT min(head.accepted_at) FROM queue, LATERAL (
            SELECT accepted_at FROM inbox
            WHERE state = 'waiting' AND lane_rank = queue.lane_rank
              AND business_key = queue.business_key AND event = queue.event
            ORDER BY id LIMIT 1) AS head
        """,
    )
    oldest = found.scalar_one()
    return (now() - oldest).total_seconds() if oldest else 0.0


def queues(condition: str) -> str:
    """Return the queues that a row of a condition is in, by one index look-up each.

    A loose index scan of an index that begins with lane, business and event.
    """
    return f"""
    queue AS (
        (SELECT lane_rank, business_key, event FROM inbox WHERE {condition}
         ORDER BY lane_rank, business_key, event LIMIT 1)
        UNION ALL
        SELECT next.lane_rank, next.business_key, next.event FROM queue, LATERAL (
            SELECT lane_rank, business_key, event FROM inbox
            WHERE {condition} AND (lane_rank, business_key, event)
                  > (queue.lane_rank, queue.business_key, queue.event)
            ORDER BY lane_rank, business_key, event LIMIT 1) AS next)
    """


QUEUES = queues("state = 'waiting'")
"""The queues that something waits in."""
