"""Which delivery owns which Prefect run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable.heads import execute
from hotrod.durable.models import DeliveryState


@dataclass(frozen=True)
class Owner:
    """The delivery of a run, and where it stands."""

    delivery: int
    state: str
    last_error: str
    finished_at: datetime | None


async def owners(
    session: AsyncSession, run_ids: Sequence[UUID], deliveries: Mapping[UUID, int]
) -> dict[UUID, Owner]:
    """Return the owners of runs; runs that have none are left out.

    Args:
        session: in a transaction.
        run_ids: of the runs.
        deliveries: of runs that were created for a delivery, its id: the row may not know yet.
    """
    found = await execute(
        session,
        """
        SELECT id, run_id, state, last_error, finished_at FROM inbox
        WHERE run_id = ANY(:runs) OR id = ANY(:deliveries)
        """,
        runs=list(run_ids),
        deliveries=list(deliveries.values()),
    )
    rows = [
        (row.run_id, Owner(row.id, row.state, row.last_error, row.finished_at)) for row in found
    ]
    by_run = {run_id: owner for run_id, owner in rows if run_id is not None}
    by_id = {owner.delivery: owner for _, owner in rows}
    created = {run: by_id[key] for run, key in deliveries.items() if key in by_id}
    return created | by_run


async def suspended_runs(session: AsyncSession, *, after: int, limit: int) -> dict[int, UUID]:
    """Return a page of suspended deliveries with their runs, by id.

    Args:
        session: in a transaction.
        after: the greatest id of the page before; 0 for the first.
        limit: most that are returned.
    """
    found = await execute(
        session,
        """
        SELECT id, run_id FROM inbox
        WHERE state = 'suspended' AND run_id IS NOT NULL AND id > :after ORDER BY id LIMIT :limit
        """,
        after=after,
        limit=limit,
    )
    return {row.id: row.run_id for row in found}


async def end_suspended(
    session: AsyncSession, ids: Sequence[int], state: DeliveryState, reason: str
) -> None:
    """End suspended deliveries whose runs have ended by themselves."""
    await execute(
        session,
        """
        UPDATE inbox SET state = :state, last_error = :reason, finished_at = now()
        WHERE id = ANY(:ids) AND state = 'suspended'
        """,
        ids=list(ids),
        state=state,
        reason=reason,
    )
