from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from cli import console
from cli import main as program
from hotrod.company.load import get_company
from hotrod.db.engine import Database
from hotrod.settings import Settings, get_settings
from tests.conftest import free_port

Hotrod = Callable[..., int]


def quiet(_level: str) -> None:
    """Silence our log, without a trace in what other tests log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, away from any .env, on ports that nobody uses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTROD_HOME", str(tmp_path / "home"))
    for setting in ("DATABASE__PORT", "PREFECT__PORT", "GATEWAY__PORT", "SANDBOX__PORT"):
        monkeypatch.setenv(f"HOTROD_{setting}", str(free_port()))
    monkeypatch.setenv("HOTROD_SANDBOX__SMTP_PORT", str(free_port()))
    monkeypatch.setenv("HOTROD_SANDBOX__IMAP_PORT", str(free_port()))
    monkeypatch.setattr(console.out, "width", 120)
    monkeypatch.setattr(console.err, "width", 120)
    monkeypatch.setattr(program, "configure_logging", quiet)
    get_settings.cache_clear()
    get_company.cache_clear()
    yield tmp_path / "home"
    structlog.reset_defaults()
    get_settings.cache_clear()
    get_company.cache_clear()


@pytest.fixture
def our_database(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work on the session's database."""
    assert settings.database.url is not None
    monkeypatch.setenv("HOTROD_DATABASE__URL", settings.database.url.get_secret_value())


@pytest.fixture
def hotrod(monkeypatch: pytest.MonkeyPatch) -> Hotrod:
    """Run the command in this process; returns its exit status."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["hotrod", *arguments])
        try:
            program.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run
