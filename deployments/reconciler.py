"""Keeps Prefect and the inbox in agreement: no run is PENDING or RUNNING without an owner.

The owner of a run is its delivery: it waits for a worker, a worker holds it, or it was just
given its place. What killed processes and lost answers have left is put right here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from deployments.adoption import adopt, trigger_of
from deployments.apply import Applied
from deployments.execution import end_run, is_prefect_away
from deployments.runner import delivery_of
from deployments.triggers import Trigger
from hotrod.db.columns import now
from hotrod.db.engine import Database, is_away
from hotrod.durable import inbox
from hotrod.durable.models import DeliveryState
from hotrod.durable.owners import Owner, end_suspended, owners, suspended_runs
from hotrod.sections import WorkerSettings

log = structlog.get_logger()

_ENDINGS = {
    StateType.COMPLETED: DeliveryState.DONE,
    StateType.CANCELLED: DeliveryState.DISCARDED,
    StateType.FAILED: DeliveryState.DEAD,
    StateType.CRASHED: DeliveryState.DEAD,
}
_OPEN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_PAGE = 200
_ROUNDS_PER_LOOK_AT_SLEEPERS = 10


class Reconciler:
    """Looks every few seconds at the runs that Prefect believes to be under way.

    Args:
        database: where the inbox is.
        client: of the Prefect API.
        deployments: ours, by ``flow-name/deployment-name``; others' runs are left alone.
        triggers: by event.
        settings: how often, and how long a run may be on its way into the inbox.
        cancel: cancels a run of this process.
    """

    def __init__(
        self,
        database: Database,
        client: PrefectClient,
        deployments: Mapping[str, Applied],
        triggers: Mapping[str, Trigger],
        settings: WorkerSettings,
        cancel: Callable[[UUID], None],
    ) -> None:
        self._database = database
        self._client = client
        self._deployments = deployments
        self._triggers = triggers
        self._settings = settings
        self._cancel = cancel

    async def run(self) -> None:
        """Reconcile until cancelled."""
        rounds = 0
        while True:
            await asyncio.sleep(self._settings.reconcile_seconds)
            try:
                await self.reconcile()
                if rounds % _ROUNDS_PER_LOOK_AT_SLEEPERS == 0:
                    await self.look_at_sleepers()
                rounds += 1
            except Exception as error:
                if not (is_away(error) or is_prefect_away(error)):
                    raise
                log.warning("reconcile.postponed", error=type(error).__name__)

    async def reconcile(self) -> None:
        """Put right what is open in Prefect and not so in the inbox."""
        found = await self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(
                    any_=[applied.id for applied in self._deployments.values()]
                ),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)),
            ),
            limit=_PAGE,
        )
        if not found:
            return
        created = {one.id: key for one in found if (key := delivery_of(one)) is not None}
        async with self._database.transaction() as session:
            known = await owners(session, [one.id for one in found], created)
        for flow_run in found:
            await self._put_right(flow_run, known.get(flow_run.id))

    async def _put_right(self, flow_run: FlowRun, owner: Owner | None) -> None:
        state = flow_run.state
        cancelling = state is not None and state.type == StateType.CANCELLING
        if owner is None:
            if cancelling:
                await end_run(self._client, flow_run.id, Cancelled())
            elif state is None or now() - state.timestamp > self._grace:
                log.warning("run.adopted", run=str(flow_run.id))
                trigger = trigger_of(flow_run.deployment_id, self._deployments, self._triggers)
                await adopt(self._database, flow_run, trigger)
        elif owner.state == DeliveryState.CLAIMED:
            if cancelling:
                self._cancel(flow_run.id)
        elif owner.state == DeliveryState.DEAD:
            await self._end(flow_run, Crashed(message=owner.last_error))
        elif owner.state == DeliveryState.DISCARDED or cancelling:
            async with self._database.transaction() as session:
                await inbox.discard(session, [owner.delivery], "cancelled in Prefect")
            await self._end(flow_run, Cancelled(message=owner.last_error or "cancelled"))
        elif owner.state == DeliveryState.SUSPENDED:
            async with self._database.transaction() as session:
                await inbox.wake(session, flow_run.id)

    async def _end(self, flow_run: FlowRun, state: State[Any]) -> None:
        log.warning("run.ended", run=str(flow_run.id), state=state.name)
        await end_run(self._client, flow_run.id, state)

    @property
    def _grace(self) -> timedelta:
        """How long a run may be open before its delivery is: its worker may be about to write."""
        return timedelta(seconds=self._settings.lease_seconds)

    async def look_at_sleepers(self) -> None:
        """End the suspended deliveries whose runs have ended or are gone."""
        after = 0
        while True:
            async with self._database.transaction() as session:
                sleepers = await suspended_runs(session, after=after, limit=_PAGE)
            if not sleepers:
                return
            after = max(sleepers)
            await self._look_at(sleepers)

    async def _look_at(self, sleepers: Mapping[int, UUID]) -> None:
        found = await self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(sleepers.values()))),
            limit=_PAGE,
        )
        states = {flow_run.id: flow_run.state for flow_run in found}
        for delivery, run_id in sleepers.items():
            state = states.get(run_id)
            if state is None:
                ending, reason = DeliveryState.DISCARDED, "its run was deleted in Prefect"
            elif state.is_final():
                ending, reason = _ENDINGS[state.type], f"while it slept: {state.message}"
            else:
                continue
            async with self._database.transaction() as session:
                await end_suspended(session, [delivery], ending, reason)
