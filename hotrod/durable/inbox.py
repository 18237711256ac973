"""The inbox: what was accepted is written down before anybody is told so.

A delivery is accepted in the transaction of the business rows that it is about; workers claim
it by lease. This is the first version: claims go by lane and age. Fair turns between
businesses, and recovery of runs, build on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.errors import DeliveryConflictError

CHANNEL = "hotrod_inbox"
_RANKS = {Lane.URGENT: 0, Lane.NORMAL: 1, Lane.BULK: 2}


@dataclass(frozen=True)
class NewDelivery:
    """What a delivery is about; see ``Delivery`` for the fields."""

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


class DuplicateDeliveryError(Exception):
    """Another transaction accepted the same delivery first; roll back and replay its answer."""


async def replay(
    session: AsyncSession, source: str, delivery_id: str, body_hash: str
) -> dict[str, Any] | None:
    """Return the answer given to this delivery before, or None when it is new.

    Raises:
        DeliveryConflictError: it came before, with another body.
    """
    found = await session.exec(
        select(Delivery.body_hash, Delivery.answer).where(
            Delivery.source == source, Delivery.delivery_id == delivery_id
        )
    )
    row = found.first()
    if row is None:
        return None
    known_hash, answer = row
    if known_hash != body_hash:
        raise DeliveryConflictError(source, delivery_id)
    return dict(answer)


async def accept(session: AsyncSession, new: NewDelivery) -> None:
    """Write a delivery into the inbox, in the caller's transaction, and wake the workers.

    Call it last: it waits for a transaction that is accepting the same delivery.

    Raises:
        DuplicateDeliveryError: that other transaction won; nothing of this one may be kept.
    """
    row = Delivery(
        source=new.source,
        delivery_id=new.delivery_id,
        body_hash=new.body_hash,
        event=new.event,
        business_key=new.business_key,
        ordering_key=new.ordering_key,
        lane_rank=_RANKS[new.lane],
        title=new.title,
        payload=new.payload,
        answer=new.answer,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        if "uq_inbox_source" in str(error.orig):
            raise DuplicateDeliveryError(new.delivery_id) from error
        raise
    await session.exec(cast("Any", text(f"NOTIFY {CHANNEL}")))


async def claim(
    session: AsyncSession, worker: str, *, limit: int, lease: timedelta
) -> Sequence[Delivery]:
    """Take up to ``limit`` deliveries, the oldest of the earliest lane first.

    A delivery whose ordering key is being worked on waits. Expired leases are taken over.

    Returns:
        the claimed rows, ``attempts`` counting this claim.
    """
    statement = text("""
        WITH due AS (
            SELECT id FROM inbox AS waiting
            WHERE (state = 'waiting' OR (state = 'claimed' AND lease_until < :now))
              AND NOT EXISTS (
                SELECT 1 FROM inbox AS earlier
                WHERE earlier.ordering_key = waiting.ordering_key
                  AND earlier.id < waiting.id
                  AND earlier.state IN ('waiting', 'claimed'))
            ORDER BY lane_rank, id
            LIMIT :limit
            FOR UPDATE SKIP LOCKED)
        UPDATE inbox SET state = 'claimed', worker = :worker, attempts = attempts + 1,
               lease_until = :lease_until
        FROM due WHERE inbox.id = due.id RETURNING inbox.id
    """)
    moment = now()
    claimed = await session.exec(
        cast("Any", statement),
        params={
            "now": moment,
            "limit": limit,
            "worker": worker,
            "lease_until": moment + lease,
        },
    )
    ids = [row[0] for row in claimed]
    rows = await session.exec(
        select(Delivery)
        .where(col(Delivery.id).in_(ids))
        .order_by(col(Delivery.lane_rank), col(Delivery.id))
    )
    return rows.all()


async def attach_run(session: AsyncSession, delivery_id: int, worker: str, run_id: UUID) -> bool:
    """Remember the Prefect run of a claimed delivery; False when the claim was lost."""
    return await _change(session, delivery_id, worker, run_id=run_id)


async def renew(session: AsyncSession, ids: Sequence[int], worker: str, lease: timedelta) -> None:
    """Keep the leases of deliveries that this worker is still working on."""
    await session.exec(
        update(Delivery)
        .where(
            col(Delivery.id).in_(ids),
            col(Delivery.worker) == worker,
            col(Delivery.state) == DeliveryState.CLAIMED,
        )
        .values(lease_until=now() + lease)
    )


async def finish(session: AsyncSession, delivery_id: int, worker: str) -> bool:
    """Mark a delivery done; False when the claim was lost."""
    return await _change(
        session,
        delivery_id,
        worker,
        state=DeliveryState.DONE,
        finished_at=now(),
        lease_until=None,
        last_error="",
    )


async def bury(session: AsyncSession, delivery_id: int, worker: str, reason: str) -> bool:
    """Put a delivery among the dead letters, with the reason; False when the claim was lost."""
    return await _change(
        session,
        delivery_id,
        worker,
        state=DeliveryState.DEAD,
        finished_at=now(),
        lease_until=None,
        last_error=reason,
    )


async def release(
    session: AsyncSession, delivery_id: int, worker: str, reason: str, *, counts: bool
) -> bool:
    """Give a delivery back, to be claimed again at once; False when the claim was lost.

    Args:
        session: in a transaction.
        delivery_id: the row.
        worker: that holds it.
        reason: why it was given back.
        counts: whether the attempt counts towards the most that are made.
    """
    return await _change(
        session,
        delivery_id,
        worker,
        state=DeliveryState.WAITING,
        worker=None,
        attempts=col(Delivery.attempts) - (0 if counts else 1),
        lease_until=None,
        last_error=reason,
    )


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
    return result.rowcount == 1


@dataclass(frozen=True)
class InboxCounts:
    """How many deliveries stand where, and since when the oldest waits."""

    waiting: int
    claimed: int
    dead: int
    oldest_waiting: datetime | None


async def count(session: AsyncSession) -> InboxCounts:
    """Count the deliveries that aren't finished, and the dead letters."""
    found = await session.exec(
        cast(
            "Any",
            text("""
                SELECT count(*) FILTER (WHERE state = 'waiting'),
                       count(*) FILTER (WHERE state = 'claimed'),
                       count(*) FILTER (WHERE state = 'dead'),
                       min(accepted_at) FILTER (WHERE state = 'waiting')
                FROM inbox WHERE state IN ('waiting', 'claimed', 'dead')
            """),
        )
    )
    return InboxCounts(*found.one())
