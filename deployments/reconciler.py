"""Keeps Prefect and the inbox in agreement: no run is PENDING or RUNNING without an owner.

The owner of a run is its delivery: it waits for a worker, a worker holds it, or it was just
given its place. What killed processes and lost answers have left is put right here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from itertools import count
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
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed

from deployments.adoption import adopt, trigger_of
from deployments.apply import Applied
from deployments.away import suppress_database_away, suppress_prefect_away
from deployments.execution import end_run
from deployments.runner import delivery_of
from deployments.triggers import Trigger
from hotrod.db.columns import now
from hotrod.db.engine import Database
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
_ENDED = {DeliveryState.DEAD, DeliveryState.DISCARDED}
_PAGE = 200
_ROUNDS_PER_LOOK_AT_SLEEPERS = 40


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
            with suppress_database_away(), suppress_prefect_away():
                await self.reconcile()
                if rounds % _ROUNDS_PER_LOOK_AT_SLEEPERS == 0:
                    await self.look_at_sleepers()
                rounds += 1

    async def reconcile(self) -> None:
        """Put right what is open in Prefect and not so in the inbox."""
        found = [one async for one in self._runs_in(_OPEN)]
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
        elif cancelling:
            async with self._database.transaction() as session:
                await inbox.discard(session, [owner.delivery], "cancelled in Prefect")
            await self._end(flow_run, Cancelled(message=owner.last_error or "cancelled"))
        elif owner.state == DeliveryState.SUSPENDED or self._was_retried(flow_run, owner):
            async with self._database.transaction() as session:
                await inbox.wake(session, flow_run.id)
        elif owner.state == DeliveryState.DEAD:
            await self._end(flow_run, Crashed(message=owner.last_error))
        elif owner.state == DeliveryState.DISCARDED:
            await self._end(flow_run, Cancelled(message=owner.last_error or "cancelled"))

    def _was_retried(self, flow_run: FlowRun, owner: Owner) -> bool:
        """Tell whether a run came to its state some time after its delivery had ended.

        It was retried in the UI, and didn't get its place then; or it was given an earlier state
        by a worker that no longer held it.
        """
        since = flow_run.state.timestamp if flow_run.state is not None else None
        if since is None or owner.finished_at is None or flow_run.state_type is StateType.PAUSED:
            return False
        return since > owner.finished_at and now() - since > self._grace

    async def _end(self, flow_run: FlowRun, state: State[Any]) -> None:
        log.warning("run.ended", run=str(flow_run.id), state=state.name)
        await end_run(self._client, flow_run.id, state)

    @property
    def _grace(self) -> timedelta:
        """How long a run may be open before its delivery is: its worker may be about to write."""
        return timedelta(seconds=self._settings.lease_seconds)

    async def look_at_sleepers(self) -> None:
        """End each sleeper whose other half has ended: its run in Prefect, or its delivery."""
        asleep = await self._sleeping_runs()
        paused = {one.id: one async for one in self._runs_in([StateType.PAUSED])}
        gone = {key: run for key, run in asleep.items() if run not in paused}
        if gone:
            await self._end_deliveries(gone)
        left = [one for run, one in paused.items() if run not in set(asleep.values())]
        async with self._database.transaction() as session:
            known = await owners(session, [one.id for one in left], {})
        for flow_run in left:
            if (owner := known.get(flow_run.id)) is not None and owner.state in _ENDED:
                await self._put_right(flow_run, owner)

    async def _sleeping_runs(self) -> dict[int, UUID]:
        """Return the runs of all suspended deliveries, by the deliveries' ids."""
        found: dict[int, UUID] = {}
        while True:
            async with self._database.transaction() as session:
                page = await suspended_runs(session, after=max(found, default=0), limit=_PAGE)
            if not page:
                return found
            found |= page

    async def _runs_in(self, states: list[StateType]) -> AsyncIterator[FlowRun]:
        """Yield the runs of our deployments in some states, the newest first."""
        ids = [applied.id for applied in self._deployments.values()]
        wanted = FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=ids),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
        )
        for offset in count(step=_PAGE):
            page = await self._client.read_flow_runs(
                flow_run_filter=wanted,
                sort=FlowRunSort.ID_DESC,
                limit=_PAGE,
                offset=offset,
            )
            for flow_run in page:
                yield flow_run
            if len(page) < _PAGE:
                return

    async def _end_deliveries(self, sleepers: Mapping[int, UUID]) -> None:
        """End those deliveries whose runs have ended or are gone."""
        found = {
            one.id: one.state
            for start in range(0, len(sleepers), _PAGE)
            for one in await self._read(list(sleepers.values())[start : start + _PAGE])
        }
        for delivery, run_id in sleepers.items():
            state = found.get(run_id)
            if state is None:
                ending, reason = DeliveryState.DISCARDED, "its run was deleted in Prefect"
            elif state.is_final():
                ending, reason = _ENDINGS[state.type], f"while it slept: {state.message}"
            else:
                continue
            async with self._database.transaction() as session:
                await end_suspended(session, [delivery], ending, reason)

    async def _read(self, run_ids: list[UUID]) -> list[FlowRun]:
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=run_ids))
        return await self._client.read_flow_runs(flow_run_filter=wanted, limit=_PAGE)
