from __future__ import annotations

import subprocess
import sys

import pytest

from cli.main import COMMANDS
from tests.cli.conftest import Hotrod


def test_help_and_version_need_no_settings(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_GATEWAY__PORT", "none")
    assert hotrod("--help") == 0
    shown = capsys.readouterr().out
    for command in ("up", "down", "status", "logs", "doctor", "inbox", "effects", "keys", "demo"):
        assert f"\n  {command} " in shown
    assert hotrod("--version") == 0
    assert capsys.readouterr().out.startswith("hotrod 0.")


def test_help_tells_what_commands_do_without_cutting_it(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for group in [[], *([name] for name in COMMANDS)]:
        assert hotrod(*group, "--help") == 0
        _, _, commands = capsys.readouterr().out.partition("\nCommands:\n")
        assert "..." not in commands, group
        assert all(len(line) <= 80 for line in commands.splitlines()), group
    assert hotrod("purchases", "--help") == 0
    assert "e.g. one whose run was given up" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "command",
    [
        *("up", "down", "status", "logs", "doctor", "demo", "keys list", "keys revoke x"),
        *("inbox list", "inbox show 1", "inbox redrive 1", "inbox discard 1"),
        *("effects list", "effects confirm x", "effects repeat x"),
        *("stock levels", "stock movements x", "stock receive x 1", "stock count x 1"),
    ],
)
def test_wrong_settings_are_told_in_a_table(
    hotrod: Hotrod,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setenv("HOTROD_GATEWAY__PORT", "99999")
    monkeypatch.setenv("HOTROD_WORKER__PROCESSES", "0")
    assert hotrod(*command.split()) == 1
    told = capsys.readouterr()
    assert "HOTROD_GATEWAY__PORT" in told.err
    assert "HOTROD_WORKER__PROCESSES" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        ([], {"prefect", "anthropic", "alembic", "fastapi"}),
        (["connectors"], {"prefect", "anthropic", "alembic", "fastapi", "sqlalchemy"}),
    ],
)
def test_the_command_starts_without_what_only_some_commands_need(
    words: list[str], heavy: set[str]
) -> None:
    script = f"import sys; from cli.main import program; program({words})"
    check = f"sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", f"{script}; {check}"], check=False).returncode == 0
