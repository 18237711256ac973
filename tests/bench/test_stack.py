from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench import stack
from bench.stack import bench_stack, cpu_seconds
from hotrod.errors import HotrodError
from hotrod.settings import Settings, load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A caller with live settings, in the environment and in ``.env``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTROD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOTROD_SLACK__BASE_URL", "https://slack.example.com/api")
    (tmp_path / ".env").write_text("HOTROD_CLAUDE__BASE_URL=https://claude.example.com\n")
    return tmp_path / "home"


class StartedError(HotrodError):
    """Told instead of starting a stack."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__("started")


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The homes whose stacks were stopped; starting one fails."""
    homes: list[Path] = []

    def start(_settings: Settings) -> float:
        raise StartedError(load_settings())

    monkeypatch.setattr(stack, "start_in_background", start)
    monkeypatch.setattr(stack, "stop", homes.append)
    return homes


def started_settings(**overrides: object) -> Settings:
    with pytest.raises(StartedError) as caught, bench_stack(**overrides):
        pass
    return caught.value.settings


@pytest.mark.usefixtures("stopped")
def test_no_live_service_is_within_reach(home: Path) -> None:
    settings = started_settings()
    assert settings.slack.base_url == f"{settings.sandbox_url}/slack/api"
    assert settings.claude.base_url == f"{settings.sandbox_url}/claude"
    assert settings.mail_is_played
    assert settings.home == home / "bench"


@pytest.mark.usefixtures("stopped", "home")
def test_overrides_are_settings() -> None:
    settings = started_settings(worker__processes=2, mail__transport="graph")
    assert settings.worker.processes == 2
    assert settings.mail.transport == "graph"


@pytest.mark.usefixtures("stopped", "home")
def test_the_caller_gets_its_environment_back() -> None:
    before = dict(os.environ), Path.cwd(), signal.getsignal(signal.SIGTERM)
    started_settings()
    assert (dict(os.environ), Path.cwd(), signal.getsignal(signal.SIGTERM)) == before


def test_a_stack_that_does_not_start_is_stopped_and_its_folder_was_emptied(
    home: Path, stopped: list[Path]
) -> None:
    leftover = home / "bench" / "leftover"
    leftover.mkdir(parents=True)
    started_settings()
    assert not leftover.exists()
    assert stopped == [home / "bench", home / "bench"]


def test_all_ports_are_different() -> None:
    assert len(set(stack._free_ports().values())) == len(stack._PORTS)


def test_the_time_of_ended_children_counts() -> None:
    burn = "sum(range(6_000_000))"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{burn}']); input()"
    with subprocess.Popen([sys.executable, "-c", inner], stdin=subprocess.PIPE) as process:
        parent = psutil.Process(process.pid)
        while not (parent.cpu_times().children_user > 0):
            pass
        times = parent.cpu_times()
        assert cpu_seconds(parent) > times.user + times.system
        process.communicate(b"\n")
