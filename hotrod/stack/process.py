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


def _settle_in(part: Part) -> Callable[[], None]:
    """Return what a new process does first: it gives way as far as the part should.

    Where Linux groups processes by session, niceness counts inside a session only, and each part
    has one of its own: so the session gives way too. And a part that gives way is scheduled as
    idle: a core that only works for such parts counts as free, so others needn't wait for it.

    And it asks to be told when its parent has died. Other systems than Linux have no such thing;
    there the next start ends what was left.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    parent = os.getpid()

    def settle_in() -> None:
        os.nice(part.niceness)
        if part.niceness > 0 and sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        with suppress(OSError):
            _AUTOGROUP.write_text(str(part.niceness))
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(part.stop_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return settle_in
