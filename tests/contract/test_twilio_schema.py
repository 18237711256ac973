"""Twilio's stand-in, driven from the vendor's contract."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.contract.contracts.twilio import ACCOUNT, CONTRACTS
from tests.contract.driving import drive, sandbox_beside

pytestmark = pytest.mark.thorough

KEY = {"Authorization": f"Basic {base64.b64encode(f'{ACCOUNT}:sandbox-secret'.encode()).decode()}"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        yield running


@pytest.mark.parametrize(
    "operation",
    [
        "CreateMessage",
        "ListMessage",
        "FetchMessage",
        "UpdateMessage",
        "DeleteMessage",
        "FetchBalance",
        "FetchAccount",
    ],
)
def test_what_the_contract_allows_is_answered_by_it(sandbox: Sandbox, operation: str) -> None:
    also = [400, 401, 404, 409, 429]
    drive(CONTRACTS["twilio"], operation, f"{sandbox.url}/twilio", headers=KEY, also=also)
