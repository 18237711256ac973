"""The registry is complete, and the grades are honest as far as a test can tell."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import connectors
from connectors._http.calls import Shared
from connectors._http.errors import ConnectorError
from connectors._http.google_client import GoogleClient
from connectors._http.limits import Rate
from connectors._http.paging import pages
from connectors._http.redaction import Redactor
from connectors.registry import CONNECTORS, RULES, Connector
from hotrod.settings import load_settings
from sandbox.registry import STAND_INS
from tasks._connections import CONNECTIONS
from tests.contract.cases import known_cases

ROOT = Path(connectors.__file__).parent
each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda c: c.name)


def those_done(rule: str) -> pytest.MarkDecorator:
    done = [one for one in CONNECTORS if one.grades()[rule] == "done"]
    return pytest.mark.parametrize("connector", done, ids=lambda c: c.name)


def module_names(connector: Connector) -> set[str]:
    folder = str(ROOT / connector.name)
    return {module.name for module in pkgutil.iter_modules([folder])}


def module_of(connector: Connector, name: str) -> ModuleType:
    return import_module(f"connectors.{connector.name}.{name}")


def uses(connector: Connector, *wanted: object) -> bool:
    """Whether a module of a connector has imported one of the things that are wanted."""
    modules = [module_of(connector, name) for name in module_names(connector)]
    return any(
        held is one for module in modules for held in vars(module).values() for one in wanted
    )


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
    assert {"client", "models", "errors"} <= module_names(connector)


@those_done("ping")
def test_a_ping_can_be_awaited(connector: Connector) -> None:
    assert all(
        inspect.iscoroutinefunction(getattr(client, "ping", None)) for client in connector.load()
    )


@those_done("timeouts")
def test_the_caller_says_how_long_is_waited(connector: Connector) -> None:
    for client in connector.load():
        timeout = inspect.signature(client).parameters["timeout_seconds"]
        assert timeout.default is inspect.Parameter.empty


@those_done("paging")
def test_lists_are_read_by_pages(connector: Connector) -> None:
    assert uses(connector, pages)


@those_done("rate_limit")
async def test_the_settings_hand_in_a_limiter_with_the_rate_beside_a_client(
    connector: Connector,
) -> None:
    handed: list[Rate] = []

    def account(_name: str, rate: Rate | None) -> Shared:
        handed.extend([rate] if rate else [])
        return Shared()

    client = CONNECTIONS[connector.name](load_settings(), account)

    assert client is not None
    await client.aclose()
    beside = [
        kept for one in connector.load() for kept in vars(import_module(one.__module__)).values()
    ]
    assert [rate for rate in beside if isinstance(rate, Rate) and rate in handed]


@those_done("error_table")
def test_errors_have_classes_and_cures(connector: Connector) -> None:
    errors = vars(module_of(connector, "errors"))
    tables = [table for name, table in errors.items() if name.endswith("TABLE")]
    cures = [table for name, table in errors.items() if name.endswith("CURES")]

    assert tables
    assert cures
    assert all(issubclass(kind, ConnectorError) for table in tables for kind in table.values())
    assert all(cure.endswith(".") for table in cures for cure in table.values())


@those_done("redaction")
def test_secrets_are_taken_out(connector: Connector) -> None:
    assert uses(connector, Redactor, GoogleClient)


@those_done("stand_in")
def test_a_stand_in_plays_it(connector: Connector) -> None:
    assert connector.played_by in {one.name for one in STAND_INS}


@those_done("contract_test")
def test_a_contract_is_tested(connector: Connector) -> None:
    assert (ROOT.parent / "tests" / "contract" / f"test_{connector.name}.py").is_file()


@those_done("stand_in")
def test_each_of_its_faults_is_tried(connector: Connector) -> None:
    assert connector.name in {case.split()[0] for case in known_cases()}


@those_done("docs")
def test_everything_public_is_described(connector: Connector) -> None:
    for client in connector.load():
        public = [m for n, m in inspect.getmembers(client, inspect.isfunction) if n[0] != "_"]
        assert all(inspect.getdoc(member) for member in [client, *public])


@pytest.mark.parametrize(
    "connector", [one for one in CONNECTORS if "webhook" in module_names(one)], ids=lambda c: c.name
)
def test_what_is_delivered_can_be_verified(connector: Connector) -> None:
    assert inspect.isfunction(module_of(connector, "webhook").verify)
