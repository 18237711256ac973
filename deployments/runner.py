"""Runs one claimed delivery: finds or creates its flow run, runs it, and settles the delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.states import Cancelled, Crashed, Pending

from deployments.apply import Applied
from deployments.away import go_on_after, is_prefect_away, suppress_prefect_away
from deployments.dead_letters import DeadLetters
from deployments.execution import (
    Conclusion,
    Ending,
    conclude,
    end_run,
    execute,
    is_passing,
    make_runnable,
)
from deployments.triggers import Trigger
from hotrod.db.engine import Database
from hotrod.durable import leases
from hotrod.durable.models import Delivery
from hotrod.sections import WorkerSettings

log = structlog.get_logger()
_LONGEST_REST = timedelta(minutes=5)


class Runner:
    """Turns claimed deliveries into flow runs of this process, and tells how they ended.

    Args:
        name: of this worker.
        database: where the inbox is.
        client: of the Prefect API.
        deployments: what can be started, by ``flow-name/deployment-name``.
        triggers: by event.
        settings: how many attempts, how long between them.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        client: PrefectClient,
        deployments: Mapping[str, Applied],
        triggers: Mapping[str, Trigger],
        settings: WorkerSettings,
    ) -> None:
        self._name = name
        self._database = database
        self._client = client
        self._deployments = deployments
        self._triggers = triggers
        self._settings = settings
        self._dead_letters = DeadLetters(database, client, deployments, triggers)
        self._runs: dict[int, UUID] = {}
        self._cancelled: set[int] = set()
        self._lost: set[int] = set()

    def cancel(self, run_id: UUID) -> int | None:
        """Note that ops cancelled a run; return the id of its delivery if it runs here."""
        found = next((key for key, run in self._runs.items() if run == run_id), None)
        if found is None or found in self._cancelled:
            return None
        self._cancelled.add(found)
        return found

    def lose(self, delivery_id: int) -> None:
        """Note that another worker holds a delivery now: its run is not ours to speak of."""
        self._lost.add(delivery_id)

    async def attempt(self, delivery: Delivery) -> Conclusion:
        """Run a delivery's flow as far as it comes; what stops it is in the conclusion.

        Raises:
            CancelledError: the worker stops; not when the run was cancelled by ops.
        """
        if delivery.attempts > self._settings.max_attempts:
            return Conclusion(Ending.FAILED, f"gave up: {delivery.last_error or 'workers died'}")
        try:
            return await self._run(delivery)
        except asyncio.CancelledError:
            if delivery.identity not in self._cancelled:
                raise
            if task := asyncio.current_task():
                task.uncancel()  # it was meant for the run, which is settled now
            return Conclusion(Ending.CANCELLED, "cancelled in Prefect")
        except Exception as error:
            if is_passing(error):
                if is_prefect_away(error):
                    await self._until_prefect_answers()
                reason = f"out of reach: {type(error).__name__}"
                return Conclusion(Ending.INTERRUPTED, reason, counts=False)
            log.exception("delivery.failed")
            return Conclusion(Ending.FAILED, f"{type(error).__name__}: {error}")
        finally:
            self._runs.pop(delivery.identity, None)
            self._cancelled.discard(delivery.identity)
            self._lost.discard(delivery.identity)

    async def _run(self, delivery: Delivery) -> Conclusion:
        trigger = self._triggers.get(delivery.event)
        if delivery.run_id is not None:
            flow_run = await self._client.read_flow_run(delivery.run_id)
        elif trigger is not None:
            created = await self._create(delivery, trigger)
            if created is None:
                return Conclusion(Ending.INTERRUPTED, "its lease was lost", counts=False)
            flow_run = created
        else:
            return Conclusion(Ending.FAILED, f"no deployment is triggered by {delivery.event!r}")
        flow = self._flow_of(flow_run)
        if flow is None:
            return Conclusion(Ending.FAILED, "its deployment is not in prefect.yaml")
        self._runs[delivery.identity] = flow_run.id
        if delivery.run_id is not None:
            flow_run = await make_runnable(self._client, flow_run)
        log.info("run.started", run=str(flow_run.id))
        state = await execute(
            self._client, flow, flow_run, lambda: delivery.identity not in self._lost
        )
        if delivery.attempts > 1:
            await self._insist(flow_run.id, state)
        return await conclude(state)

    async def _create(self, delivery: Delivery, trigger: Trigger) -> FlowRun | None:
        """Create the delivery's run, or find the one that an earlier attempt created.

        Returns:
            the run; None when another worker holds the delivery by now.

        Raises:
            ObjectNotFound: the server doesn't have the deployment.
        """
        applied = self._deployments.get(trigger.deployment)
        if applied is None:
            raise ObjectNotFound(LookupError(trigger.deployment))
        flow_run = await self._client.create_flow_run_from_deployment(
            applied.id,
            parameters=trigger.parameters_of(delivery.payload),
            name=delivery.title or None,
            tags=trigger.tags_of(delivery.payload, delivery.business_key),
            idempotency_key=run_key(delivery),
            state=Pending(),
        )
        async with self._database.transaction() as session:
            if not await leases.attach_run(session, delivery.identity, self._name, flow_run.id):
                return None
        delivery.run_id = flow_run.id
        return await make_runnable(self._client, flow_run)

    async def _insist(self, run_id: UUID, state: State[Any]) -> None:
        """Let the run's state in Prefect be the one reached here.

        A worker that had lost its lease without knowing may have called the run crashed since.
        """
        flow_run = await self._client.read_flow_run(run_id)
        if flow_run.state is not None and flow_run.state.type != state.type:
            await self._client.set_flow_run_state(run_id, state, force=True)

    async def settle(self, delivery: Delivery, conclusion: Conclusion) -> None:
        """Write down how an attempt ended."""
        key, name, reason = delivery.identity, self._name, conclusion.reason
        match conclusion.ending:
            case Ending.DONE:
                async with self._database.transaction() as session:
                    await leases.finish(session, key, name)
            case Ending.SUSPENDED:
                async with self._database.transaction() as session:
                    await leases.suspend(session, key, name)
            case Ending.CANCELLED:
                async with self._database.transaction() as session:
                    await leases.drop(session, key, name, reason)
                await self._end_run(delivery, Cancelled(message=reason))
            case Ending.INTERRUPTED if (
                not conclusion.counts or delivery.attempts < self._settings.max_attempts
            ):
                await self._try_again(delivery, conclusion)
            case _:
                await self._bury(delivery, reason)

    async def release(self, delivery: Delivery, reason: str) -> None:
        """Give a delivery back, through no fault of its own."""
        async with self._database.transaction() as session:
            await leases.release(session, delivery.identity, self._name, reason, counts=False)

    async def _try_again(self, delivery: Delivery, conclusion: Conclusion) -> None:
        log.warning("delivery.interrupted", reason=conclusion.reason)
        if delivery.run_id is not None:
            with suppress_prefect_away():
                await self._set_pending(delivery.run_id, conclusion.reason)
        rest = timedelta(seconds=self._settings.rest_seconds) * 2 ** (delivery.attempts - 1)
        async with self._database.transaction() as session:
            await leases.release(
                session,
                delivery.identity,
                self._name,
                conclusion.reason,
                counts=conclusion.counts,
                rest=min(rest, _LONGEST_REST) if conclusion.counts else None,
            )

    async def _set_pending(self, run_id: UUID, reason: str) -> None:
        """Say in Prefect that a run is tried again, unless ops have ended it meanwhile.

        Before the delivery is free: the next worker's states must come after this one.
        """
        state = (await self._client.read_flow_run(run_id)).state
        if state is None or state.type not in {StateType.CANCELLING, StateType.CANCELLED}:
            waiting: State[Any] = Pending(message=f"tried again after: {reason}")
            await self._client.set_flow_run_state(run_id, waiting, force=True)

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        """Put a delivery among the dead letters, and tell those concerned.

        What can't be told now is told later, see ``DeadLetters``.
        """
        log.error("delivery.dead", reason=reason)
        async with self._database.transaction() as session:
            if not await leases.bury(session, delivery.identity, self._name, reason):
                return
        await self._end_run(delivery, Crashed(message=reason))
        with go_on_after("alert.failed"):
            await self._dead_letters.tell(delivery)

    async def _end_run(self, delivery: Delivery, state: State[Any]) -> None:
        """Make the run's state in Prefect true; when Prefect is away, the reconciler does it."""
        if delivery.run_id is not None:
            with suppress_prefect_away():
                await end_run(self._client, delivery.run_id, state)

    async def _until_prefect_answers(self) -> None:
        while await self._client.api_healthcheck() is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(self._settings.poll_seconds)

    def _flow_of(self, flow_run: FlowRun) -> Flow[..., Any] | None:
        for applied in self._deployments.values():
            if applied.id == flow_run.deployment_id:
                return applied.flow
        return None


def run_key(delivery: Delivery) -> str:
    """Return the idempotency key of a delivery's flow run: one delivery, one run."""
    origin = sha256(f"{delivery.source}\n{delivery.delivery_id}".encode()).hexdigest()
    return f"delivery:{delivery.identity}:{origin}"


def delivery_of(flow_run: FlowRun) -> int | None:
    """Return the id of the delivery that a run was created for, if it was."""
    kind, _, rest = (flow_run.idempotency_key or "").partition(":")
    number = rest.partition(":")[0]
    return int(number) if kind == "delivery" and number.isdigit() else None
