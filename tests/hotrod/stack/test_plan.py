from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from hotrod.settings import Settings
from hotrod.stack.parts import FileExists, Part
from hotrod.stack.plan import plan_stack

SECRET = "a-secret-key-for-tests-only-0123456789"


def plan(home: Path, **given: Any) -> dict[str, Part]:
    settings = Settings(_env_file=None, home=home, secret_key=SECRET, **given)
    return {part.name: part for part in plan_stack(settings)}


def test_everything_is_run_by_default(tmp_path: Path) -> None:
    parts = plan(tmp_path)
    assert list(parts) == ["postgres", "databases", "prefect", "sandbox", "gateway", "worker-1"]
    assert parts["postgres"].stop_signal is signal.SIGINT
    assert parts["databases"].after == ("postgres",)
    assert set(parts["worker-1"].after) == {"databases", "prefect"}


@pytest.mark.parametrize(
    ("given", "left_out"),
    [
        ({"database": {"url": "postgresql://u:p@db.example.com/x"}}, "postgres"),
        ({"prefect": {"api_url": "https://prefect.example.com/api"}}, "prefect"),
        (
            {
                "sandbox": {"services": "none"},
                "mail": {"transport": "smtp"},
                "smtp": {"host": "mail.example.com"},
            },
            "sandbox",
        ),
    ],
)
def test_what_runs_elsewhere_is_not_run(
    tmp_path: Path, given: dict[str, Any], left_out: str
) -> None:
    assert set(plan(tmp_path)) - set(plan(tmp_path, **given)) == {left_out}


def test_there_are_as_many_workers_as_asked_for(tmp_path: Path) -> None:
    parts = plan(tmp_path, worker={"processes": 3})
    ready = {parts[f"worker-{number}"].ready for number in (1, 2, 3)}
    assert ready == {FileExists(tmp_path / "run" / f"worker-{n}.ready") for n in (1, 2, 3)}


def test_a_worker_that_was_killed_does_not_look_ready(tmp_path: Path) -> None:
    worker = plan(tmp_path)["worker-1"]
    left = tmp_path / "run" / "worker-1.ready"
    left.touch()
    assert worker.prepare is not None
    worker.prepare()
    assert not left.exists()


def test_every_port_is_moved_by_the_setting_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = [port for part in plan(tmp_path).values() for port in part.ports]
    for number, port in enumerate(ports, start=20_000):
        monkeypatch.setenv(port.setting, str(number))
    moved = [port for part in plan(tmp_path).values() for port in part.ports]
    assert [port.number for port in moved] == list(range(20_000, 20_000 + len(ports)))
    assert len(ports) == 6


def test_only_our_own_programs_get_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_CLAUDE__API_KEY", "sk-something")
    for name, part in plan(tmp_path).items():
        ours = {key for key in part.environment if key.startswith("HOTROD_")}
        if name in {"postgres", "prefect"}:
            assert ours == set()
        else:
            assert part.environment["HOTROD_SECRET_KEY"] == SECRET
            assert part.environment["HOTROD_CLAUDE__API_KEY"] == "sk-something"
            assert part.environment["HOTROD_HOME"] == str(tmp_path)
        assert not any(SECRET in word for word in part.command)
