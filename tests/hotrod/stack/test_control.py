from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from hotrod.settings import Settings
from hotrod.stack import control, plan
from hotrod.stack.control import (
    StackError,
    running,
    start_in_background,
    stop,
    wait_until_ready,
)
from hotrod.stack.parts import State
from hotrod.stack.record import is_running, read_record
from hotrod.stack.usage import usage
from tests.hotrod.stack.conftest import FOREVER, MakePart, wait_for

SUPERVISOR = """
import asyncio, signal, sys
from pathlib import Path
from hotrod.stack.supervisor import Supervisor, sole_supervisor
from tests.hotrod.stack.conftest import QUICK, make_part

async def main(home, script):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    parts = [make_part(home, "server", script)]
    with sole_supervisor(home, parts):
        return await Supervisor(parts, home, pace=QUICK).run(stop)

sys.path.insert(0, ".")
sys.exit(0 if asyncio.run(main(Path(sys.argv[1]), sys.argv[2])) else 1)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, home=tmp_path)


@pytest.fixture
def background(
    settings: Settings, part: MakePart, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """`python -m hotrod.stack` is a supervisor with one small part."""
    monkeypatch.chdir(Path(__file__).parents[3])
    monkeypatch.setattr(plan, "plan_stack", lambda _settings: [part("server")])
    use_script(monkeypatch, settings, FOREVER)
    return monkeypatch


def use_script(monkeypatch: pytest.MonkeyPatch, settings: Settings, script: str) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(settings.home), script]
    monkeypatch.setattr(control, "_COMMAND", command)


@pytest.mark.usefixtures("background")
def test_start_find_measure_and_stop(settings: Settings) -> None:
    home = settings.home
    assert running(home) is None
    assert not stop(home)
    states: list[State] = []
    try:
        seconds = start_in_background(settings, lambda record: states.append(record.parts[0].state))
        assert seconds > 0
        assert states[-1] is State.READY
        record = running(home)
        assert record is not None
        assert record.ok
        measured = usage(record.parts[0])
        assert measured is not None
        assert 1 < measured.rss_mb < 500
        assert start_in_background(settings) == 0.0
        assert running(home) == record
    finally:
        assert stop(home)
    assert running(home) is None
    last = read_record(home)
    assert last is not None
    assert [part.state for part in last.parts] == [State.STOPPED]
    assert usage(last.parts[0]) is None
    with pytest.raises(StackError, match="it has ended"):
        wait_until_ready(home)


def test_a_part_that_fails_is_named_with_its_log(
    background: pytest.MonkeyPatch, settings: Settings
) -> None:
    use_script(background, settings, "print('the reason', flush=True); sys.exit(4)")
    with pytest.raises(StackError) as raised:
        start_in_background(settings)
    error = raised.value
    assert (error.part, error.reason) == ("server", "it ended with status 4")
    assert error.log == settings.home / "logs" / "server.log"
    assert "the reason" in error.log_lines
    assert not is_running(settings.home)


def test_a_supervisor_that_can_not_start_is_told(
    background: pytest.MonkeyPatch, settings: Settings
) -> None:
    background.setattr(control, "_COMMAND", [sys.executable, "-c", "raise SystemExit('no good')"])
    with pytest.raises(StackError) as raised:
        start_in_background(settings)
    assert raised.value.part == "supervisor"
    assert raised.value.log_lines[-1] == "no good"


@pytest.mark.usefixtures("background")
def test_a_stack_whose_supervisor_was_killed_is_cleared_by_the_next_start(
    settings: Settings,
) -> None:
    start_in_background(settings)
    try:
        first = running(settings.home)
        assert first is not None
        supervisor, server = first.supervisor.find(), first.parts[0].process
        assert supervisor is not None
        assert server is not None
        supervisor.send_signal(signal.SIGKILL)
        wait_for(lambda: not is_running(settings.home))
        assert running(settings.home) is None
        assert start_in_background(settings) > 0
        assert server.find() is None
    finally:
        stop(settings.home)
