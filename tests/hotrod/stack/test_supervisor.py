from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from structlog.testing import CapturingLogger

from hotrod.stack import keeper
from hotrod.stack.keeper import Pace
from hotrod.stack.parts import Part, Port, State
from hotrod.stack.ports import PortError
from hotrod.stack.process import sessions_count
from hotrod.stack.record import is_running, read_record, stack_lock
from hotrod.stack.supervisor import AlreadyRunningError, Supervisor, sole_supervisor
from tests.conftest import free_port
from tests.hotrod.stack.conftest import (
    QUICK,
    MakePart,
    is_alive,
    supervised,
    wait_for,
)

DIES = "ready(); time.sleep(0.05); sys.exit(count())"


async def run_to_end(home: Path, *parts: Part, pace: Pace = QUICK) -> Supervisor:
    supervisor = Supervisor(parts, home, pace=pace)
    async with asyncio.timeout(30):
        assert await supervisor.run(asyncio.Event()) is False
    return supervisor


def session_niceness(pid: int) -> int | None:
    """Return how readily a process's session gives way; None where there is no such thing."""
    group = Path(f"/proc/{pid}/autogroup")
    return int(group.read_text().rsplit(maxsplit=1)[-1]) if group.exists() else None


async def test_parts_start_after_what_they_need(part: MakePart, tmp_path: Path) -> None:
    job = part("job", "time.sleep(0.1); (home / 'made').touch()", ready=None)
    script = "assert (home / 'made').exists(); ready(); time.sleep(60)"
    server = part("server", script, after=("job", "not run here"))
    parts = [part("last", after=("server",)), server, job]
    async with supervised(parts, tmp_path) as running:
        assert [running[name].state for name in ("job", "server")] == [State.DONE, State.READY]
        assert running["job"].process is None
        assert running["server"].restarts == 0
        assert read_record(tmp_path) == running.supervisor.record
    assert running["server"].state is State.STOPPED


async def test_a_part_gives_way_as_it_should(part: MakePart, tmp_path: Path) -> None:
    async with supervised([replace(part("quiet"), niceness=7)], tmp_path) as running:
        pid = running.pid("quiet")
        assert psutil.Process(pid).nice() == 7
        assert session_niceness(pid) in {None, 7}
        if sessions_count():
            assert os.sched_getscheduler(pid) == os.SCHED_IDLE


async def test_a_part_that_dies_is_restarted(part: MakePart, tmp_path: Path) -> None:
    async with supervised([part("server"), part("other")], tmp_path) as running:
        first, other = running.pid("server"), running.pid("other")
        os.kill(first, signal.SIGKILL)
        await running.until(lambda: running["server"].restarts == 1)
        await running.until(lambda: running.supervisor.record.ok)
        assert running.pid("server") != first
        assert running.pid("other") == other
        assert running["server"].reason is None


async def test_what_a_part_needs_is_awaited_at_each_start(part: MakePart, tmp_path: Path) -> None:
    server = part("server", "time.sleep(0.3 if count() > 1 else 0); ready(); time.sleep(60)")
    script = "assert (home / 'server').exists(); ready(); time.sleep(60)"
    async with supervised([server, part("client", script, after=("server",))], tmp_path) as running:
        os.kill(running.pid("server"), signal.SIGKILL)
        await running.until(lambda: running["server"].restarts == 1)
        os.kill(running.pid("client"), signal.SIGKILL)
        await running.until(lambda: running["client"].restarts == 1)
        await running.until(lambda: running.supervisor.record.ok)
        assert running["client"].restarts == 1


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    logger = CapturingLogger()
    monkeypatch.setattr(keeper, "log", logger)
    return logger


async def test_the_pause_doubles_up_to_the_longest(
    part: MakePart, tmp_path: Path, deaths: CapturingLogger
) -> None:
    async with supervised([part("server", DIES)], tmp_path) as running:
        await running.until(lambda: running["server"].restarts >= 5)
    pauses = [call.kwargs["pause_seconds"] for call in deaths.calls]
    assert pauses[:5] == [0.01, 0.02, 0.04, 0.04, 0.04]
    assert deaths.calls[0].args == ("part.died",)
    assert deaths.calls[0].kwargs["reason"] == "it ended with status 1"


async def test_the_pause_is_short_again_after_a_healthy_time(
    part: MakePart, tmp_path: Path, deaths: CapturingLogger
) -> None:
    pace = replace(QUICK, healthy=0.0)
    async with supervised([part("server", DIES)], tmp_path, pace) as running:
        await running.until(lambda: running["server"].restarts >= 3)
    assert {call.kwargs["pause_seconds"] for call in deaths.calls} == {0.01}


