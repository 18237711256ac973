from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from hotrod.stack.parts import State
from hotrod.stack.record import (
    PartRecord,
    ProcessRecord,
    StackRecord,
    is_running,
    read_record,
    reap,
    stack_lock,
    write_record,
)
from tests.hotrod.stack.conftest import is_alive, wait_for

SLEEPS = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""
IGNORES = [*SLEEPS[:-1], STUBBORN]


def record_of(*parts: PartRecord) -> StackRecord:
    itself = ProcessRecord.of(os.getpid())
    assert itself is not None
    return StackRecord(supervisor=itself, parts=list(parts))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    part = PartRecord(name="server", state=State.READY, ports=[80], restarts=2)
    write_record(tmp_path, record_of(part))
    read = read_record(tmp_path)
    assert read == record_of(part)
    assert read is not None
    assert read.supervisor.find() == psutil.Process()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["stack.json"]


def test_a_record_that_can_not_be_read_is_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text("{")
    assert read_record(tmp_path) is None
    assert reap(tmp_path) == []


def test_ok_and_failed() -> None:
    done, ready = (PartRecord(name=s, state=s) for s in (State.DONE, State.READY))
    failed = PartRecord(name="broken", state=State.FAILED)
    assert record_of(done, ready).ok
    assert record_of(done, ready).failed is None
    assert not record_of(ready, failed).ok
    assert record_of(ready, failed).failed == failed
    assert not record_of(PartRecord(name="new")).ok


def test_the_lock_is_held_once(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with stack_lock(tmp_path) as first:
        assert first
        assert is_running(tmp_path)
        with stack_lock(tmp_path) as second:
            assert not second
    assert not is_running(tmp_path)


def test_what_a_killed_supervisor_left_is_ended(tmp_path: Path) -> None:
    with (
        subprocess.Popen(SLEEPS, start_new_session=True) as quick,
        subprocess.Popen([*IGNORES, str(tmp_path / "ignores")], start_new_session=True) as stubborn,
    ):
        wait_for((tmp_path / "ignores").exists)
        parts = [
            PartRecord(name=name, process=ProcessRecord.of(process.pid))
            for name, process in (("quick", quick), ("stubborn", stubborn))
        ]
        write_record(tmp_path, record_of(*parts, PartRecord(name="never started")))
        assert reap(tmp_path, grace_seconds=0.2) == ["stubborn", "quick"]
        assert not is_alive(quick.pid)
        assert not is_alive(stubborn.pid)
    assert quick.returncode == -signal.SIGTERM
    assert stubborn.returncode == -signal.SIGKILL
    assert reap(tmp_path) == []


def test_another_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEPS, start_new_session=True) as stranger:
        known = ProcessRecord.of(stranger.pid)
        assert known is not None
        older = ProcessRecord(pid=stranger.pid, created_at=known.created_at - 60)
        write_record(tmp_path, record_of(PartRecord(name="server", process=older)))
        assert reap(tmp_path) == []
        assert is_alive(stranger.pid)
        stranger.kill()


def test_a_process_that_is_gone_has_no_record() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        pass
    assert ProcessRecord.of(process.pid) is None
