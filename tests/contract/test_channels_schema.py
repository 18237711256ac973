"""Discord's stand-in, driven from the vendor's contract."""

from __future__ import annotations

import pytest

from sandbox.discord.store import Posts
from sandbox.windows import RateLimit
from tests.contract.contracts.discord import CONTRACTS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

WEBHOOK = Known(
    path={"webhook_id": ["100000000000000001"], "webhook_token": ["sandbox-token"]},
    body=[{"content": "The repair is done."}],
)


def test_what_the_contract_allows_is_answered_by_it() -> None:
    with seeded_sandbox() as sandbox:
        sandbox.state.store(Posts).limit = RateLimit(1_000_000, 1.0)
        url = f"{sandbox.url}/discord"
        drive(CONTRACTS["discord"], "execute_webhook", url, headers={}, known=WEBHOOK)
