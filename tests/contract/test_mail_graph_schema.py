"""Graph's stand-in, driven from Microsoft's contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from tests.contract.contracts.graph import state_statuses
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.driving import drive, sandbox_beside

pytestmark = pytest.mark.thorough

LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "scope": "https://graph.microsoft.com/.default",
}
USER = "/users/{user-id}"
KNOWN = {"user-id": "hub@example.com", "mailFolder-id": "inbox"}


def at_one_mailbox(spec: dict[str, Any]) -> None:
    """Name a mailbox and a folder that exist: anything else is 404 and shows nothing."""
    state_statuses(spec)
    for operations in spec["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if (name := parameter.get("name")) in KNOWN:
                    parameter["schema"] = {"type": "string", "enum": [KNOWN[name]]}


CONTRACTS = [
    OpenApiContract(f"msgraph/{file}.yml", "/v1.0", repair=at_one_mailbox)
    for file in ("Users.Mail", "Users.Actions.mail-subset", "Subscriptions")
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        yield running


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> dict[str, str]:
    url = f"{sandbox.url}/graph/login/sandbox/oauth2/v2.0/token"
    answer = httpx.post(url, data=LOGIN, trust_env=False).raise_for_status().json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


@pytest.mark.parametrize(
    "operation",
    [
        f"GET {USER}/messages",
        f"POST {USER}/messages",
        f"GET {USER}/messages/{{message-id}}",
        f"PATCH {USER}/messages/{{message-id}}",
        f"GET {USER}/mailFolders",
        f"POST {USER}/mailFolders",
        f"GET {USER}/mailFolders/{{mailFolder-id}}",
        f"GET {USER}/mailFolders/{{mailFolder-id}}/messages",
        f"POST {USER}/microsoft.graph.sendMail",
        f"POST {USER}/messages/{{message-id}}/microsoft.graph.move",
        "GET /subscriptions",
        "POST /subscriptions",
        "PATCH /subscriptions/{subscription-id}",
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, token: dict[str, str], operation: str
) -> None:
    contract = next(
        one
        for one in CONTRACTS
        if not one.is_here() or operation.partition(" ")[2] in one.spec["paths"]
    )
    drive(contract, operation, f"{sandbox.url}/graph", headers=token)
