"""Carries a schedule of kills and faults out, under a steady stream of requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import httpx

from bench.chaos_kills import Killed, StackWatch
from bench.chaos_recovery import Blow
from bench.chaos_requests import RequestStream
from bench.chaos_schedule import Event, FaultWindow, Kill
from bench.evidence import ask
from bench.faults import clear_faults, order_fault
from bench.invariants import Accepted
from bench.stack import BenchStack

_READY_WITHIN_SECONDS = 45.0
_FIRST_REQUESTS_SECONDS = 3.0
_LOOK_EVERY_SECONDS = 0.3


class Storm:
    """Carries a schedule out on a stack, under a steady stream of requests.

    Args:
        stack: that is up.
        schedule: what goes wrong.
        seed: of the requests' words.
        tell: is given a line for each event.
    """

    def __init__(
        self, stack: BenchStack, schedule: Sequence[Event], seed: int, tell: Callable[[str], None]
    ) -> None:
        self._stack = stack
        self._schedule = schedule
        self._watch = StackWatch(stack)
        self._stream = RequestStream(stack, seed)
        self._began = time.time()
        self._tell = tell
        self._blows: list[Blow] = []
        self.happened: list[str] = []

    @property
    def accepted(self) -> list[Accepted]:
        """What the senders were told by 2xx."""
        return [
            Accepted(one.number, one.ticket, one.replayed)
            for one in self._stream.requests
            if one.ticket is not None
        ]

    @property
    def refused(self) -> list[str]:
        """What they were told by 4xx."""
        return [one.refusal for one in self._stream.requests if one.refusal]

    def blows(self) -> list[Blow]:
        """Return the kills, with when their parts were ready again."""
        return [
            Blow(one.killed, self._watch.ready_again(one.killed), one.interrupted)
            for one in self._blows
        ]

    async def run(self) -> None:
        """Carry it out; when this returns, all parts are ready and nothing fails any more.

        Raises:
            ExceptionGroup: of a StackError, when the supervisor has ended.
        """
        over = asyncio.Event()
        async with (
            httpx.AsyncClient(
                base_url=self._stack.settings.sandbox_url, trust_env=False, timeout=10
            ) as sandbox,
            asyncio.TaskGroup() as group,
        ):
            watching = group.create_task(self._watch.run())
            group.create_task(self._stream.run(over))
            await asyncio.sleep(_FIRST_REQUESTS_SECONDS)
            windows: list[asyncio.Task[None]] = []
            for event in self._schedule:
                await asyncio.sleep(event.after)
                match event.what:
                    case Kill() as kill:
                        await self._kill(kill)
                    case FaultWindow() as window:
                        windows.append(group.create_task(self._fail(sandbox, window)))
            await asyncio.gather(*windows)
            for blow in self._blows:
                await self._watch.until_ready_again(blow.killed, _READY_WITHIN_SECONDS)
            await clear_faults(sandbox)
            over.set()
            watching.cancel()

    async def _kill(self, kill: Kill) -> None:
        held = await self._held_by(kill.part)
        killed = await self._watch.kill(kill.part, kill.way)
        if killed is None:
            self._note(f"{kill}: no process of it lived for a minute")
            return
        self._note(f"{kill} (pid {killed.pid}, held {len(held)})")
        self._blows.append(Blow(killed, None, held))
        if kill.is_awaited:
            await self._until_work_goes_on(killed)

    async def _until_work_goes_on(self, killed: Killed) -> None:
        """Wait until a part is ready again and a delivery was finished after its kill."""
        if not await self._watch.until_ready_again(killed, _READY_WITHIN_SECONDS):
            self._note(f"{killed.part} is not back after {_READY_WITHIN_SECONDS:.0f} s")
            return
        finished = f"SELECT FROM inbox WHERE finished_at > to_timestamp({killed.at}) LIMIT 1"
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not await ask(self._stack, finished):
            if time.monotonic() > deadline:
                self._note(f"nothing was finished for {_READY_WITHIN_SECONDS:.0f} s")
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _fail(self, sandbox: httpx.AsyncClient, window: FaultWindow) -> None:
        ordered = await order_fault(sandbox, window.fault)
        self._note(f"{window}{'' if ordered else ': the stand-ins are away'}")
        await asyncio.sleep(window.seconds)
        await clear_faults(sandbox)

    async def _held_by(self, part: str) -> tuple[int, ...]:
        """Return the deliveries that a worker holds."""
        held = f"SELECT id FROM inbox WHERE state = 'claimed' AND worker = '{part}'"  # noqa: S608 - our own word
        return tuple(row["id"] for row in await ask(self._stack, held))

    def _note(self, line: str) -> None:
        line = f"{time.time() - self._began:7.1f} s  {line}"
        self.happened.append(line)
        self._tell(line)
