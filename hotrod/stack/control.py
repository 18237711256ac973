"""Start, await and stop a stack from another process than its supervisor."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from hotrod.company.load import load_company
from hotrod.errors import HotrodError
from hotrod.settings import Settings
from hotrod.stack.environment import machine_environment, our_environment
from hotrod.stack.logs import log_path, rotate, tail
from hotrod.stack.record import (
    ProcessRecord,
    StackRecord,
    is_running,
    read_record,
    reap,
    stack_lock,
)

SUPERVISOR = "supervisor"
_COMMAND = [sys.executable, "-m", "hotrod.stack"]
_LOOK_EVERY_SECONDS = 0.1
_START_WITHIN_SECONDS = 180.0
_STOP_WITHIN_SECONDS = 60.0
_LOG_LINES = 15


class StackError(HotrodError):
    """The stack could not be started.

    Args:
        part: what failed, or ``supervisor``.
        reason: why, in a clause.
        log: its log, of which the end is in ``log_lines``.
    """

    def __init__(self, part: str, reason: str, log: Path) -> None:
        self.part = part
        self.reason = reason
        self.log = log
        self.log_lines = tail(log, _LOG_LINES)
        super().__init__(f"{part} could not be started: {reason}; see {log}")


def running(home: Path) -> StackRecord | None:
    """Return the record of the stack that runs, if one does."""
    return read_record(home) if is_running(home) else None


def start_in_background(
    settings: Settings, on_change: Callable[[StackRecord], None] = lambda _record: None
) -> float:
    """Start a supervisor that outlives this process, and wait until all parts are ready.

    Returns:
        the seconds that took; 0.0 when the stack was up already.

    Raises:
        SettingsError: the company file can't be used.
        PortError: a port is taken.
        StackError: a part failed; nothing is left running.
    """
    from hotrod.stack.plan import plan_stack
    from hotrod.stack.supervisor import AlreadyRunningError, sole_supervisor

    began = time.monotonic()
    home = settings.home
    load_company(settings.company_file)
    try:
        with sole_supervisor(home, plan_stack(settings)):
            pass  # what can be told at once is told here, not in a log
    except AlreadyRunningError:
        wait_until_ready(home, on_change)
        return 0.0
    supervisor = _spawn(home)
    try:
        wait_until_ready(home, on_change, supervisor)
    except BaseException:
        supervisor.end(signal.SIGTERM, _STOP_WITHIN_SECONDS)
        raise
    return time.monotonic() - began


def wait_until_ready(
    home: Path,
    on_change: Callable[[StackRecord], None] = lambda _record: None,
    supervisor: ProcessRecord | None = None,
) -> None:
    """Wait until all parts of a stack are ready.

    Args:
        home: of the stack.
        on_change: called with the record each time it is looked at.
        supervisor: the one just started, when older records don't count.

    Raises:
        StackError: a part failed, the supervisor ended, or it took longer than three minutes.
    """
    deadline = time.monotonic() + _START_WITHIN_SECONDS
    while time.monotonic() < deadline:
        has_ended = supervisor.find() is None if supervisor else not is_running(home)
        record = _record_of(home, supervisor)
        if record is not None:
            on_change(record)
            if record.failed is not None:
                raise failure(home, record)
            if record.ok and not has_ended:
                return
        if has_ended:
            raise StackError(SUPERVISOR, "it has ended", log_path(home, SUPERVISOR))
        time.sleep(_LOOK_EVERY_SECONDS)
    reason = f"not all parts were ready within {_START_WITHIN_SECONDS:.0f} s"
    raise StackError(SUPERVISOR, reason, log_path(home, SUPERVISOR))


def _spawn(home: Path) -> ProcessRecord:
    """Start a supervisor in a session of its own; nobody waits for its end."""
    log = log_path(home, SUPERVISOR)
    rotate(log)
    with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
        files = zip((nothing, output, output), range(3), strict=True)
        pid = os.posix_spawn(
            _COMMAND[0],
            _COMMAND,
            machine_environment() | our_environment() | {"HOTROD_HOME": str(home)},
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), number) for file, number in files],
            setsid=True,
        )
    return ProcessRecord(pid=pid, created_at=psutil.Process(pid).create_time())


def _record_of(home: Path, supervisor: ProcessRecord | None) -> StackRecord | None:
    """Return the record that a living or the given supervisor has written, not an older one."""
    record = read_record(home)
    if record is None:
        return None
    if supervisor is not None:
        return record if record.supervisor.pid == supervisor.pid else None
    return record if record.supervisor.find() else None


def failure(home: Path, record: StackRecord) -> StackError:
    """Return the error that tells of the part that failed."""
    part = record.failed
    if part is None:
        return StackError(SUPERVISOR, "it has ended", log_path(home, SUPERVISOR))
    return StackError(part.name, part.reason or "unknown", log_path(home, part.name))


def stop(home: Path) -> bool:
    """Stop the stack, and end what a killed supervisor left; returns when all are gone.

    Returns:
        False when there was nothing to stop.
    """
    record = running(home)
    if record is not None:
        record.supervisor.end(signal.SIGTERM, _STOP_WITHIN_SECONDS)
    if not (home / "run").exists():
        return False
    with stack_lock(home) as alone:
        left = reap(home) if alone else []
    return bool(left) or record is not None
