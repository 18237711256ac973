"""Claude's stand-in, driven from Anthropic's contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.contract.contracts.claude import CONTRACTS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

KEY = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
HELLO = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hello"}]}
GREETING = Known(body=[{**HELLO, "max_tokens": 64}, HELLO])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


@pytest.mark.parametrize(
    "operation",
    [
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
        "GET /v1/models",
        "POST /v1/messages/batches",
        "GET /v1/messages/batches",
        "GET /v1/messages/batches/{message_batch_id}",
        "DELETE /v1/messages/batches/{message_batch_id}",
        "POST /v1/messages/batches/{message_batch_id}/cancel",
        "GET /v1/messages/batches/{message_batch_id}/results",
    ],
)
def test_what_the_contract_allows_is_answered_by_it(sandbox: Sandbox, operation: str) -> None:
    drive(CONTRACTS["claude"], operation, f"{sandbox.url}/claude", headers=KEY, known=GREETING)
