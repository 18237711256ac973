"""n8n's stand-in, driven from n8n's own contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sandbox.n8n.store import Automation
from sandbox.server import Sandbox
from tests.contract.contracts.n8n import API
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

KEY = {"X-N8N-API-KEY": "sandbox-key"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


def workflows(automation: Automation) -> Known:
    return Known(path={"id": [one.id for one in automation.workflows()]}, body=[{}])


def executions(automation: Automation) -> Known:
    return Known(path={"id": [str(one.id) for one in automation.executions()]})


def failures(automation: Automation) -> Known:
    failed = [str(one.id) for one in automation.executions() if one.has_failed]
    return Known(path={"id": failed}, body=[{}, {"loadWorkflow": True}])


@pytest.mark.parametrize(
    ("operation", "known"),
    [
        ("GET /workflows", None),
        ("GET /workflows/{id}", workflows),
        ("POST /workflows/{id}/activate", workflows),
        ("POST /workflows/{id}/deactivate", workflows),
        ("GET /executions", None),
        ("GET /executions/{id}", executions),
        ("POST /executions/{id}/retry", failures),
        ("DELETE /executions/{id}", executions),  # the last: it leaves none that failed
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, operation: str, known: Callable[[Automation], Known] | None
) -> None:
    there = known(sandbox.state.store(Automation)) if known else Known()
    drive(API, operation, f"{sandbox.url}/n8n", headers=KEY, known=there)
