"""The stand-ins, a way to order faults and to see what arrived, and the judges of both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from sandbox import running_sandbox
from sandbox.calls import Exchange
from sandbox.server import Sandbox
from tests.contract.contracts import Contract, known_contracts, known_refusals
from tests.contract.contracts.refusals import wrong_refusal


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``hotrod connectors test`` choose: tests that are put to every connector, to one."""
    parser.addoption("--connector", help="connector, by its name in the registry")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if wanted := config.getoption("--connector", default=None):
        others = [item for item in items if _connector_of(item) not in (None, wanted)]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


def _connector_of(item: pytest.Item) -> str | None:
    """Return the connector that a test is put to, if it is put to each of them."""
    given = getattr(getattr(item, "callspec", None), "params", {})
    if "case" in given:
        return str(given["case"]).split()[0]
    return given["connector"].name if "connector" in given else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where one connector was asked for, all skipped is as good as no test."""
    if session.config.getoption("--connector", default=None) is None:
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    if not reporter.stats.keys() & {"passed", "failed", "error"}:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


@dataclass(frozen=True)
class StandIns:
    """The running stand-ins, through their control API."""

    sandbox: Sandbox
    control: httpx.AsyncClient
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.sandbox.url

    @property
    def smtp_port(self) -> int:
        return self.sandbox.smtp_port

    async def fault(self, service: str, kind: str, **more: object) -> None:
        ordered = {"service": service, "kind": kind, "count": 1, **more}
        (await self.control.post("/_control/faults", json=ordered)).raise_for_status()

    async def mails(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/_control/mail", params=query)
        return list(answer.raise_for_status().json())

    async def calls(self, service: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/_control/calls", params={"service": service})
        return list(answer.raise_for_status().json())


@pytest.fixture(scope="module")
async def started() -> AsyncIterator[StandIns]:
    async with (
        running_sandbox() as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as control,
    ):
        stand_ins = StandIns(sandbox, control)
        sandbox.state.watchers.append(stand_ins.exchanges.append)
        yield stand_ins


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """The vendors' contracts that lie beside this checkout, by the name of the API."""
    return {name: one for name, one in known_contracts().items() if one.is_here()}


@pytest.fixture
async def stand_ins(
    request: pytest.FixtureRequest, started: StandIns, contracts: dict[str, Contract]
) -> AsyncIterator[StandIns]:
    """The stand-ins, having forgotten what was before.

    A test fails in which a connector or a stand-in says what the vendor's contract doesn't allow,
    or a stand-in refuses in other words than the vendor's.
    """
    (await started.control.post("/_control/reset")).raise_for_status()
    started.exchanges.clear()
    yield started
    may_offend = request.node.get_closest_marker("offends") is not None
    wrong = []
    for exchange in started.exchanges:
        call = f"{exchange.method} {exchange.path} ({exchange.status})"
        refused = wrong_refusal(known_refusals(), exchange)
        wrong += [f"answer to {call}: {one}" for one in refused]
        if (contract := contracts.get(exchange.service)) is None:
            continue
        found = contract.violations(exchange)
        wrong += [f"request {call}: {one}" for one in found.request if not may_offend]
        wrong += [f"answer to {call}: {one}" for one in found.answer]
    assert not wrong, "\n".join(wrong)
