"""Graph's stand-in, driven from Microsoft's contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.mail.graph_subscriptions import Subscription, Subscriptions
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from tests.contract.contracts.graph import state_statuses
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

LOGIN = {
    "grant_type": "client_credentials",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "scope": "https://graph.microsoft.com/.default",
}
USER = "/users/{user-id}"
HUB = "hub@example.com"
MAIL = b"From: ann@example.org\r\nTo: hub@example.com\r\nSubject: Hi\r\n\r\nHello\r\n"
QUOTE = {
    "subject": "Quote",
    "body": {"contentType": "Text", "content": "It costs 90."},
    "toRecipients": [{"emailAddress": {"address": "ann@example.org"}}],
}

CONTRACTS = [
    OpenApiContract(f"msgraph/{file}.yml", "/v1.0", repair=state_statuses)
    for file in ("Users.Mail", "Users.Actions.mail-subset", "Subscriptions")
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


class Echo(BaseHTTPRequestHandler):
    """A subscriber that gives Graph's token back."""

    def do_POST(self) -> None:
        """Answer what the URL asks to be echoed."""
        token = parse_qs(urlsplit(self.path).query)["validationToken"][0].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(token)))
        self.end_headers()
        self.wfile.write(token)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def subscriber() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


@pytest.fixture(scope="module")
def path(sandbox: Sandbox) -> dict[str, list[str]]:
    """What is there: a mailbox, a folder, mails and a subscription."""
    store = sandbox.state.store(MailStore)
    subscription = Subscription(
        id="kept",
        mailbox=HUB,
        folder=None,
        kinds=("created",),
        resource=f"users/{HUB}/messages",
        url="https://hub.example.com/mail",
        state="secret",
        expires_at=tomorrow(),
        told=0,
    )
    sandbox.state.store(Subscriptions).keep(subscription)
    return {
        "user-id": [HUB],
        "mailFolder-id": ["inbox"],
        "message-id": [store.deliver(MAIL, mailbox=HUB).id for _ in range(3)],
        "subscription-id": [subscription.id],
    }


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def bodies(operation: str, subscriber: str) -> list[dict[str, Any]]:
    """Return what makes sense to send."""
    until = {"expirationDateTime": tomorrow().isoformat()}
    subscription = {
        "changeType": "created",
        "notificationUrl": subscriber,
        "resource": f"users/{HUB}/messages",
        "clientState": "secret",
    }
    sensible: dict[str, list[dict[str, Any]]] = {
        f"POST {USER}/messages": [QUOTE],
        f"PATCH {USER}/messages/{{message-id}}": [{"isRead": True}, {"isRead": False}],
        f"POST {USER}/mailFolders": [{"displayName": f"Folder {one}"} for one in range(50)],
        f"POST {USER}/microsoft.graph.sendMail": [{"message": QUOTE}],
        f"POST {USER}/messages/{{message-id}}/microsoft.graph.move": [{"destinationId": "drafts"}],
        "POST /subscriptions": [subscription | until],
        "PATCH /subscriptions/{subscription-id}": [until],
    }
    return sensible.get(operation, [])


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
    sandbox: Sandbox,
    token: dict[str, str],
    path: dict[str, list[str]],
    subscriber: str,
    operation: str,
) -> None:
    contract = next(
        one
        for one in CONTRACTS
        if not one.is_here() or operation.partition(" ")[2] in one.spec["paths"]
    )
    known = Known(path=path, body=bodies(operation, subscriber))
    drive(contract, operation, f"{sandbox.url}/graph", headers=token, known=known)
