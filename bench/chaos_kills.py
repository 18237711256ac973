"""Kills parts of a stack, and sees when its supervisor has them back."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from bench.chaos_schedule import Way
from bench.stack import BenchStack
from hotrod.stack.parts import State
from hotrod.stack.record import PartRecord

_LOOK_EVERY_SECONDS = 0.1
_ALIVE_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Killed:
    """A part that was killed; ``at`` is in seconds since the epoch."""

    part: str
    pid: int
    at: float


class StackWatch:
    """Kills parts by their names, and remembers when each process came to be ready.

    Args:
        stack: that is watched; ``run`` must be running.
    """

    def __init__(self, stack: BenchStack) -> None:
        self._stack = stack
        self._ready: dict[tuple[str, int], float] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            for part in self._stack.record().parts:
                if part.state is State.READY and part.process is not None:
                    self._ready.setdefault((part.name, part.process.pid), time.time())
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def kill(self, name: str, way: Way = Way.KILL) -> Killed | None:
        """Kill a part with all its children; None: no process of it lived for a minute.

        A part that is being started anew is waited for, and killed whether or not it is ready.
        """
        deadline = time.monotonic() + _ALIVE_WITHIN_SECONDS
        while time.monotonic() < deadline:
            process = self._process(name)
            if process is not None:
                at = time.time()
                _kill(process, way)
                return Killed(name, process.pid, at)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return None

    def ready_again(self, killed: Killed) -> float | None:
        """Return when a later process of a killed part was ready (seconds since the epoch)."""
        later = [
            at
            for (name, pid), at in self._ready.items()
            if name == killed.part and pid != killed.pid and at > killed.at
        ]
        return min(later, default=None)

    async def until_ready_again(self, killed: Killed, within_seconds: float) -> bool:
        """Wait until a killed part is ready again; False when it took too long."""
        deadline = time.monotonic() + within_seconds
        while self.ready_again(killed) is None and time.monotonic() < deadline:  # noqa: ASYNC110 - a file tells
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return self.ready_again(killed) is not None

    def _process(self, name: str) -> psutil.Process | None:
        return next(map(_living, (p for p in self._stack.record().parts if p.name == name)), None)


def _living(part: PartRecord) -> psutil.Process | None:
    return part.process.find() if part.process is not None else None


def _kill(process: psutil.Process, way: Way) -> None:
    """End a process and its children at once, so that none of them can tidy up.

    PostgreSQL's postmaster ends its children by itself when it is told to quit.
    """
    with suppress(psutil.NoSuchProcess):
        if way is Way.QUIT:
            process.send_signal(signal.SIGQUIT)
            return
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
