"""Gmail's stand-in, driven from the discovery document: never a 5xx, nothing undescribed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.google.tokens import GoogleTokens
from sandbox.mail.gmail_wire import GmailQuota
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from tests.contract.cases.gmail import HUB
from tests.contract.contracts.gmail import CONTRACTS
from tests.contract.contracts.google import SHIPPED
from tests.contract.driving import Known, sandbox_beside
from tests.contract.driving_discovery import Document, drive_method

pytestmark = pytest.mark.thorough

CLAIMED = (
    "users.getProfile users.history.list users.labels.create users.labels.get users.labels.list "
    "users.messages.attachments.get users.messages.batchModify users.messages.delete "
    "users.messages.get users.messages.list users.messages.modify users.messages.send "
    "users.messages.trash users.messages.untrash users.stop users.threads.get users.threads.list "
    "users.watch"
)
PLACES = ["INBOX", "UNREAD", "TRASH", "SENT", "Label_1"]
WORDS = {
    "q": ["in:inbox", "is:unread -from:ann", "rfc822msgid:<1@x>", "after:1d"],
    "labelIds": PLACES,
    "startHistoryId": [str(number) for number in range(20)],
    "addLabelIds": PLACES,
    "removeLabelIds": PLACES,
    "topicName": ["projects/noizy/topics/mail"],
}
SENT = b"To: ann@example.org\r\nSubject: Hi\r\n\r\nHello\r\n"
KEPT = """From: ann@example.org
To: hub@example.com
Subject: Hi
Content-Type: multipart/mixed; boundary=x

--x
Content-Disposition: attachment; filename=a.txt

Hello
--x--
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    sandbox.state.reset()
    sandbox.state.store(GmailQuota).units_per_minute = 10_000_000
    token = {"Authorization": f"Bearer {sandbox.state.store(GoogleTokens).issue()}"}
    with httpx.Client(base_url=f"{sandbox.url}/google", headers=token, trust_env=False) as client:
        yield client


@pytest.fixture
def kept(sandbox: Sandbox, client: httpx.Client) -> dict[str, Any]:
    """Return a mail that is there, as Gmail describes it; two more are there like it."""
    raw = KEPT.replace("\n", "\r\n").encode()
    first, *_ = [sandbox.state.store(MailStore).deliver(raw, mailbox=HUB) for _ in range(3)]
    answer = client.get(f"/gmail/v1/users/{HUB}/messages/{first.id}")
    described: dict[str, Any] = answer.raise_for_status().json()
    return described


def known(name: str, kept: dict[str, Any]) -> Known:
    """Return what an operation would take."""
    ids = {
        "users.labels.get": "INBOX",
        "users.messages.attachments.get": kept["payload"]["parts"][0]["body"]["attachmentId"],
        "users.threads.get": kept["threadId"],
    }
    bodies: dict[str, dict[str, Any]] = {
        "users.labels.create": {"name": "Repairs"},
        "users.messages.batchModify": {"ids": [kept["id"]], "addLabelIds": ["STARRED"]},
        "users.messages.modify": {"addLabelIds": ["STARRED"]},
        "users.watch": {"topicName": "projects/noizy/topics/mail"},
        "users.messages.send": {"raw": urlsafe_b64encode(SENT).decode()},
    }
    queries = {"users.history.list": {"startHistoryId": [kept["historyId"]], "maxResults": [1]}}
    return Known(
        path={"userId": [HUB], "messageId": [kept["id"]], "id": [ids.get(name, kept["id"])]},
        query=queries.get(name, {}),
        body=[bodies[name]] if name in bodies else [],
    )


@pytest.mark.parametrize("name", CLAIMED.split())
def test_what_may_be_asked_is_answered_as_described(
    client: httpx.Client, kept: dict[str, Any], name: str
) -> None:
    drive_method(
        CONTRACTS["gmail"],
        Document(SHIPPED / "gmail.v1.json", WORDS),
        name,
        client,
        base="/google/gmail",
        known=known(name, kept),
    )
