"""Keeps one part running: start, wait until ready, start anew with back-off when it dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from hotrod.stack import process
from hotrod.stack.logs import log_path
from hotrod.stack.parts import Part, State
from hotrod.stack.record import PartRecord, ProcessRecord

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How patient a keeper is; all in seconds, but ``tries``.

    Args:
        tries: starts that may fail before a part that was never ready is given up.
        healthy: a part that ran this long is restarted without delay again.
    """

    look_every: float = 0.1
    ready_within: float = 90.0
    first_pause: float = 0.5
    longest_pause: float = 5.0
    healthy: float = 10.0
    grace: float = 10.0
    tries: int = 3


class Keeper:
    """Keeps one part running until told to stop.

    Args:
        part: what to run.
        home: its log is below it.
        changed: called after each change of ``record``.
        pace: how patient to be.
    """

    def __init__(self, part: Part, home: Path, changed: Callable[[], None], pace: Pace) -> None:
        self.part = part
        self.record = PartRecord(
            name=part.name,
            ports=[port.number for port in part.ports],
            url=part.url,
            stop_signal=part.stop_signal,
        )
        self.is_ready = asyncio.Event()
        self.has_failed = asyncio.Event()
        self.is_gone = asyncio.Event()
        self._log = log_path(home, part.name)
        self._changed = changed
        self._pace = pace
        self._process: asyncio.subprocess.Process | None = None

    async def keep(
        self, needs: Sequence[Keeper], needed_by: Sequence[Keeper], stop: asyncio.Event
    ) -> None:
        """Run the part from the time its needs are ready, until nobody needs it any more.

        Args:
            needs: what must be ready before each start.
            needed_by: what must be gone before this part ends.
            stop: set when all shall end.
        """
        running = asyncio.create_task(self._run(needs))
        try:
            await stop.wait()
            for other in needed_by:
                await other.is_gone.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            if self._process is not None:
                await process.end(self._process, self.part.stop_signal, self._pace.grace)
            if self.record.state is not State.FAILED:
                self._note(State.STOPPED)
            self.is_gone.set()

    async def _run(self, needs: Sequence[Keeper]) -> None:
        pause = self._pace.first_pause
        failures = 0
        has_been_ready = False
        while True:
            for other in needs:
                await other.is_ready.wait()
            began = time.monotonic()
            reason = await self._live_once()
            if reason is None:
                return
            failures += 1
            has_been_ready = has_been_ready or self.is_ready.is_set()
            self.is_ready.clear()
            if not has_been_ready and (self.part.ready is None or failures >= self._pace.tries):
                log.error("part.failed", part=self.part.name, reason=reason)
                self._note(State.FAILED, reason)
                self.has_failed.set()
                return
            if time.monotonic() - began >= self._pace.healthy:
                pause = self._pace.first_pause
            log.warning("part.died", part=self.part.name, reason=reason, pause_seconds=pause)
            self.record.restarts += 1
            self._note(State.RESTARTING, reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._pace.longest_pause)

    async def _live_once(self) -> str | None:
        """Start the part and wait for its end; return why it ended, None for a job well done."""
        self._note(State.STARTING, self.record.reason)
        try:
            if self.part.prepare is not None:
                await asyncio.to_thread(self.part.prepare)
            self._process = await process.start(self.part, self._log)
        except (OSError, ValueError) as error:
            return f"it can't be started: {error}"
        self.record.process = ProcessRecord.of(self._process.pid)
        self._note(State.STARTING, self.record.reason)
        ended = asyncio.create_task(self._process.wait())
        try:
            reason = await self._wait_ready(ended)
            if reason is None:
                await ended
        finally:
            ended.cancel()
        if reason is None and self.part.ready is None and self._process.returncode == 0:
            self.is_ready.set()
            self._note(State.DONE)
            return None
        await process.end(self._process, self.part.stop_signal, self._pace.grace)
        return reason or _how_it_ended(self._process.returncode)

    async def _wait_ready(self, ended: asyncio.Task[int]) -> str | None:
        """Wait until the part is ready or ends; return why it must be ended, if so."""
        deadline = time.monotonic() + self._pace.ready_within
        while not ended.done():
            if self.part.ready is not None and await self.part.ready():
                if not ended.done():
                    self.is_ready.set()
                    self._note(State.READY)
                break
            if time.monotonic() > deadline:
                return f"it was not ready within {self._pace.ready_within:.0f} s"
            await asyncio.wait([ended], timeout=self._pace.look_every)
        return None

    def _note(self, state: State, reason: str | None = None) -> None:
        self.record.state = state
        self.record.reason = reason
        if state not in {State.STARTING, State.READY}:
            self.record.process = None
        self._changed()


def _how_it_ended(status: int | None) -> str:
    if status is not None and status < 0:
        return f"it was ended by signal {-status}"
    return f"it ended with status {status}"
