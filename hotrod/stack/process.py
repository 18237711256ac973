"""Start and end one process of the stack."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hotrod.stack.logs import rotate
from hotrod.stack.parts import Part
from hotrod.stack.record import kill_group

_PR_SET_PDEATHSIG = 1  # prctl(2)
_AUTOGROUPS_ARE_ON = Path("/proc/sys/kernel/sched_autogroup_enabled")
_CONTROL_GROUPS = Path("/proc/self/cgroup")
_LIMIT_OF_CONTROL_GROUP = Path("/sys/fs/cgroup/cpu.max")  # the root of all groups has none
_AUTOGROUP = Path("/proc/self/autogroup")  # sched(7)


async def start(part: Part, log: Path) -> asyncio.subprocess.Process:
    """Start a part in a process group of its own, its output appended to the log.

    Call it on the main thread: Linux ends the process with the thread that started it, which
    is how parts end when their supervisor is killed.

    Raises:
        OSError: the program can't be started.
    """
    rotate(log)
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *part.command,
            env=dict(part.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_settle_in(part),
            **part.identity,
        )


async def end(
    process: asyncio.subprocess.Process, stop_signal: signal.Signals, grace_seconds: float
) -> None:
    """Ask a process to end, kill it when it doesn't, and kill what is left of its group."""
    if process.returncode is None:
        process.send_signal(stop_signal)
        try:
            async with asyncio.timeout(grace_seconds):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    kill_group(process.pid)


def sessions_count() -> bool:
    """Tell whether Linux shares out cores by session here: not inside of a control group."""
    try:
        is_on = _AUTOGROUPS_ARE_ON.read_text().strip() == "1"
        groups = [line.split(":", 2) for line in _CONTROL_GROUPS.read_text().splitlines()]
    except OSError:
        return False
    paths = {path for _, names, path in groups if not names or "cpu" in names.split(",")}
    return is_on and paths <= {"/"} and not _LIMIT_OF_CONTROL_GROUP.exists()


def _settle_in(part: Part) -> Callable[[], None]:
    """Return what a new process does first: it gives way as far as the part should.

    Where Linux groups processes by session, niceness counts inside a session only, and each part
    has one of its own: so the session gives way too. And a part that gives way is scheduled as
    idle: a core that only works for such parts counts as free, so others needn't wait for it. But
    not where sessions don't count: there it would get next to nothing beside anything busy.

    And it asks to be told when its parent has died. Other systems than Linux have no such thing;
    there the next start ends what was left.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    parent = os.getpid()
    yields_cores = part.niceness > 0 and sessions_count()

    def settle_in() -> None:
        os.nice(part.niceness)
        with suppress(OSError):
            _AUTOGROUP.write_text(str(part.niceness))
            if yields_cores:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(part.stop_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return settle_in
