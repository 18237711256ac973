"""The dispatcher: claims accepted deliveries and runs what their triggers name, here and now.

It is woken by NOTIFY and looks by itself at least once per poll interval. A claimed delivery is
held by a lease that is renewed while its run goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import State, StateType
from prefect.states import Pending
from sqlalchemy.exc import SQLAlchemyError

from deployments.apply import Applied
from deployments.triggers import TRIGGERS, Trigger
from deployments.warm_worker import execute, make_runnable
from hotrod.db.engine import Database
from hotrod.durable import inbox
from hotrod.durable.models import Delivery
from hotrod.settings import WorkerSettings

DATABASE_AWAY = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = structlog.get_logger()


class Dispatcher:
    """Moves deliveries from the inbox into flow runs of this process.

    Args:
        name: of this worker, unique among the living ones; leases carry it.
        database: where the inbox is.
        client: of the Prefect API.
        deployments: what can be started, by ``flow-name/deployment-name``.
        settings: poll interval, window, lease, attempts.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        client: PrefectClient,
        deployments: dict[str, Applied],
        settings: WorkerSettings,
    ) -> None:
        self._name = name
        self._database = database
        self._client = client
        self._deployments = deployments
        self._settings = settings
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._wake = asyncio.Event()
        self._running: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled; then the claimed deliveries are given back."""
        listener = asyncio.create_task(self._listen(), name="inbox-listener")
        heart = asyncio.create_task(self._renew_leases(), name="inbox-leases")
        try:
            while True:
                await self._claim()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._settings.poll_seconds)
                self._wake.clear()
        finally:
            listener.cancel()
            heart.cancel()
            await self._stop()

    async def _claim(self) -> None:
        free = self._settings.claim_window - len(self._running)
        if free <= 0:
            return
        try:
            async with self._database.transaction() as session:
                deliveries = await inbox.claim(session, self._name, limit=free, lease=self._lease)
        except DATABASE_AWAY as error:
            log.warning("inbox.unreachable", error=type(error).__name__)
            return
        for delivery in deliveries:
            key = _identity(delivery)
            task = asyncio.create_task(self._hold(delivery), name=f"delivery-{key}")
            self._running[key] = task
            task.add_done_callback(partial(self._forget, key))

    def _forget(self, key: int, _done: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        self._wake.set()

    async def _hold(self, delivery: Delivery) -> None:
        """Work on a delivery; when the database goes away, its lease will, and it comes back."""
        try:
            await self._handle(delivery)
        except DATABASE_AWAY as error:
            log.warning("inbox.unreachable", error=type(error).__name__)

    async def _handle(self, delivery: Delivery) -> None:
        structlog.contextvars.bind_contextvars(
            delivery=delivery.id, event_name=delivery.event, business=delivery.business_key
        )
        if delivery.attempts > self._settings.max_attempts:
            await self._bury(delivery, f"gave up after {delivery.attempts - 1} attempts")
            return
        trigger = TRIGGERS.get(delivery.event)
        applied = self._deployments.get(trigger.deployment) if trigger else None
        if trigger is None or applied is None:
            await self._bury(delivery, f"no deployment is triggered by {delivery.event!r}")
            return
        response = asyncio.create_task(_respond(trigger, delivery))
        try:
            state = await self._run(delivery, trigger, applied)
        except asyncio.CancelledError:
            await asyncio.shield(self._release(delivery, "the worker stopped", counts=False))
            raise
        except Exception as error:
            if not _is_away(error):
                log.exception("delivery.failed")
                await self._bury(delivery, f"{type(error).__name__}: {error}")
                return
            log.warning("delivery.interrupted", error=type(error).__name__)
            await asyncio.sleep(self._settings.poll_seconds)
            await self._release(delivery, f"out of reach: {type(error).__name__}", counts=False)
        else:
            await self._settle(delivery, state)
        finally:
            await response

    async def _run(self, delivery: Delivery, trigger: Trigger, applied: Applied) -> State[Any]:
        """Create the delivery's flow run, or find the one of an earlier attempt, and run it."""
        flow_run = await self._client.create_flow_run_from_deployment(
            applied.id,
            parameters=trigger.parameters_of(delivery.payload),
            name=delivery.title or None,
            tags=trigger.tags_of(delivery.payload, delivery.business_key),
            idempotency_key=run_key(delivery),
            state=Pending(),
        )
        async with self._database.transaction() as session:
            await inbox.attach_run(session, _identity(delivery), self._name, flow_run.id)
        if delivery.run_id is not None:
            flow_run = await make_runnable(self._client, flow_run)
        if flow_run.state is not None and flow_run.state.is_final():
            return flow_run.state
        log.info("run.started", run=str(flow_run.id))
        return await execute(applied.flow, flow_run)

    async def _settle(self, delivery: Delivery, state: State[Any]) -> None:
        if state.type == StateType.FAILED:
            await self._bury(delivery, state.message or "the flow failed")
        elif state.type == StateType.CRASHED:
            await self._release(delivery, state.message or "the run crashed", counts=True)
        else:
            async with self._database.transaction() as session:
                await inbox.finish(session, _identity(delivery), self._name)

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        log.error("delivery.dead", reason=reason)
        async with self._database.transaction() as session:
            await inbox.bury(session, _identity(delivery), self._name, reason)

    async def _release(self, delivery: Delivery, reason: str, *, counts: bool) -> None:
        async with self._database.transaction() as session:
            await inbox.release(session, _identity(delivery), self._name, reason, counts=counts)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            if not self._running:
                continue
            try:
                async with self._database.transaction() as session:
                    await inbox.renew(session, list(self._running), self._name, self._lease)
            except DATABASE_AWAY as error:
                log.warning("inbox.unreachable", error=type(error).__name__)

    async def _listen(self) -> None:
        """Set the wake-up event at each NOTIFY; the poll covers the time without connection."""
        url = self._database.engine.url.set(drivername="postgresql")
        while True:
            with suppress(*DATABASE_AWAY):
                connection = await asyncpg.connect(url.render_as_string(hide_password=False))
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(inbox.CHANNEL, lambda *_: self._wake.set())
                try:
                    await lost.wait()
                finally:
                    await connection.close(timeout=1)
            await asyncio.sleep(self._settings.poll_seconds)

    async def _stop(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


async def _respond(trigger: Trigger, delivery: Delivery) -> None:
    """Perform the trigger's first response; what fails here is left to the flow's own step."""
    if trigger.first_response is None:
        return
    try:
        await trigger.first_response.fn(**trigger.parameters_of(delivery.payload))
    except Exception as error:  # noqa: BLE001 - the flow meets the same error, and handles it
        log.warning("first_response.failed", error=type(error).__name__)


def run_key(delivery: Delivery) -> str:
    """Return the idempotency key of a delivery's flow run: one delivery, one run."""
    return sha256(f"{delivery.source}\n{delivery.delivery_id}".encode()).hexdigest()


def _identity(delivery: Delivery) -> int:
    if delivery.id is None:
        raise ValueError("a delivery that wasn't read from the inbox")
    return delivery.id


def _is_away(error: Exception) -> bool:
    """Tell whether an error means that Prefect or the database is away, and will be back."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, (httpx.TransportError, *DATABASE_AWAY))
