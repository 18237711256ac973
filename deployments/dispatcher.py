"""The dispatcher: claims accepted deliveries and runs what their triggers name, here and now.

It is woken by NOTIFY and looks by itself at least once per poll interval. A claimed delivery is
held by a lease that is renewed while its run goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg
import structlog
from prefect.client.orchestration import PrefectClient

from deployments.apply import Applied
from deployments.away import suppress_database_away
from deployments.responder import Responder
from deployments.runner import Runner
from deployments.triggers import TRIGGERS, Trigger
from hotrod.db.engine import Database
from hotrod.durable import leases
from hotrod.durable.heads import CHANNEL
from hotrod.durable.models import Delivery
from hotrod.durable.turns import Turns
from hotrod.sections import WorkerSettings

log = structlog.get_logger()
_PLACES_FOR_URGENT = 2  # beyond the window: what is urgent doesn't wait for a run to end


class Dispatcher:
    """Moves deliveries from the inbox into flow runs of this process.

    Args:
        name: of this worker, unique among the living ones; leases carry it.
        database: where the inbox is.
        client: of the Prefect API.
        deployments: what can be started, by ``flow-name/deployment-name``.
        settings: poll interval, window, lease, attempts.
        triggers: by event.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        client: PrefectClient,
        deployments: dict[str, Applied],
        settings: WorkerSettings,
        triggers: Mapping[str, Trigger] | None = None,
    ) -> None:
        triggers = TRIGGERS if triggers is None else triggers
        self._name = name
        self._database = database
        self._settings = settings
        self._limits = {one.event: one.most for one in triggers.values() if one.most}
        self._turns = Turns()
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._has_inherited = False
        self._wake = asyncio.Event()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._runner = Runner(name, database, client, deployments, triggers, settings)
        self._responder = Responder(database, triggers, settings, self._wake.set)

    async def run(self) -> None:
        """Work until cancelled; then finish what can be finished soon, and give the rest back."""
        heart = asyncio.create_task(self._renew_leases(), name="inbox-leases")
        helpers = [
            asyncio.create_task(self._listen(), name="inbox-listener"),
            asyncio.create_task(self._responder.run(), name="first-responses"),
        ]
        for helper in (heart, *helpers):
            helper.add_done_callback(lambda _: self._wake.set())
        try:
            while True:
                if not self._has_inherited:
                    await self._inherit()
                for task in (heart, *helpers):
                    if task.done():
                        await task  # it ends by an error only, and nothing works without it
                await self._claim()
                await self._until_woken()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(self._drain(), *helpers, return_exceptions=True)
            heart.cancel()

    def cancel(self, run_id: UUID) -> None:
        """Cancel a run of this process, because ops have asked for it in Prefect."""
        delivery_id = self._runner.cancel(run_id)
        if delivery_id is not None and (task := self._running.get(delivery_id)):
            task.cancel()

    async def _inherit(self) -> None:
        """Free what a dead worker of this name held, once the database is there."""
        with suppress_database_away():
            async with self._database.transaction() as session:
                await leases.abandon(session, self._name)
            self._has_inherited = True

    async def _until_woken(self) -> None:
        """Wait until something was accepted or has ended, or it is time to look anyway.

        What was accepted is looked through for responses first: the responder wakes us then.
        """
        for _ in range(2):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_seconds):
                    await self._wake.wait()
                    break
            self._responder.ring()
        self._wake.clear()

    async def _claim(self) -> None:
        free = self._settings.claim_window - len(self._running)
        if urgent_only := free <= 0:
            free += _PLACES_FOR_URGENT
        if free <= 0:
            return
        deliveries: list[Delivery] = []
        with suppress_database_away():
            async with self._database.transaction() as session:
                deliveries = await leases.claim(
                    session,
                    self._name,
                    limit=free,
                    lease=self._lease,
                    limits=self._limits,
                    turns=self._turns,
                    urgent_only=urgent_only,
                    held_back=self._responder.behind,
                    running=list(self._running),
                )
        for delivery in deliveries:
            task = asyncio.create_task(self._hold(delivery), name=f"delivery-{delivery.identity}")
            self._running[delivery.identity] = task
            task.add_done_callback(partial(self._forget, delivery.identity))

    def _forget(self, key: int, done: asyncio.Task[None]) -> None:
        if self._running.get(key) is done:  # it may have been released, and claimed again
            del self._running[key]
        self._wake.set()

    async def _hold(self, delivery: Delivery) -> None:
        """Work on a delivery; when the database goes away, its lease will, and it comes back."""
        structlog.contextvars.bind_contextvars(
            delivery=delivery.id, event_name=delivery.event, business=delivery.business_key
        )
        try:
            with suppress_database_away():
                conclusion = await self._runner.attempt(delivery)
                await self._runner.settle(delivery, conclusion)
        except asyncio.CancelledError:
            with suppress(Exception):  # then its lease ends by itself
                await asyncio.shield(self._runner.release(delivery, "the worker stopped"))
            raise

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            held = list(self._running)
            kept = set(held)
            with suppress_database_away():
                async with self._database.transaction() as session:
                    kept = await leases.renew(session, held, self._name, self._lease)
            for key in set(held) - kept:
                if task := self._running.get(key):
                    log.warning("lease.lost", delivery=key)
                    self._runner.lose(key)
                    task.cancel()

    async def _listen(self) -> None:
        """Look at each NOTIFY, for responses first; the poll covers the time without connection."""
        url = self._database.engine.url.set(drivername="postgresql")
        while True:
            with suppress_database_away():
                connection = await asyncpg.connect(url.render_as_string(hide_password=False))
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(CHANNEL, lambda *_: self._responder.ring())
                try:
                    await lost.wait()
                finally:
                    await connection.close(timeout=1)
            await asyncio.sleep(self._settings.poll_seconds)

    async def _drain(self) -> None:
        """Wait a while for the runs under way; then interrupt them, to be continued elsewhere."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._settings.drain_seconds)
        left = list(self._running.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
