"""What every mail transport promises, shown for each of them against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import make_msgid
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.client import MailTransport
from connectors.mail.ews import EwsMail
from connectors.mail.gmail import GmailMail
from connectors.mail.graph import GraphMail
from connectors.mail.imap import ImapMail
from connectors.mail.models import SentLookup
from connectors.mail.smtp import SmtpMail

HUB = "hub@example.com"
ALIAS = "repairs@example.com"
ANN = "ann@example.com"
SECRET = "sandbox-secret"


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


def graph(stand_ins: Any, secret: str = SECRET) -> GraphMail:
    return GraphMail(
        base_url=f"{stand_ins.url}/graph/v1.0",
        login_url=f"{stand_ins.url}/graph/login",
        tenant="sandbox",
        client_id="sandbox",
        client_secret=SecretStr(secret),
        timeout_seconds=5.0,
        retry=RetryPolicy(sleep=no_wait),
    )


def smtp(stand_ins: Any, secret: str = SECRET) -> SmtpMail:
    return SmtpMail(
        host="127.0.0.1",
        port=stand_ins.smtp_port,
        username="sandbox",
        password=SecretStr(secret),
        timeout_seconds=5.0,
        imap=ImapMail(
            host="127.0.0.1",
            port=stand_ins.sandbox.imap_port,
            security="auto",
            username="sandbox",
            password=SecretStr(secret),
            files_sent=True,
            timeout_seconds=5.0,
            retry=RetryPolicy(sleep=no_wait),
        ),
    )


def ews(stand_ins: Any, secret: str = SECRET) -> EwsMail:
    return EwsMail(
        base_url=f"{stand_ins.url}/ews/EWS/Exchange.asmx",
        username="sandbox",
        password=SecretStr(secret),
        timeout_seconds=5.0,
        retry=RetryPolicy(sleep=no_wait),
    )


def gmail(stand_ins: Any, secret: str = SECRET) -> GmailMail:
    return GmailMail(
        base_url=f"{stand_ins.url}/google",
        login_url=f"{stand_ins.url}/google/oauth2",
        client_id="sandbox",
        client_secret=SecretStr(secret),
        refresh_token=SecretStr("sandbox-refresh"),
        timeout_seconds=5.0,
        retry=RetryPolicy(sleep=no_wait),
    )


TRANSPORTS: dict[str, Callable[..., MailTransport]] = {
    "graph": graph,
    "ews": ews,
    "gmail": gmail,
    "smtp": smtp,
}
SENDS = {"graph": "/sendMail", "ews": "", "gmail": "/messages/send", "smtp": ""}
"""What a fault of sending names: before a reply, Gmail is asked for its thread."""


@pytest.fixture(params=TRANSPORTS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a transport, which is also its service at the stand-in."""
    return str(request.param)


@pytest.fixture
async def mail(stand_ins: Any, name: str) -> AsyncIterator[MailTransport]:
    transport = TRANSPORTS[name](stand_ins)
    yield transport
    await transport.aclose()


def written(subject: str = "Réparation reçue") -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = f"NOIZYLAB <{ALIAS}>"
    message["To"] = ANN
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="example.com")
    message["In-Reply-To"] = "<earlier@example.com>"
    message.set_content("Bonjour.\n")
    message.add_alternative("<p>Bonjour.</p>\n", subtype="html")
    return message


async def send(mail: MailTransport, message: EmailMessage) -> None:
    await mail.send(bytes(message), mailbox=HUB, sender=ALIAS, recipients=[ANN])


async def test_a_message_arrives_whole(stand_ins: Any, mail: MailTransport, name: str) -> None:
    message = written()

    await send(mail, message)

    (arrived,) = await stand_ins.mails(mailbox=ANN)
    assert arrived["subject"] == "Réparation reçue"
    assert arrived["from"] == f"NOIZYLAB <{ALIAS}>"
    assert arrived["message_id"] == message["Message-ID"]
    assert arrived["headers"]["In-Reply-To"] == "<earlier@example.com>"
    assert arrived["text"].strip() == "Bonjour."
    assert arrived["html"].strip() == "<p>Bonjour.</p>"
    assert arrived["via"] == name


async def test_a_sent_message_is_found_and_another_is_not(mail: MailTransport) -> None:
    message = written()
    await send(mail, message)

    sent = await mail.find_sent(str(message["Message-ID"]), mailbox=HUB)
    other = await mail.find_sent("<o'neil@example.com>", mailbox=HUB)

    assert (sent, other) == (SentLookup.FOUND, SentLookup.ABSENT)


async def test_accepted_without_an_answer_is_unknown_and_sent_once(
    stand_ins: Any, mail: MailTransport, name: str
) -> None:
    message = written()
    await stand_ins.fault(name, "drop_after_accept")

    with pytest.raises(UnknownOutcomeError):
        await send(mail, message)

    assert len(await stand_ins.mails(mailbox=ANN)) == 1
    found = await mail.find_sent(str(message["Message-ID"]), mailbox=HUB)
    assert found is SentLookup.FOUND


@pytest.mark.parametrize(
    ("kind", "by_http", "by_smtp"),
    [
        ("error", UnknownOutcomeError, TransientError),
        ("reset", UnknownOutcomeError, TransientError),
    ],
)
async def test_a_fault_sends_nothing(
    stand_ins: Any,
    mail: MailTransport,
    name: str,
    kind: str,
    by_http: type[ConnectorError],
    by_smtp: type[ConnectorError],
) -> None:
    await stand_ins.fault(name, kind, path=SENDS[name])

    with pytest.raises(by_smtp if name == "smtp" else by_http):
        await send(mail, written())

    assert await stand_ins.mails(mailbox=ANN) == []


async def test_a_limit_is_told_with_its_wait(
    stand_ins: Any, mail: MailTransport, name: str
) -> None:
    await stand_ins.fault(name, "rate_limit", retry_after=120, path=SENDS[name])

    with pytest.raises(TransientError if name == "smtp" else RateLimitedError) as caught:
        await send(mail, written())

    assert caught.value.retry_after_seconds == (None if name == "smtp" else 120.0)


async def test_after_a_fault_the_next_message_goes(
    stand_ins: Any, mail: MailTransport, name: str
) -> None:
    await stand_ins.fault(name, "reset", path=SENDS[name])
    with pytest.raises(ConnectorError):
        await send(mail, written("first"))

    await send(mail, written("second"))

    assert [m["subject"] for m in await stand_ins.mails(mailbox=ANN)] == ["second"]


async def test_wrong_credentials_need_a_person(stand_ins: Any, name: str) -> None:
    mail = TRANSPORTS[name](stand_ins, secret="wrong")

    with pytest.raises(NeedsReauthError) as caught:
        await mail.ping()
    await mail.aclose()

    assert "HOTROD_" in caught.value.cure


async def test_ping(mail: MailTransport) -> None:
    await mail.ping()
