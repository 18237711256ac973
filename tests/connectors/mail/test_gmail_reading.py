"""Reading by Gmail down to the socket: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors._http.errors import (
    TransientError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.gmail import GmailMail
from connectors.mail.models import MailFolder, MailSummary
from tests.connectors.mail.gmail_kit import HUB, MIME, asked, client, fault, message


@pytest.fixture
async def mail(server: Any, retry: RetryPolicy) -> AsyncIterator[GmailMail]:
    """Gmail that has its token already."""
    mail = client(server.url, retry)
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    yield mail
    await mail.aclose()


async def test_a_folder_is_listed_and_then_followed(server: Any, mail: GmailMail) -> None:
    server.answer(200, {"emailAddress": HUB, "historyId": "100"})
    server.answer(200, {"messages": [{"id": "3"}], "nextPageToken": "p2"})
    server.answer(
        200,
        message(
            *("3", "INBOX", "UNREAD"),
            From='"Ann, of Rideau" <ann@example.com>',
            To="hub@example.com, Bob <bob@example.com>",
            Cc="c@example.com",
            Subject="Écran cassé",
        ),
    )

    first = await mail.fetch(mailbox=HUB)

    assert asked(server, 2)[1]["labelIds"] == ["INBOX"]
    assert asked(server, 3)[1]["format"] == ["metadata"]
    assert "Message-ID" in asked(server, 3)[1]["metadataHeaders"]
    assert first.messages == (
        MailSummary(
            id="3",
            message_id="<3@x.com>",
            thread_id="t3",
            sender="ann@example.com",
            recipients=("hub@example.com", "bob@example.com", "c@example.com"),
            subject="Écran cassé",
            received_at=datetime.fromtimestamp(1_790_000_000.123, UTC),
            is_read=False,
        ),
    )
    assert not first.is_last

    server.answer(200, {"messages": [{"id": "2"}, {"id": "gone"}]})
    server.at("/messages/2?", 200, message("2", "INBOX"))
    server.at("/messages/gone?", 404, fault(404, "notFound"))
    second = await mail.fetch(mailbox=HUB, cursor=first.cursor)

    assert asked(server, 4)[1]["pageToken"] == ["p2"]
    assert [one.id for one in second.messages] == ["2"]
    assert second.is_last

    server.answer(200, {"historyId": "100"})
    third = await mail.fetch(mailbox=HUB, cursor=second.cursor)

    assert asked(server)[0].endswith("/history")
    assert asked(server)[1]["startHistoryId"] == ["100"]
    assert (third.messages, third.removed, third.is_last) == ((), (), True)


def changes(kind: str, mail_id: str, labels: list[str], changed: list[str]) -> dict[str, Any]:
    told = {"message": {"id": mail_id, "threadId": "t", "labelIds": labels}, "labelIds": changed}
    return {"id": "1", "messages": [{"id": mail_id, "threadId": "t"}], kind: [told]}


async def test_history_tells_what_came_changed_and_left(server: Any, mail: GmailMail) -> None:
    history = [
        changes("messagesAdded", "new", ["INBOX"], []),
        changes("messagesAdded", "sent", ["SENT"], []),
        changes("labelsRemoved", "read", ["INBOX"], ["UNREAD"]),
        changes("labelsRemoved", "archived", ["IMPORTANT"], ["INBOX"]),
        changes("messagesDeleted", "deleted", ["TRASH"], []),
        changes("labelsRemoved", "back", ["INBOX"], ["INBOX"]),
    ]
    server.answer(200, {"history": history, "historyId": "120", "nextPageToken": "h2"})
    answers = {
        "new": message("new", "INBOX", "UNREAD"),
        "read": message("read", "INBOX"),
        "archived": message("archived", "IMPORTANT"),
        "back": message("back", "INBOX"),
    }
    for mail_id, answer in answers.items():
        server.at(f"/messages/{mail_id}?", 200, answer)
    server.at("/messages/deleted?", 404, fault(404, "notFound"))

    page = await mail.fetch(mailbox=HUB, cursor='{"history":"100"}')

    assert [one.id for one in page.messages] == ["new", "read", "back"]
    assert page.removed == ("archived", "deleted")
    assert not page.is_last
    assert json.loads(page.cursor) == {"history": "100", "page": "h2"}


@pytest.mark.parametrize(
    ("cursor", "status", "reason"),
    [
        ('{"history":"1"}', 404, "notFound"),
        ('{"history":"1","page":"old"}', 400, "invalidArgument"),
        ('{"history":"1","page":"old","listing":true}', 400, "invalidArgument"),
    ],
)
async def test_a_cursor_that_gmail_has_forgotten_is_expired(
    server: Any, mail: GmailMail, cursor: str, status: int, reason: str
) -> None:
    server.answer(status, fault(status, reason))

    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "delta-token", '{"history":"x"}', '{"uid":1}'])
async def test_a_cursor_of_another_service_is_expired(
    server: Any, retry: RetryPolicy, cursor: str
) -> None:
    mail = client(server.url, retry)

    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, cursor=cursor)

    await mail.aclose()
    assert server.seen == []


async def test_a_message_is_read_from_its_mime(server: Any, mail: GmailMail) -> None:
    raw = urlsafe_b64encode(MIME).decode().rstrip("=")
    server.answer(200, {"id": "1", "threadId": "t1", "raw": raw})

    read = await mail.read("1", mailbox=HUB)

    assert asked(server)[1]["format"] == ["raw"]
    assert read.headers["message-id"] == "<1@x.com>"
    assert read.text.strip() == "Hello"


@pytest.mark.parametrize("spoiled", [{}, {"raw": "A"}])
async def test_a_message_without_its_mime_cannot_be_read(
    server: Any, mail: GmailMail, spoiled: dict[str, Any]
) -> None:
    for _ in range(3):
        server.answer(200, {"id": "1", "threadId": "t1", **spoiled})

    with pytest.raises(TransientError, match="can't be read"):
        await mail.read("1", mailbox=HUB)


async def test_a_thread_is_read_oldest_first(server: Any, mail: GmailMail) -> None:
    late, early = message("2", "SENT"), message("1", "INBOX")
    early["internalDate"] = "1780000000000"
    server.answer(200, {"id": "t", "messages": [late, early]})
    server.answer(404, fault(404, "notFound"))

    assert [one.id for one in await mail.thread("t", mailbox=HUB)] == ["1", "2"]
    assert await mail.thread("unknown", mailbox=HUB) == []


async def test_folders_are_labels_that_are_places(server: Any, mail: GmailMail) -> None:
    labels = [
        {"id": "INBOX", "name": "INBOX", "type": "system"},
        {"id": "UNREAD", "name": "UNREAD", "type": "system"},
        {"id": "Label_1", "name": "Suppliers/EU", "type": "user"},
    ]
    server.answer(200, {"labels": labels})
    server.at("/labels/INBOX?", 200, {**labels[0], "messagesTotal": 3, "messagesUnread": 2})
    server.at("/labels/Label_1?", 200, {**labels[2], "messagesTotal": 1, "messagesUnread": 0})

    assert await mail.folders(mailbox=HUB) == [
        MailFolder("INBOX", "Inbox", "inbox", 3, 2),
        MailFolder("Label_1", "Suppliers/EU", "", 1, 0),
    ]
