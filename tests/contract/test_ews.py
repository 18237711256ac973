"""The EWS connector and exchangelib itself against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.mail.ews import EwsMail
from connectors.mail.models import SentLookup
from sandbox.mail.store import MailStore

HUB = "hub@example.com"
ANN = "ann@example.com"


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


def connect(stand_ins: Any, **changed: Any) -> EwsMail:
    given: dict[str, Any] = {
        "base_url": f"{stand_ins.url}/ews/EWS/Exchange.asmx",
        "username": "sandbox",
        "password": SecretStr("sandbox-secret"),
        "timeout_seconds": 5.0,
        "retry": RetryPolicy(sleep=no_wait),
        **changed,
    }
    return EwsMail(**given)


@pytest.fixture
async def mail(stand_ins: Any) -> AsyncIterator[EwsMail]:
    connected = connect(stand_ins)
    yield connected
    await connected.aclose()


@pytest.fixture
def store(stand_ins: Any) -> MailStore:
    found: MailStore = stand_ins.sandbox.state.store(MailStore)
    return found


def written(message_id: str = "<one@example.com>", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    given = {"From": ANN, "To": HUB, "Subject": "Réparation", "Message-ID": message_id, **headers}
    for name, value in given.items():
        message[name] = value
    message.set_content("Bonjour.\n")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="quote.pdf")
    return bytes(message)


async def test_everything(store: MailStore, mail: EwsMail) -> None:
    await mail.ping()
    await mail.send(written(From=HUB, To=ANN), mailbox=HUB, sender=HUB, recipients=[ANN])
    assert await mail.find_sent("<one@example.com>", mailbox=HUB) is SentLookup.FOUND
    assert await mail.find_sent("<two@example.com>", mailbox=HUB) is SentLookup.ABSENT
    first = await mail.fetch(mailbox=ANN)
    print(first)
    print(await mail.folders(mailbox=ANN))
    print(await mail.read(first.messages[0].id, mailbox=ANN))
    print(await mail.thread(first.messages[0].thread_id, mailbox=ANN))
    await mail.move(first.messages[0].id, mailbox=ANN, folder="trash")
    print(await mail.fetch(mailbox=ANN, cursor=first.cursor))
