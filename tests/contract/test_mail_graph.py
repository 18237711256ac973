"""What only Graph has: drafts, subscriptions with their webhook, aliases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.errors import RejectedError, ServiceNotFoundError, UnknownOutcomeError
from connectors._http.webhook import UnverifiedWebhookError
from connectors.mail.graph import GraphMail
from connectors.mail.models import SentLookup
from connectors.mail.webhook import MailNotification, echo, verify
from sandbox.mail.store import MailStore
from tests.contract.test_mail import ALIAS, ANN, HUB, graph, send, written

STATE = SecretStr("our-client-state")


@dataclass
class FrontDoor:
    """Answers Graph by ``connectors/mail/webhook.py``, as the gateway does."""

    url: str = ""
    got: list[MailNotification] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = (line for line in head.lower().split("\r\n") if line.startswith("content-length"))
        body = await reader.readexactly(int(next(lengths, ":0").partition(":")[2]))
        token = echo(dict(parse_qsl(urlsplit(head.split(" ")[1]).query)))
        status = 200
        if token is None:
            try:
                self.got += verify(body, client_state=STATE)
            except UnverifiedWebhookError:
                status = 401
        answer = (token or "").encode()
        writer.write(
            f"HTTP/1.1 {status} Answered\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n".encode()
            + answer
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def door() -> AsyncIterator[FrontDoor]:
    door = FrontDoor()
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    door.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/mail"
    yield door
    server.close()


@pytest.fixture
async def mail(stand_ins: Any) -> AsyncIterator[GraphMail]:
    mail = graph(stand_ins)
    yield mail
    await mail.aclose()


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


async def subscribe(mail: GraphMail, url: str, state: SecretStr = STATE) -> str:
    made = await mail.create_subscription(
        mailbox=HUB, url=url, client_state=state, expires_at=in_days(1)
    )
    return made.id


async def test_a_notification_leads_to_its_message(
    stand_ins: Any, mail: GraphMail, door: FrontDoor
) -> None:
    subscription = await subscribe(mail, door.url)
    await stand_ins.control.post("/_control/mail", json={"mailbox": HUB, "subject": "New"})

    answered = await stand_ins.control.post("/_control/mail/deliver", json={"times": 2})

    assert answered.json() == [200, 200]
    first, again = door.got
    assert first == again
    assert (first.subscription_id, first.change_type) == (subscription, "created")
    message = await mail.read(first.message_id, mailbox=HUB)
    assert message.headers["subject"] == "New"


async def test_a_notification_with_another_secret_is_refused(
    stand_ins: Any, mail: GraphMail, door: FrontDoor
) -> None:
    await subscribe(mail, door.url, SecretStr("another"))
    await stand_ins.control.post("/_control/mail", json={"mailbox": HUB})

    answered = await stand_ins.control.post("/_control/mail/deliver", json={})

    assert (answered.json(), door.got) == ([401], [])


async def test_a_subscription_is_renewed_and_ended(
    stand_ins: Any, mail: GraphMail, door: FrontDoor
) -> None:
    subscription = await subscribe(mail, door.url)
    until = in_days(6)

    renewed = await mail.renew_subscription(subscription, expires_at=until)
    await mail.delete_subscription(subscription)
    await mail.delete_subscription(subscription)

    assert renewed.expires_at == until.replace(microsecond=0)
    with pytest.raises(ServiceNotFoundError):
        await mail.renew_subscription(subscription, expires_at=until)


async def test_a_door_that_does_not_echo_gets_no_subscription(
    stand_ins: Any, mail: GraphMail
) -> None:
    with pytest.raises(RejectedError, match="validation"):
        await subscribe(mail, f"{stand_ins.url}/health")


async def test_a_draft_is_kept_and_sent(stand_ins: Any, mail: GraphMail) -> None:
    message = written()
    message_id = str(message["Message-ID"])

    draft = await mail.create_draft(bytes(message), mailbox=HUB)
    before = await mail.find_sent(message_id, mailbox=HUB)
    await mail.send_draft(draft, mailbox=HUB)

    assert before is SentLookup.ABSENT
    assert await mail.find_sent(message_id, mailbox=HUB) is SentLookup.FOUND
    (arrived,) = await stand_ins.mails(mailbox=ANN)
    assert arrived["message_id"] == message_id


async def test_a_draft_that_was_sent_without_an_answer_is_unknown(
    stand_ins: Any, mail: GraphMail
) -> None:
    draft = await mail.create_draft(bytes(written()), mailbox=HUB)
    await stand_ins.fault("graph", "drop_after_accept")

    with pytest.raises(UnknownOutcomeError):
        await mail.send_draft(draft, mailbox=HUB)

    assert len(await stand_ins.mails(mailbox=ANN)) == 1


async def test_an_alias_that_is_denied_becomes_the_address_for_answers(
    stand_ins: Any, mail: GraphMail
) -> None:
    await stand_ins.fault("graph", "error", status=403, code="ErrorSendAsDenied", path="/sendMail")

    await send(mail, written())

    (arrived,) = await stand_ins.mails(mailbox=ANN)
    assert arrived["from"] == f"NOIZYLAB <{HUB}>"
    assert ALIAS in arrived["headers"]["Reply-To"]
    assert arrived["headers"]["In-Reply-To"] == "<earlier@example.com>"


async def test_a_moved_message_keeps_its_id(stand_ins: Any, mail: GraphMail) -> None:
    await stand_ins.control.post("/_control/mail", json={"mailbox": HUB})
    (one,) = (await mail.fetch(mailbox=HUB)).messages

    await mail.move(one.id, mailbox=HUB, folder="archive")

    (kept,) = stand_ins.sandbox.state.store(MailStore).find(mailbox=HUB)
    assert (kept.id, kept.folder) == (one.id, "archive")
    assert await mail.read(one.id, mailbox=HUB)
