"""First responses: what a customer hears at once, however long the queue of runs is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from deployments.away import suppress_database_away
from deployments.triggers import Trigger
from hotrod.db.engine import Database
from hotrod.durable import responses
from hotrod.durable.models import Delivery
from hotrod.durable.turns import Turns
from hotrod.sections import WorkerSettings

log = structlog.get_logger()
_HANGS_AFTER_SECONDS = 2.0


class Responder:
    """Performs the first response of each delivery whose trigger names one.

    It has its own claims, so a response waits neither for a place in the window of runs nor for
    Prefect. Each goes through the effects ledger: the flow's own step finds it done. One that
    fails is left to the flow. While many are under way it is ``behind``: a run costs ten times
    what a response does, so runs wait until the customers have been answered; but not for a service
    that hangs.

    Args:
        database: where the inbox is.
        triggers: by event.
        settings: how many at a time, and for how long they are held.
        looked: called after it has looked because it was rung, and when it isn't behind any more.
    """

    def __init__(
        self,
        database: Database,
        triggers: Mapping[str, Trigger],
        settings: WorkerSettings,
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        self._events = tuple(name for name, one in triggers.items() if one.first_response)
        self.behind: tuple[str, ...] = self._events
        """Events of which runs should wait; all, until it has looked for the first time."""
        self._looked = looked
        self._wake = asyncio.Event()
        self._was_rung = True
        self._database = database
        self._triggers = triggers
        self._settings = settings
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._turns = Turns()
        self._running: dict[asyncio.Task[None], tuple[int, float]] = {}  # delivery, begin

    async def run(self) -> None:
        """Work until cancelled; responses under way get a while to end, as runs do."""
        try:
            while True:
                self._wake.clear()
                await self._look()
                await self._wake.wait()
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=self._settings.drain_seconds)
            for left in self._running:
                left.cancel()

    def ring(self) -> None:
        """Say that something was accepted, or may have been."""
        self._was_rung = True
        self._wake.set()

    async def _look(self) -> None:
        was_rung, self._was_rung = self._was_rung, False
        for delivery in await self._claim():
            task = asyncio.create_task(self._respond(delivery))
            self._running[task] = delivery.identity, time.monotonic()
            task.add_done_callback(self._forget)
        is_behind = self._lately_begun() > self._settings.response_window // 2
        was_behind, self.behind = self.behind, self._events if is_behind else ()
        if was_rung or (was_behind and not is_behind):
            self._looked()

    async def _claim(self) -> list[Delivery]:
        free = self._settings.response_window - len(self._running)
        if self._events and free > 0:
            with suppress_database_away():
                async with self._database.transaction() as session:
                    return await responses.claim(
                        session,
                        self._events,
                        limit=free,
                        lease=self._lease,
                        turns=self._turns,
                        running=[delivery for delivery, _ in self._running.values()],
                    )
        return []

    def _lately_begun(self) -> int:
        """Count the responses under way; one that hangs is nothing that a run should wait for."""
        since = time.monotonic() - _HANGS_AFTER_SECONDS
        return sum(begin > since for _, begin in self._running.values())

    def _forget(self, done: asyncio.Task[None]) -> None:
        del self._running[done]
        self._wake.set()

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
                await responses.mark_responded(session, delivery.identity)