async def test_a_part_that_is_never_ready_is_given_up(part: MakePart, tmp_path: Path) -> None:
    broken = part("broken", "print('because of this', flush=True); sys.exit(3 + 0 * count())")
    supervisor = await run_to_end(tmp_path, part("server"), broken)
    failed = supervisor.record.failed
    assert failed is not None
    assert (failed.name, failed.reason) == ("broken", "it ended with status 3")
    assert (tmp_path / "broken.starts").read_text() == "x" * QUICK.tries
    assert (tmp_path / "logs" / "broken.log").read_text() == "because of this\n" * QUICK.tries
    assert supervisor.record.parts[0].state is State.STOPPED


async def test_a_job_that_fails_is_not_tried_again(part: MakePart, tmp_path: Path) -> None:
    supervisor = await run_to_end(tmp_path, part("job", "sys.exit(count())", ready=None))
    assert supervisor.record.failed is not None
    assert (tmp_path / "job.starts").read_text() == "x"


async def test_a_part_that_hangs_while_starting_is_given_up(part: MakePart, tmp_path: Path) -> None:
    hangs = part("hangs", "time.sleep(60)")
    supervisor = await run_to_end(tmp_path, hangs, pace=replace(QUICK, ready_within=0.1, tries=1))
    assert supervisor.record.failed is not None
    assert "not ready within" in (supervisor.record.failed.reason or "")


async def test_a_program_that_is_not_there_is_a_failure(part: MakePart, tmp_path: Path) -> None:
    missing = replace(part("missing"), command=("/no/such/program",))
    supervisor = await run_to_end(tmp_path, missing)
    assert supervisor.record.failed is not None
    assert "No such file" in (supervisor.record.failed.reason or "")


async def test_parts_end_before_what_they_need(part: MakePart, tmp_path: Path) -> None:
    script = """
def leave(*_):
    time.sleep(0.1)
    with (home / "order").open("a") as file: file.write(sys.argv[1] + " ")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
ready()
while True: time.sleep(0.01)
"""
    first, second = part("first", script), part("second", script, after=("first",))
    third = part("third", script, after=("second",))
    async with supervised([first, second, third], tmp_path):
        pass
    assert (tmp_path / "order").read_text().split() == ["third", "second", "first"]


async def test_stop_leaves_nothing_of_a_stubborn_part(part: MakePart, tmp_path: Path) -> None:
    script = """
import subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
(home / "child").write_text(str(child.pid))
ready()
while True: time.sleep(60)
"""
    pace = replace(QUICK, grace=0.1)
    async with supervised([part("stubborn", script)], tmp_path, pace) as running:
        pid, child = running.pid("stubborn"), int((tmp_path / "child").read_text())
        assert is_alive(child)
    wait_for(lambda: not is_alive(pid) and not is_alive(child))


async def test_a_part_is_asked_to_end_by_its_own_signal(part: MakePart, tmp_path: Path) -> None:
    script = """
def leave(*_):
    (home / "asked").touch()
    sys.exit()
signal.signal(signal.SIGINT, leave)
ready()
while True: time.sleep(0.01)
"""
    async with supervised([part("server", script, stop_signal=signal.SIGINT)], tmp_path):
        pass
    assert (tmp_path / "asked").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a dead parent")
def test_parts_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from hotrod.stack.supervisor import Supervisor
from tests.hotrod.stack.conftest import make_part
home = Path({str(tmp_path)!r})
asyncio.run(Supervisor([make_part(home, "server")], home).run(asyncio.Event()))
"""
    with psutil.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as process:
        wait_for(lambda: (record := read_record(tmp_path)) is not None and record.ok)
        record = read_record(tmp_path)
        assert record is not None
        server = record.parts[0].process
        assert server is not None
        assert server.find() is not None
        process.kill()
        wait_for(lambda: server.find() is None)


def test_there_is_one_supervisor_per_home(part: MakePart, tmp_path: Path) -> None:
    with sole_supervisor(tmp_path, []):
        assert is_running(tmp_path)
        with pytest.raises(AlreadyRunningError), sole_supervisor(tmp_path, []):
            pass
    assert not is_running(tmp_path)


def test_nothing_starts_when_a_port_is_taken(part: MakePart, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: int = server.getsockname()[1]
        ports = (Port(taken, "HOTROD_THIS__PORT"), Port(free_port(), "HOTROD_THAT__PORT"))
        with (
            pytest.raises(PortError) as raised,
            sole_supervisor(tmp_path, [part("server", ports=ports)]),
        ):
            pass
    assert len(raised.value.lines) == 1
    assert str(taken) in raised.value.lines[0]
    assert "HOTROD_THIS__PORT" in raised.value.lines[0]
    with stack_lock(tmp_path) as free:
        assert free
