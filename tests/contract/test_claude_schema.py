"""Claude's stand-in, driven from Anthropic's contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from tests.contract.contracts.claude import CONTRACTS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

KEY = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
HELLO = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hello"}]}
MESSAGE = {**HELLO, "max_tokens": 64}
BATCH = {"requests": [{"custom_id": "one", "params": MESSAGE}]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


@pytest.fixture
def batches(sandbox: Sandbox) -> list[str]:
    """The ids of batches: half of them have ended, the others are under way."""
    with httpx.Client(base_url=sandbox.url, headers=KEY, trust_env=False) as client:
        made = [client.post("/claude/v1/messages/batches", json=BATCH) for _ in range(10)]
        ids = [one.raise_for_status().json()["id"] for one in made]
        for one in ids[::2]:
            client.post(f"/_control/claude/batches/{one}/finish", json={}).raise_for_status()
    return ids


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("POST /v1/messages", MESSAGE),
        ("POST /v1/messages/count_tokens", HELLO),
        ("GET /v1/models", None),
        ("POST /v1/messages/batches", BATCH),
        ("GET /v1/messages/batches", None),
        ("GET /v1/messages/batches/{message_batch_id}", None),
        ("DELETE /v1/messages/batches/{message_batch_id}", None),
        ("POST /v1/messages/batches/{message_batch_id}/cancel", None),
        ("GET /v1/messages/batches/{message_batch_id}/results", None),
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, batches: list[str], operation: str, body: dict[str, Any] | None
) -> None:
    known = Known(path={"message_batch_id": batches}, body=[body] if body else [])
    drive(CONTRACTS["claude"], operation, f"{sandbox.url}/claude", headers=KEY, known=known)
