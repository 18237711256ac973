"""The commands for connectors, as ops see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cli import connectors
from cli.connector_pages import pages
from connectors.registry import CONNECTORS, RULES, Connector
from hotrod.services.store import Traffic
from hotrod.settings import load_settings
from sandbox import running_sandbox
from tasks._connections import CONNECTIONS

ROOT = Path(__file__).parents[2]
Hotrod = Callable[..., int]
Output = pytest.CaptureFixture[str]


def one(name: str) -> Connector:
    return next(connector for connector in CONNECTORS if connector.name == name)


def test_each_page_says_what_the_code_says() -> None:
    """Run `hotrod connectors docs` and commit what it writes."""
    folder = ROOT / "docs" / "connectors"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}

    assert written == pages()


def test_grades_are_shown_and_a_todo_is_a_failure(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Connector, "grades", lambda _one: dict.fromkeys(RULES, "exempt: for a test")
    )
    assert hotrod("connectors", "grade", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["grades"]) == {one.name for one in CONNECTORS}

    monkeypatch.setattr(Connector, "grades", lambda _one: dict.fromkeys(RULES, "todo"))
    assert hotrod("connectors", "grade") == 1
    assert "todo" in capsys.readouterr().out


def test_connectors_are_listed_without_the_stack(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("connectors", "list", "--json") == 0

    rows = {row["connector"]: row for row in json.loads(capsys.readouterr().out)["connectors"]}

    assert rows["slack"]["reached"] == "stand-in"
    assert rows["slack"]["breaker"] == "closed"


def test_a_connectors_row_sums_up_its_services_and_names_the_one_that_is_left_alone(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_use() -> tuple[dict[str, str], dict[str, Traffic]]:
        calls = {"mail.imap": Traffic(5, 0), "mail.smtp": Traffic(4, 3), "mailer": Traffic(9, 9)}
        return {"mail.smtp": "left alone", "slack": "left alone"}, calls

    monkeypatch.setattr(connectors, "_in_use", in_use)
    assert hotrod("connectors", "list", "--json") == 0

    rows = {row["connector"]: row for row in json.loads(capsys.readouterr().out)["connectors"]}

    assert rows["mail"]["breaker"] == "mail.smtp: left alone"
    assert (rows["mail"]["calls"], rows["mail"]["failed"]) == (9, 3)
    assert rows["slack"]["breaker"] == "left alone"


@pytest.mark.thorough
def test_a_service_that_is_not_reached_is_told_with_its_cure(
    hotrod: Hotrod, capsys: Output
) -> None:
    assert hotrod("connectors", "ping", "slack", "--json") == 1

    (answer,) = json.loads(capsys.readouterr().out)["answers"]

    assert answer["ok"] is False
    assert answer["cure"]


def test_a_connector_that_is_not_there_is_named(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("connectors", "ping", "fax") == 2
    assert "mail" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_wrong_setting_is_told_beside_how_the_others_are(
    hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_OBJECTS__URL", "ftp://x")

    assert hotrod("connectors", "list", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["connectors"]) == len(CONNECTORS)

    assert hotrod("connectors", "ping", "--json") == 1
    answers = {one["connector"]: one for one in json.loads(capsys.readouterr().out)["answers"]}
    assert answers.keys() == {one.name for one in CONNECTORS}
    assert "file:///folder" in answers["objects"]["detail"]


class Trying:
    """A client of which only the ping matters."""

    def __init__(self, ping: Callable[[], Awaitable[None]]) -> None:
        self.ping = ping
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


async def fail() -> None:
    raise ZeroDivisionError("sk-secret")


async def hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("ping", "detail"), [(fail, "ZeroDivisionError"), (hang, "within 0.01 s")])
async def test_whatever_happens_to_a_ping_is_one_answer(
    monkeypatch: pytest.MonkeyPatch, ping: Callable[[], Awaitable[None]], detail: str
) -> None:
    client = Trying(ping)
    monkeypatch.setattr(connectors, "_LONGEST_PING_SECONDS", 0.01)
    monkeypatch.setitem(CONNECTIONS, "stripe", lambda _settings, _account: client)

    (answer,) = await connectors._ping_all([one("stripe")], load_settings())

    assert answer.ok is False
    assert detail in answer.detail
    assert answer.cure
    assert "sk-secret" not in str(answer)
    assert client.is_closed


async def test_all_answer_at_the_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_sandbox() as sandbox:
        monkeypatch.setenv("HOTROD_SANDBOX__PORT", sandbox.url.rsplit(":", 1)[1])
        for name, port in sandbox.state.ports.items():
            monkeypatch.setenv(f"HOTROD_SANDBOX__{name.upper()}_PORT", str(port))
        settings = load_settings()
        answers = await connectors._ping_all(list(CONNECTORS), settings)

    assert {answer.connector: answer.detail for answer in answers if answer.ok is False} == {}


async def test_a_ping_of_supabase_asks_the_management_api_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running_sandbox() as sandbox:
        monkeypatch.setenv("HOTROD_SANDBOX__PORT", sandbox.url.rsplit(":", 1)[1])
        (answer,) = await connectors._ping_all([one("supabase")], load_settings())

    assert answer.ok
    assert len(sandbox.state.calls.find("supabase")) == 1
    assert len(sandbox.state.calls.find("supabase_management")) == 1


@pytest.mark.thorough
def test_one_connector_is_chosen_by_its_whole_name_and_all_skipped_is_a_failure(
    hotrod: Hotrod, capfd: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("connectors", "test", "mail", "--live") != 0

    shown = capfd.readouterr()
    assert f"1 skipped, {len(CONNECTORS) - 1} deselected" in shown.out
    assert "Nothing of mail was tested" in shown.err


def test_seeding_without_stand_ins_says_how_to_start_them(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("sandbox", "seed") == 1
    assert "hotrod up" in capsys.readouterr().err
