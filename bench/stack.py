"""A stack of its own for one measurement: fresh data, free ports, every service a stand-in."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from types import FrameType

import psutil

from hotrod.access.models import Scope
from hotrod.access.store import create_key
from hotrod.db.engine import Database
from hotrod.settings import Settings, load_settings
from hotrod.stack.control import SUPERVISOR, StackError, start_in_background, stop
from hotrod.stack.environment import only_settings
from hotrod.stack.logs import log_path
from hotrod.stack.record import PartRecord, StackRecord, read_record
from hotrod.stack.usage import usage

_PORTS = (
    "DATABASE__PORT",
    "PREFECT__PORT",
    "GATEWAY__PORT",
    "SANDBOX__PORT",
    "SANDBOX__SMTP_PORT",
    "SANDBOX__IMAP_PORT",
)
_DEFAULTS = {
    "SANDBOX__SERVICES": "mail,claude,slack",
    "MAIL__TRANSPORT": "smtp",
}
_TERMINATED = 128 + signal.SIGTERM


@dataclass(frozen=True)
class PartUsage:
    """What one part with its children has taken since its start: CPU seconds, MB resident."""

    cpu_seconds: float
    rss_mb: float


@dataclass(frozen=True)
class BenchStack:
    """A running stack.

    Args:
        settings: that its parts run by; ports and URLs are found here.
        api_key: of its gateway, good for ``tickets:write`` and ``tickets:read``.
    """

    settings: Settings
    api_key: str = field(repr=False)

    @property
    def gateway_url(self) -> str:
        """Root of the gateway, without a trailing slash."""
        return f"http://127.0.0.1:{self.settings.gateway.port}"

    def record(self) -> StackRecord:
        """Return what the supervisor says of its parts right now.

        Raises:
            StackError: its record is gone.
        """
        home = self.settings.home
        record = read_record(home)
        if record is None:
            raise StackError(SUPERVISOR, "its record is gone", log_path(home, SUPERVISOR))
        return record

    def pids(self) -> dict[str, int]:
        """Return the process id of every part that lives, by the part's name."""
        return {part.name: process.pid for part, process in self._living()}

    def restart(self) -> None:
        """Stop every part, and start all anew over the same data."""
        stop(self.settings.home)
        start_in_background(self.settings)

    def usage(self) -> dict[str, PartUsage]:
        """Return what every living part has taken so far, by the part's name."""
        found: dict[str, PartUsage] = {}
        for part, process in self._living():
            measured = usage(part)
            if measured is not None:
                found[part.name] = PartUsage(cpu_seconds(process), measured.rss_mb)
        return found

    def _living(self) -> list[tuple[PartRecord, psutil.Process]]:
        return [
            (part, process)
            for part in self.record().parts
            if part.process is not None and (process := part.process.find()) is not None
        ]


@contextmanager
def bench_stack(**overrides: object) -> Iterator[BenchStack]:
    """Run a stack under ``<home>/bench`` for the block; it is stopped whatever happens.

    The folder is emptied before, and left afterwards, logs and all. No setting of the caller's
    environment or ``.env`` reaches the stack, so it can't touch a live service. For the block,
    this process has the stack's environment and working directory: programs started from it see
    the same settings.

    Args:
        overrides: settings by their names, such as ``worker__processes=2``.

    Raises:
        SettingsError: an override can't be used.
        StackError: a part could not be started.
    """
    home = load_settings().home / "bench"
    stop(home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    given = {name.upper(): str(value) for name, value in overrides.items()}
    with ExitStack() as block:
        block.enter_context(_ended_by_sigterm())
        block.enter_context(chdir(home))
        block.enter_context(only_settings({**_DEFAULTS, **_free_ports(), **given, "HOME": home}))
        settings = load_settings()
        block.callback(stop, home)
        start_in_background(settings)
        yield BenchStack(settings, asyncio.run(_api_key(settings)))


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process the way Ctrl-C does: blocks are left properly."""

    def end(_number: int, _frame: FrameType | None) -> None:
        sys.exit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_ports() -> dict[str, int]:
    with ExitStack() as probes:
        ports = {}
        for setting in _PORTS:
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports[setting] = int(probe.getsockname()[1])
        return ports


async def _api_key(settings: Settings) -> str:
    database = Database.connect(settings)
    try:
        async with database.transaction() as session:
            return await create_key(session, "bench", [Scope.TICKETS_WRITE, Scope.TICKETS_READ])
    finally:
        await database.close()


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and all its children, the ended ones included."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        total += times.user + times.system + ended
    return round(total, 2)
