from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from hotrod.settings import get_settings
from hotrod.stack import __main__ as program
from hotrod.stack import prepare
from hotrod.stack.control import running
from hotrod.stack.parts import Part
from hotrod.stack.record import stack_lock
from tests.hotrod.stack.conftest import MakePart, wait_for


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTROD_HOME", str(tmp_path))
    monkeypatch.setattr(program, "configure_logging", lambda _level: None)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_it_runs_the_plan_until_sigterm(
    part: MakePart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(_settings: object) -> list[Part]:
        return [part("server")]

    def end_it() -> None:
        wait_for(lambda: (record := running(tmp_path)) is not None and record.ok)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(program, "plan_stack", plan)
    ending = Thread(target=end_it)
    ending.start()
    assert program.main() == 0
    ending.join()
    assert running(tmp_path) is None


def test_a_part_that_fails_gives_status_1(part: MakePart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        program, "plan_stack", lambda _settings: [part("job", "sys.exit(1)", ready=None)]
    )
    assert program.main() == 1


def test_a_second_one_says_that_the_first_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "plan_stack", lambda _settings: [])
    with stack_lock(tmp_path):
        assert program.main() == 1
    assert "running already" in capsys.readouterr().err


def test_preparing_tells_of_a_wrong_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_DATABASE__POOL_SIZE", "none")
    assert prepare.main() == 1
    assert "HOTROD_DATABASE__POOL_SIZE" in capsys.readouterr().err
