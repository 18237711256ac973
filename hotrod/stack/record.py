"""What is known of a stack outside its supervisor: a lock, and a file that says what runs.

The lock tells whether a supervisor lives, whatever the file says: the system drops it with the
process. The file names every process with its time of creation, so that what a killed
supervisor left behind is found, and a process that merely got the same id is left alone.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import psutil
from pydantic import BaseModel, ValidationError

from hotrod.stack.parts import State

_CLOCK_SHIFT_SECONDS = 2.0  # the time of creation is told relative to a clock that is corrected
_LOCK_TRIES = 10


class ProcessRecord(BaseModel):
    """A process that can't be mistaken for another one: id and time of creation (epoch)."""

    pid: int
    created_at: float

    @classmethod
    def of(cls, pid: int) -> ProcessRecord | None:
        """Return the record of a living process; None when it is gone already."""
        try:
            return cls(pid=pid, created_at=psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def find(self) -> psutil.Process | None:
        """Return the process, if it still lives."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_at) < _CLOCK_SHIFT_SECONDS
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if alive else None

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended, be it a zombie; tell whether that came true."""
        deadline = time.monotonic() + seconds
        while self.find() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def end(self, stop_signal: int, grace_seconds: float) -> None:
        """Ask the process to end; kill it when it doesn't."""
        for number in (stop_signal, signal.SIGKILL):
            if (process := self.find()) is not None:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            if self.wait(grace_seconds):
                break


class PartRecord(BaseModel):
    """Where a part stands.

    Args:
        restarts: how often it was started anew after it died.
        reason: why it isn't ready, in a sentence.
    """

    name: str
    state: State = State.WAITING
    process: ProcessRecord | None = None
    ports: list[int] = []
    url: str | None = None
    restarts: int = 0
    reason: str | None = None
    stop_signal: int = signal.SIGTERM


class StackRecord(BaseModel):
    """A stack: its supervisor and its parts."""

    supervisor: ProcessRecord
    parts: list[PartRecord]

    @property
    def ok(self) -> bool:
        """Whether all parts are ready."""
        return all(part.state.is_good for part in self.parts)

    @property
    def failed(self) -> PartRecord | None:
        """The part that the supervisor has given up, if any."""
        return next((part for part in self.parts if part.state is State.FAILED), None)


def run_folder(home: Path) -> Path:
    """Return the folder for what exists only while the stack runs; made when missing."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_record(home: Path, record: StackRecord) -> None:
    """Replace the record; readers see the old or the new one, never half of it."""
    folder = run_folder(home)
    with NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as draft:
        draft.write(record.model_dump_json(indent=1))
    Path(draft.name).replace(folder / "stack.json")


def read_record(home: Path) -> StackRecord | None:
    """Return the last record, living or not; None when there is none that can be read."""
    try:
        return StackRecord.model_validate_json((home / "run" / "stack.json").read_bytes())
    except (OSError, ValidationError):
        return None


@contextmanager
def stack_lock(home: Path) -> Iterator[bool]:
    """Take the supervisor's lock for the block; yields whether we got it."""
    descriptor = _open_lock(home)
    try:
        # Whoever looks whether the lock is held holds it for a moment: one try is not enough.
        yield any(_try_lock(descriptor, fcntl.LOCK_EX) for _ in range(_LOCK_TRIES))
    finally:
        os.close(descriptor)


def is_running(home: Path) -> bool:
    """Tell whether a supervisor runs this home's stack."""
    if not (home / "run" / "stack.lock").exists():
        return False
    descriptor = _open_lock(home)
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH, wait_seconds=0)
    finally:
        os.close(descriptor)


def _open_lock(home: Path) -> int:
    return os.open(run_folder(home) / "stack.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(descriptor: int, kind: int, wait_seconds: float = 0.02) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(wait_seconds)
        return False
    return True


def reap(home: Path, grace_seconds: float = 10.0) -> list[str]:
    """End what a supervisor that is no more has left behind; call it with the lock held.

    Returns:
        the names of the parts that were still running.
    """
    record = read_record(home)
    if record is None:
        return []
    left = [part for part in reversed(record.parts) if part.process and part.process.find()]
    for part in left:
        if part.process is not None:
            part.process.end(part.stop_signal, grace_seconds)
            kill_group(part.process.pid)
    return [part.name for part in left]


def kill_group(group: int) -> None:
    """Kill what is left of a process group whose leader has ended."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
