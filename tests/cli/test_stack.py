from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cli import stack
from cli.database import run, transaction
from hotrod.durable.models import Effect, EffectState
from hotrod.stack import control, plan
from hotrod.stack.control import StackError, running
from hotrod.stack.logs import log_path
from hotrod.stack.parts import Part, Port, State
from hotrod.stack.record import PartRecord, ProcessRecord, StackRecord, is_running
from tests.cli.conftest import Hotrod
from tests.factories import delivery_row
from tests.hotrod.stack.conftest import make_part, wait_for

Output = pytest.CaptureFixture[str]


@pytest.fixture
def parts(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """The parts that the stack consists of; a test may change them."""
    home.mkdir()
    parts = [make_part(home, "server", url="http://127.0.0.1:1"), make_part(home, "worker-1")]
    monkeypatch.setattr(plan, "plan_stack", lambda _settings: parts)
    return parts


@contextmanager
def once_ready(home: Path, act: Any) -> Iterator[None]:
    """Do something in a thread, once the stack is ready; then send Ctrl-C to this process."""

    def work() -> None:
        wait_for(lambda: (record := running(home)) is not None and record.ok)
        try:
            act()
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=work)
    thread.start()
    yield
    thread.join()


@pytest.mark.usefixtures("parts")
def test_up_runs_until_ctrl_c(hotrod: Hotrod, home: Path, capsys: Output) -> None:
    pids: list[int] = []

    def look() -> None:
        record = running(home)
        assert record is not None
        pids.extend(part.process.pid for part in record.parts if part.process)

    with once_ready(home, look):
        assert hotrod("up") == 0
    told = capsys.readouterr().out
    for name in ("Gateway", "Prefect UI", "Mailbox"):
        assert name in told
    assert "secrets.json" in told
    assert len(pids) == 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not is_running(home)


@pytest.mark.usefixtures("parts")
def test_a_running_stack_is_found_shown_and_stopped(
    hotrod: Hotrod, home: Path, capsys: Output
) -> None:
    seen: dict[str, Any] = {}

    def look() -> None:
        capsys.readouterr()
        seen["status"] = hotrod("status"), capsys.readouterr().out
        seen["json"] = hotrod("status", "--json"), capsys.readouterr().out
        seen["second"] = hotrod("up"), capsys.readouterr().out
        seen["detached"] = hotrod("up", "--detach"), capsys.readouterr().out

    with once_ready(home, look):
        assert hotrod("up") == 0
    assert seen["status"][0] == 0
    assert "worker-1" in seen["status"][1]
    assert "MB in all" in seen["status"][1]
    code, output = seen["json"]
    body = json.loads(output)
    assert code == 0
    assert body["ok"] is True
    server, worker = body["parts"]
    assert server == server | {
        "name": "server",
        "state": "ready",
        "port": None,
        "restarts": 0,
        "url": "http://127.0.0.1:1",
    }
    assert worker["pid"] != server["pid"]
    assert body["attention"] is None, "there is no database"
    assert body["rss_mb"] == pytest.approx(server["rss_mb"] + worker["rss_mb"], abs=0.2)
    for again in ("second", "detached"):
        assert seen[again][0] == 0
        assert "up already" in seen[again][1]
        assert "Gateway" in seen[again][1]


