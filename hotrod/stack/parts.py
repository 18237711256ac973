"""What a part of the stack is: plain data, and the ways to tell that it is ready."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from hotrod.stack.postgres import Identity


class Ready(Protocol):
    """A way to tell whether a running part does its work."""

    async def __call__(self) -> bool:
        """Look once; errors of the network count as no."""
        ...


class State(StrEnum):
    """Where a part stands. FAILED: given up, since it never became ready."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_good(self) -> bool:
        """Whether the part does, or has done, what it is there for."""
        return self in {State.READY, State.DONE}


@dataclass(frozen=True)
class Port:
    """A TCP port on loopback, and the setting that moves it."""

    number: int
    setting: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the stack.

    Args:
        name: also the name of its log.
        command: program and arguments.
        environment: all that the process sees of the environment.
        ready: how to tell that it works; None: it is a job, ready when it ended with status 0.
        ports: TCP ports it listens on; must be free before the stack starts.
        url: where people look at it.
        after: names of the parts that must be ready before it starts, and that outlive it.
        prepare: done before each start, in a thread.
        stop_signal: asks it to end.
        niceness: how readily it gives way when the processors are busy; 0 to 19.
        identity: who runs it, as arguments for ``subprocess``.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: Ready | None
    ports: tuple[Port, ...] = ()
    url: str | None = None
    after: tuple[str, ...] = ()
    prepare: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    niceness: int = 0
    identity: Identity = field(default_factory=Identity)


@dataclass(frozen=True)
class HttpAnswers:
    """Ready when a GET of the URL is answered with success."""

    url: str

    async def __call__(self) -> bool:
        """Ask once."""
        import httpx

        try:
            async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as client:  # noqa: S501 - loopback; a TLS context costs 100 ms
                return (await client.get(self.url)).is_success
        except httpx.HTTPError:
            return False


@dataclass(frozen=True)
class PostgresConnects:
    """Ready when the embedded server lets its superuser in."""

    port: int

    async def __call__(self) -> bool:
        """Connect once; a server that still starts listens already, but refuses."""
        import asyncpg

        try:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="postgres", database="postgres", timeout=5
            )
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


@dataclass(frozen=True)
class FileExists:
    """Ready when the part has made this file; it removes the file when it ends."""

    path: Path

    async def __call__(self) -> bool:
        """Look once."""
        return self.path.exists()
