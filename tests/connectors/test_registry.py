"""The registry is complete, and the grades are honest as far as a test can tell."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import connectors
from connectors.registry import CONNECTORS, RULES, Connector

ROOT = Path(connectors.__file__).parent
each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda c: c.name)


def test_every_folder_is_registered() -> None:
    folders = {f.name for f in ROOT.iterdir() if f.is_dir() and not f.name.startswith("_")}

    assert folders == {connector.name for connector in CONNECTORS}


@each_connector
def test_every_rule_is_graded_and_every_exemption_has_a_reason(connector: Connector) -> None:
    assert tuple(connector.grades()) == RULES
    for rule, grade in connector.grades().items():
        reason = grade.removeprefix("exempt: ")
        assert grade in ("done", "todo") or (grade.startswith("exempt: ") and len(reason) > 10), (
            rule
        )


@each_connector
def test_the_files_have_the_same_names(connector: Connector) -> None:
    names = {path.name for path in (ROOT / connector.name).iterdir()}

    assert {"__init__.py", "client.py", "models.py", "errors.py", "quality.yaml"} <= names


@each_connector
def test_done_is_done(connector: Connector) -> None:
    done = {rule for rule, grade in connector.grades().items() if grade == "done"}
    folder = ROOT / connector.name
    for client in connector.load():
        signature = inspect.signature(client)
        if "ping" in done:
            assert inspect.iscoroutinefunction(client.ping)
        if "timeouts" in done:
            timeout = signature.parameters["timeout_seconds"]
            assert timeout.default is inspect.Parameter.empty
        if "docs" in done:
            public = [m for n, m in inspect.getmembers(client, inspect.isfunction) if n[0] != "_"]
            assert all(inspect.getdoc(member) for member in [client, *public])
    sources = "".join(path.read_text() for path in folder.glob("*.py"))
    if "error_table" in done:
        assert "ErrorTable" in (folder / "errors.py").read_text()
        assert "Cures" in (folder / "errors.py").read_text()
    if "redaction" in done:
        assert "Redactor(" in sources or "GoogleApi(" in sources
    if "stand_in" in done:
        assert (ROOT.parent / "sandbox" / connector.played_by).is_dir()
    if "contract_test" in done:
        assert (ROOT.parent / "tests" / "contract" / f"test_{connector.name}.py").is_file()
