"""Discord's stand-in, driven from the vendor's contract."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.contracts.discord import FILE, name_errors_by_words
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.driving import drive, sandbox_beside

pytestmark = pytest.mark.thorough

WEBHOOK = {"webhook_id": "100000000000000001", "webhook_token": "sandbox-token"}


def repair(spec: dict[str, Any]) -> None:
    """Let calls that are made up go to the webhook that the stand-in has."""
    name_errors_by_words(spec)
    for parameter in spec["paths"]["/webhooks/{webhook_id}/{webhook_token}"]["parameters"]:
        parameter["schema"] = {"type": "string", "enum": [WEBHOOK[parameter["name"]]]}


def test_what_the_contract_allows_is_answered_by_it() -> None:
    contract = OpenApiContract(FILE, "/api", repair=repair)
    with sandbox_beside() as sandbox:
        drive(contract, "execute_webhook", f"{sandbox.url}/discord", headers={}, also=[])
