"""First responses: what a customer hears at once, however long the queue of runs is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from deployments.away import suppress_database_away
from deployments.triggers import Trigger
from hotrod.db.engine import Database
from hotrod.durable import leases
from hotrod.durable.leases import Turns
from hotrod.durable.models import Delivery
from hotrod.sections import WorkerSettings

log = structlog.get_logger()


class Responder:
    """Performs the first response of each delivery whose trigger names one.

    It has its own claims, so a response waits neither for a place in the window of runs nor for
    Prefect. Each goes through the effects ledger: the flow's own step finds it done. One that
    fails is left to the flow.

    Args:
        database: where the inbox is.
        triggers: by event.
        settings: how many at a time, and for how long they are held.
        caught_up: called when no more are due than can be taken.
    """

    def __init__(
        self,
        database: Database,
        triggers: Mapping[str, Trigger],
        settings: WorkerSettings,
        caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        self.wake = asyncio.Event()
        self.behind: tuple[str, ...] = ()
        """Events of which more responses were due than it could take, when it last looked."""
        self._events = [name for name, one in triggers.items() if one.first_response]
        self._caught_up = caught_up
        self._database = database
        self._triggers = triggers
        self._settings = settings
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._turns = Turns()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled; responses under way get a while to end, as runs do."""
        try:
            while True:
                self.wake.clear()
                await self._claim()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_seconds):
                        await self.wake.wait()
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=self._settings.drain_seconds)
            for left in self._running:
                left.cancel()

    async def _claim(self) -> None:
        free = self._settings.response_window - len(self._running)
        if not self._events or free <= 0:
            return
        due: list[Delivery] = []
        with suppress_database_away():
            async with self._database.transaction() as session:
                due = await leases.claim_responses(
                    session, self._events, limit=free, lease=self._lease, turns=self._turns
                )
        was_behind, self.behind = self.behind, tuple(self._events) if len(due) == free else ()
        if was_behind and not self.behind:
            self._caught_up()
        for delivery in due:
            task = asyncio.create_task(self._respond(delivery))
            self._running.add(task)
            task.add_done_callback(self._forget)

    def _forget(self, done: asyncio.Task[None]) -> None:
        self._running.discard(done)
        self.wake.set()

    async def _respond(self, delivery: Delivery) -> None:
        trigger = self._triggers[delivery.event]
        structlog.contextvars.bind_contextvars(delivery=delivery.id, event_name=delivery.event)
        try:
            if trigger.first_response is not None:
                await trigger.first_response.fn(**trigger.parameters_of(delivery.payload))
        except Exception as error:  # noqa: BLE001 - the flow meets the same error, and handles it
            log.warning("first_response.failed", error=type(error).__name__)
        with suppress_database_away():
            async with self._database.transaction() as session:
                await leases.mark_responded(session, delivery.identity)
