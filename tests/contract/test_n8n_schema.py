"""n8n's stand-in, driven from n8n's own contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.n8n.seed import seed
from sandbox.server import Sandbox
from sandbox.story import make_story
from tests.contract.contracts.n8n import API
from tests.contract.contracts.openapi import UNDESCRIBED
from tests.contract.driving import drive, sandbox_beside

pytestmark = pytest.mark.thorough

KEY = {"X-N8N-API-KEY": "sandbox-key"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        seed(running.state, make_story())
        yield running


@pytest.mark.parametrize(
    "operation",
    [
        "GET /workflows",
        "GET /workflows/{id}",
        "POST /workflows/{id}/activate",
        "POST /workflows/{id}/deactivate",
        "GET /executions",
        "GET /executions/{id}",
        "DELETE /executions/{id}",
        "POST /executions/{id}/retry",
    ],
)
def test_what_the_contract_allows_is_answered_by_it(sandbox: Sandbox, operation: str) -> None:
    drive(API, operation, f"{sandbox.url}/n8n", headers=KEY, also=(*UNDESCRIBED, 400))
