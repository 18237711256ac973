from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections import namedtuple
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from cli import doctor
from connectors.registry import CONNECTORS
from hotrod.db.engine import Database
from hotrod.durable.models import Effect, EffectState
from hotrod.settings import Settings, load_settings
from hotrod.stack.parts import State
from hotrod.stack.record import PartRecord, ProcessRecord, StackRecord
from sandbox import running_sandbox
from tests.cli.conftest import Hotrod
from tests.factories import delivery_row

Output = pytest.CaptureFixture[str]


def examined(hotrod: Hotrod, capsys: Output) -> tuple[int, dict[str, dict[str, Any]]]:
    code = hotrod("doctor", "--json")
    body = json.loads(capsys.readouterr().out)
    assert body["ok"] is (code == 0)
    return code, {check["check"]: check for check in body["checks"]}


def test_with_the_stack_down(hotrod: Hotrod, capsys: Output) -> None:
    code, checks = examined(hotrod, capsys)
    assert code == 0
    for name in ("company", "versions", "disk", "ports"):
        assert checks[name]["ok"] is True
    for name in ("database", "inbox", "prefect events", "mail", "claude", "slack"):
        assert checks[name]["ok"] is None
        assert "hotrod up" in checks[name]["detail"]
    assert "prefect 3." in checks["versions"]["detail"]


def test_people_get_a_table(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("doctor") == 0
    shown = capsys.readouterr().out
    assert "ok" in shown
    assert "skipped" in shown


def test_what_is_wrong_comes_with_its_cure(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1))
    monkeypatch.setenv("HOTROD_COMPANY_FILE", str(tmp_path / "none.toml"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HOTROD_GATEWAY__PORT", str(server.getsockname()[1]))
        code, checks = examined(hotrod, capsys)
        assert hotrod("doctor") == 1
        assert "not ok" in capsys.readouterr().out
    assert code == 1
    assert "HOTROD_HOME" in checks["disk"]["cure"]
    assert "HOTROD_COMPANY_FILE" in checks["company"]["cure"]
    assert "in use" in checks["ports"]["detail"]
    assert "HOTROD_GATEWAY__PORT" in checks["ports"]["cure"]


def test_with_the_stack_up_its_parts_are_named(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [
        PartRecord(name="gateway", state=State.READY),
        PartRecord(name="worker-1", state=State.RESTARTING),
    ]
    itself = ProcessRecord(pid=1, created_at=0)
    record = StackRecord(supervisor=itself, parts=parts)
    monkeypatch.setattr(doctor, "running", lambda _home: record)
    code, checks = examined(hotrod, capsys)
    assert code == 1
    assert checks["stack"]["detail"] == "worker-1 is restarting"
    assert "ports" not in checks
    for name in ("database", "inbox", "mail", "claude", "slack"):
        assert checks[name]["ok"] is False
        assert checks[name]["cure"]


async def test_services_are_asked_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_sandbox() as sandbox:
        monkeypatch.setenv("HOTROD_SANDBOX__PORT", sandbox.url.rsplit(":", 1)[1])
        for name, port in sandbox.state.ports.items():
            monkeypatch.setenv(f"HOTROD_SANDBOX__{name.upper()}_PORT", str(port))
        settings = load_settings()
        found = {one.name: await doctor._service(one, settings, is_up=True) for one in CONNECTORS}
        monkeypatch.setenv("HOTROD_CLAUDE__API_KEY", "sk-wrong")
        claude = next(one for one in CONNECTORS if one.name == "claude")
        wrong = await doctor._service(claude, load_settings(), is_up=True)
    assert {name: finding.detail for name, finding in found.items() if not finding.ok} == {}
    assert found["claude"].detail == "the stand-in answers"
    assert wrong.ok is False
    assert wrong.cure
    assert "sk-wrong" not in wrong.detail


async def test_what_has_no_credentials_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTROD_SANDBOX__SERVICES", "mail")
    slack = next(one for one in CONNECTORS if one.name == "slack")
    finding = await doctor._service(slack, load_settings(), is_up=True)
    assert finding.ok
    assert "no credentials" in finding.detail


@pytest.mark.usefixtures("database")
async def test_the_database_is_compared_with_the_migrations(settings: Settings) -> None:
    assert "PostgreSQL" in await doctor._database(settings)
    assert settings.database.url is not None
    url = make_url(settings.database.url.get_secret_value()).set(database="postgres")
    settings.database.url = url.render_as_string(hide_password=False)  # type: ignore[assignment]
    finding = await doctor._attempt("database", doctor._database, settings)
    assert finding.ok is False
    assert "hotrod up" in finding.detail


@pytest.mark.usefixtures("empty_inbox", "no_effects")
async def test_what_waits_for_a_person_is_a_finding(settings: Settings, database: Database) -> None:
    finding = await doctor._attempt("inbox", doctor._inbox, settings)
    assert (finding.ok, finding.detail) == (True, "no dead letters, no acts of unknown outcome")
    async with database.transaction() as session:
        session.add(delivery_row())
        session.add(Effect(key=uuid4().hex, state=EffectState.UNKNOWN))
    finding = await doctor._attempt("inbox", doctor._inbox, settings)
    assert finding.ok is False
    assert "1 dead letter: `hotrod inbox list --state dead`" in finding.detail
    assert "1 act of unknown outcome: `hotrod effects list`" in finding.detail
    assert "docs/runbooks/dead-letters.md" in finding.cure


@pytest.mark.prefect
def test_an_event_makes_the_round_trip(prefect_server: Settings) -> None:
    assert "came back" in asyncio.run(doctor._event_round_trip(prefect_server))
