"""Runs that Prefect scheduled (cron, "quick run", resumed) get a place in the inbox.

So one mechanism owns every run: leases, turns, attempts, dead letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from deployments.apply import Applied
from deployments.triggers import Trigger
from hotrod.db.engine import Database
from hotrod.durable import inbox
from hotrod.durable.inbox import DuplicateDeliveryError, NewDelivery
from hotrod.keys import body_hash

SOURCE = "prefect"
EVENT = "prefect.run"
_TITLE_LENGTH = 120


def trigger_of(
    deployment_id: UUID | None,
    deployments: Mapping[str, Applied],
    triggers: Mapping[str, Trigger],
) -> Trigger | None:
    """Return the trigger that starts the same deployment as a run, if there is one."""
    names = {name for name, applied in deployments.items() if applied.id == deployment_id}
    return next((one for one in triggers.values() if one.deployment in names), None)


async def adopt(database: Database, flow_run: FlowRun, trigger: Trigger | None) -> None:
    """Give a run its place in the inbox; one that has a place is let go on.

    Args:
        database: where the inbox is.
        flow_run: that is to be run now.
        trigger: of the same deployment, which knows what must go one after another.
    """
    try:
        async with database.transaction() as session:
            if await inbox.wake(session, flow_run.id):
                return
            await inbox.accept(session, _delivery(flow_run, trigger))
    except DuplicateDeliveryError:
        return


def _delivery(flow_run: FlowRun, trigger: Trigger | None) -> NewDelivery:
    ordering_key = trigger.ordering_key_of(flow_run.parameters) if trigger else None
    business = next((tag for tag in flow_run.tags if tag.startswith("business:")), "")
    return NewDelivery(
        source=SOURCE,
        delivery_id=str(flow_run.id),
        body_hash=body_hash(str(flow_run.id)),
        event=EVENT,
        business_key=business.removeprefix("business:")[:31],
        ordering_key=ordering_key or f"run:{flow_run.id}",
        title=flow_run.name[:_TITLE_LENGTH],
        payload=flow_run.parameters,
        run_id=flow_run.id,
    )