@pytest.mark.usefixtures("our_database", "empty_inbox", "no_effects")
def test_status_tells_what_waits_for_a_person(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    itself = ProcessRecord(pid=1, created_at=0)
    record = StackRecord(supervisor=itself, parts=[PartRecord(name="x", state=State.READY)])
    monkeypatch.setattr(stack, "running", lambda _home: record)
    assert hotrod("status") == 0
    assert "dead letter" not in capsys.readouterr().out

    async def fail_twice() -> None:
        async with transaction() as session:
            session.add(delivery_row())
            session.add(delivery_row())
            session.add(Effect(key="mail:quote:1", state=EffectState.UNKNOWN))

    run(fail_twice())
    assert hotrod("status") == 0
    told = capsys.readouterr().out
    assert "2 dead letters: `hotrod inbox list --state dead`" in told
    assert "1 act of unknown outcome: `hotrod effects list`" in told
    assert hotrod("status", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert body["attention"] == {"dead_letters": 2, "unknown_effects": 1}


def test_up_tells_of_a_part_that_fails(
    hotrod: Hotrod, home: Path, parts: list[Part], capsys: Output
) -> None:
    script = "print('it was the cat', flush=True); sys.exit(7)"
    parts.append(make_part(home, "job", script, ready=None))
    assert hotrod("up") == 1
    told = capsys.readouterr().err
    assert "job could not be started: it ended with status 7" in told
    assert "it was the cat" in told
    assert str(log_path(home, "job")) in told
    assert not is_running(home)


@pytest.mark.parametrize("command", [("up",), ("up", "--detach"), ("demo",)])
def test_a_taken_port_is_named_with_the_setting_that_moves_it(
    hotrod: Hotrod, home: Path, parts: list[Part], capsys: Output, command: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = Port(server.getsockname()[1], "HOTROD_GATEWAY__PORT")
        parts.append(make_part(home, "gateway", ports=(port,)))
        assert hotrod(*command) == 1
    told = capsys.readouterr().err
    assert str(port.number) in told
    assert "HOTROD_GATEWAY__PORT" in told
    assert not (home / "logs").exists()


@pytest.mark.usefixtures("parts")
def test_up_detached_tells_of_a_supervisor_that_fails(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_COMMAND", ["/bin/sh", "-c", "echo no luck; exit 1"])
    assert hotrod("up", "--detach") == 1
    told = capsys.readouterr().err
    assert "no luck" in told
    assert "supervisor.log" in told


def test_without_a_stack(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("status") == 3
    assert "hotrod up" in capsys.readouterr().out
    assert hotrod("status", "--json") == 3
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "running": False,
        "rss_mb": 0.0,
        "parts": [],
        "attention": None,
    }
    assert hotrod("down") == 0
    assert "not running" in capsys.readouterr().out


def test_logs(hotrod: Hotrod, home: Path, capsys: Output) -> None:
    assert hotrod("logs", "gateway") == 1
    assert "none yet" in capsys.readouterr().err
    for name in ("gateway", "worker-1"):
        path = log_path(home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name} says [{number}]\n" for number in range(5)))
    assert hotrod("logs", "gateway", "-n", "2") == 0
    assert capsys.readouterr().out == "gateway says [3]\ngateway says [4]\n"
    assert hotrod("logs", "-n", "1") == 0
    assert capsys.readouterr().out.splitlines() == [
        "gateway    gateway says [4]",
        "worker-1   worker-1 says [4]",
    ]
    assert hotrod("logs", "nobody") == 1
    assert "gateway, worker-1" in capsys.readouterr().err


def test_logs_follow_until_ctrl_c(hotrod: Hotrod, home: Path, capsys: Output) -> None:
    path = log_path(home, "gateway")
    path.parent.mkdir(parents=True)
    path.write_text("old\n")
    shown: list[str] = []

    def see(line: str) -> bool:
        shown.append(capsys.readouterr().out)
        return line in "".join(shown)

    def work() -> None:
        wait_for(lambda: see("old\n"))
        with path.open("a") as file:
            file.write("new\n")
        wait_for(lambda: see("new\n"))
        os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=work)
    thread.start()
    assert hotrod("logs", "gateway", "--follow") == 0
    thread.join()


def test_a_failure_keeps_the_end_of_the_log(home: Path) -> None:
    path = log_path(home, "gateway")
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    error = StackError("gateway", "it ended with status 1", path)
    assert error.log_lines[-1] == "line 99"
    assert len(error.log_lines) == 15
