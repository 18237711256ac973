from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.gmail import RATE, GmailMail
from connectors.mail.models import MailFolder, MailSummary, SentLookup

HUB = "hub@example.com"
MIME = b"From: repairs@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x.com>\r\n\r\nHello\r\n"
REPLY = b"In-Reply-To: <2@x.com>\r\nReferences: <0@x.com> <2@x.com>\r\n" + MIME
ROOT = "/gmail/v1/users/hub%40example.com"


def client(url: str, retry: RetryPolicy, shared: Shared | None = None) -> GmailMail:
    return GmailMail(
        base_url=url,
        login_url=f"{url}/oauth2",
        client_id="us",
        client_secret=SecretStr("hunter2"),
        refresh_token=SecretStr("granted"),
        timeout_seconds=2.0,
        shared=shared,
        retry=retry,
    )


@pytest.fixture
async def mail(server: Any, retry: RetryPolicy) -> AsyncIterator[GmailMail]:
    """Gmail that has its token already."""
    mail = client(server.url, retry)
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    yield mail
    await mail.aclose()


async def send(mail: GmailMail, mime: bytes = MIME) -> None:
    await mail.send(mime, mailbox=HUB, sender="repairs@example.com", recipients=["ann@example.com"])


async def failure(mail: GmailMail) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await send(mail)
    return caught.value


def fault(status: int, reason: str, message: str = "") -> dict[str, object]:
    errors = [{"domain": "global", "reason": reason, "message": message}]
    return {"error": {"code": status, "message": message, "errors": errors}}


def message(mail_id: str, *labels: str, **headers: str) -> dict[str, object]:
    told = {"Message-ID": f"<{mail_id}@x.com>", **headers}
    return {
        "id": mail_id,
        "threadId": f"t{mail_id}",
        "labelIds": labels,
        "internalDate": "1790000000123",
        "payload": {"headers": [{"name": name, "value": told[name]} for name in told]},
    }


def asked(server: Any, number: int = -1) -> tuple[str, dict[str, list[str]]]:
    """Return path and query of a request, without what the library adds by itself."""
    url = urlsplit(server.seen[number].target)
    query = parse_qs(url.query)
    query.pop("alt", None)
    return url.path, query


async def test_mime_is_sent_as_it_is_from_the_mailbox(server: Any, mail: GmailMail) -> None:
    server.answer(200, {"id": "1", "threadId": "t1", "labelIds": ["SENT"]})

    await send(mail)

    login, sent = server.seen
    assert login.target == "/oauth2/token"
    assert parse_qs(login.body.decode())["refresh_token"] == ["granted"]
    assert (sent.method, asked(server)[0]) == ("POST", f"{ROOT}/messages/send")
    assert sent.headers["authorization"] == "Bearer t1"
    body = json.loads(sent.body)
    assert body.keys() == {"raw"}
    assert urlsafe_b64decode(body["raw"]) == MIME


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_reply_goes_into_the_thread_of_what_it_answers(
    server: Any,
    mail: GmailMail,
    is_known: bool,  # noqa: FBT001
) -> None:
    server.answer(200, {"messages": [{"id": "9", "threadId": "t9"}]} if is_known else {})
    server.answer(200, {"id": "1", "threadId": "t9"})

    await send(mail, REPLY)

    path, query = asked(server, 1)
    assert path.endswith("/messages")
    assert query["q"] == ["rfc822msgid:<2@x.com>"]
    assert json.loads(server.seen[2].body).get("threadId") == ("t9" if is_known else None)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "invalidArgument", RejectedError),
        (400, "failedPrecondition", RejectedError),
        (403, "forbidden", NeedsReauthError),
        (403, "insufficientPermissions", NeedsReauthError),
        (403, "rateLimitExceeded", RateLimitedError),
        (403, "userRateLimitExceeded", RateLimitedError),
        (403, "quotaExceeded", RateLimitedError),
        (403, "dailyLimitExceeded", RateLimitedError),
        (429, "rateLimitExceeded", RateLimitedError),
        (429, "limitExceeded", RateLimitedError),
        (404, "notFound", ServiceNotFoundError),
        (500, "backendError", UnknownOutcomeError),
        (503, "backendError", UnknownOutcomeError),
    ],
)
async def test_refusals_are_classified_and_nothing_is_sent_twice(
    server: Any, mail: GmailMail, status: int, reason: str, kind: type[ConnectorError]
) -> None:
    server.answer(status, fault(status, reason, "Mailbox ann@example.com said no."))

    error = await failure(mail)

    assert type(error) is kind
    assert error.message == f"answered {status} {reason} Mailbox [address] said no."
    assert len(server.seen) == 2


async def test_a_lost_answer_leaves_the_outcome_unknown(server: Any, mail: GmailMail) -> None:
    server.reset()

    error = await failure(mail)

    assert type(error) is UnknownOutcomeError
    assert "Message-ID" in error.cure
    assert len(server.seen) == 2


async def test_the_wait_that_gmail_tells_in_words_is_kept(server: Any, mail: GmailMail) -> None:
    text = "User-rate limit exceeded.  Retry after 2999-01-01T00:00:00.000Z"
    server.answer(429, fault(429, "rateLimitExceeded", text))

    error = await failure(mail)

    assert type(error) is RateLimitedError
    assert (error.retry_after_seconds or 0) > 86_400


async def test_mail_is_read_while_none_may_be_sent(server: Any, retry: RetryPolicy) -> None:
    mail = client(server.url, retry, Shared(limiter=MemoryLimiter(RATE)))
    text = "User-rate limit exceeded.  Retry after 2999-01-01T00:00:00.000Z"
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    server.answer(429, fault(429, "rateLimitExceeded", text))
    server.answer(200, {"labels": []})

    assert type(await failure(mail)) is RateLimitedError
    assert await mail.folders(mailbox=HUB) == []
    await mail.aclose()


async def test_a_grant_that_is_over_needs_a_person(server: Any, retry: RetryPolicy) -> None:
    server.answer(400, {"error": "invalid_grant", "error_description": "Token was revoked."})
    mail = client(server.url, retry)

    error = await failure(mail)
    await mail.aclose()

    assert type(error) is NeedsReauthError
    assert "HOTROD_GOOGLE__REFRESH_TOKEN" in error.cure
    assert "granted" not in str(error)


async def test_a_sent_message_is_found_by_its_message_id(server: Any, mail: GmailMail) -> None:
    server.answer(200, {"messages": [{"id": "1", "threadId": "t1"}], "resultSizeEstimate": 1})

    found = await mail.find_sent("<o'neil+1@example.com>", mailbox=HUB)

    path, query = asked(server)
    assert found is SentLookup.FOUND
    assert path == f"{ROOT}/messages"
    assert query["q"] == ["rfc822msgid:<o'neil+1@example.com>"]
    assert query["labelIds"] == ["SENT"]


ORIGINAL = {"X-Google-Original-Message-ID": "<1@laptop.>"}
OTHER = {"X-Google-Original-Message-ID": "<2@laptop.>"}


@pytest.mark.parametrize(
    ("latest", "more", "expected"),
    [
        ([], {}, SentLookup.ABSENT),
        ([message("7")], {"nextPageToken": "p2"}, SentLookup.ABSENT),
        ([message("7"), message("8", **ORIGINAL)], {"nextPageToken": "p2"}, SentLookup.FOUND),
        ([message("8", **OTHER)], {}, SentLookup.ABSENT),
        ([message("8", **OTHER)], {"nextPageToken": "p2"}, SentLookup.UNKNOWABLE),
    ],
)
async def test_a_message_id_that_gmail_has_replaced_is_looked_for_among_the_latest(
    server: Any,
    mail: GmailMail,
    latest: list[dict[str, Any]],
    more: dict[str, str],
    expected: SentLookup,
) -> None:
    server.answer(200, {"resultSizeEstimate": 0})
    server.answer(200, {"messages": [{"id": one["id"]} for one in latest], **more})
    for one in latest:
        server.at(f"/messages/{one['id']}?", 200, one)

    found = await mail.find_sent("<1@laptop.>", mailbox=HUB)

    assert found is expected


async def test_a_message_id_that_would_be_a_query_is_not_searched(
    server: Any, mail: GmailMail
) -> None:
    server.answer(200, {})

    assert await mail.find_sent("<1@x> OR in:sent", mailbox=HUB) is SentLookup.ABSENT

    assert "q" not in asked(server)[1]


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


@pytest.mark.parametrize(
    ("labels", "folder", "add", "remove"),
    [
        (["UNREAD", "INBOX"], "Label_1", ["Label_1"], ["INBOX"]),
        (["INBOX", "Label_1", "Label_2"], "Label_1", [], ["INBOX", "Label_2"]),
        (["INBOX", "IMPORTANT"], "archive", [], ["INBOX"]),
        (["SENT", "Label_2"], "trash", ["TRASH"], ["Label_2"]),
        (["TRASH"], "inbox", ["INBOX"], ["TRASH"]),
    ],
)
async def test_a_move_is_a_change_of_labels(
    server: Any,
    mail: GmailMail,
    labels: list[str],
    folder: str,
    add: list[str],
    remove: list[str],
) -> None:
    server.answer(200, message("1", *labels))
    server.answer(200, message("1"))

    await mail.move("1", mailbox=HUB, folder=folder)

    assert asked(server)[0].endswith("/messages/1/modify")
    assert json.loads(server.seen[-1].body) == {"addLabelIds": add, "removeLabelIds": remove}


async def test_what_lies_there_already_is_not_moved(server: Any, mail: GmailMail) -> None:
    server.answer(200, message("1", "INBOX", "UNREAD"))

    await mail.move("1", mailbox=HUB, folder="inbox")

    assert len(server.seen) == 2


async def test_a_folder_that_is_not_there_is_not_found(server: Any, mail: GmailMail) -> None:
    server.answer(200, message("1", "INBOX"))
    server.answer(400, fault(400, "invalidArgument", "labelId not found"))

    with pytest.raises(ServiceNotFoundError):
        await mail.move("1", mailbox=HUB, folder="Label_9")


async def test_what_gmail_does_not_offer_is_refused_unasked(
    server: Any, retry: RetryPolicy
) -> None:
    mail = client(server.url, retry)

    for folder in ("sent", "drafts"):
        with pytest.raises(RejectedError):
            await mail.move("1", mailbox=HUB, folder=folder)

    await mail.aclose()
    assert server.seen == []


async def test_a_lookup_is_tried_again(server: Any, mail: GmailMail, waits: list[float]) -> None:
    server.answer(503, fault(503, "backendError"))
    server.answer(200, {"messages": [{"id": "1", "threadId": "t1"}]})

    assert await mail.find_sent("<1@x.com>", mailbox=HUB) is SentLookup.FOUND
    assert waits == [1.0]


async def test_ping_asks_whose_mailbox_it_is(server: Any, mail: GmailMail) -> None:
    server.answer(200, {"emailAddress": HUB, "historyId": "1"})

    await mail.ping()

    assert asked(server)[0] == "/gmail/v1/users/me/profile"


async def test_ping_fails_when_gmail_does(server: Any, mail: GmailMail) -> None:
    for _ in range(3):
        server.answer(503, fault(503, "backendError"))

    with pytest.raises(TransientError):
        await mail.ping()


async def test_our_own_pace_is_kept(server: Any, retry: RetryPolicy, waits: list[float]) -> None:
    now = 0.0
    limiter = MemoryLimiter(RATE, lambda: now)
    for _ in range(RATE.calls):
        await limiter.reserve(0)
    now = 80.0
    mail = client(server.url, retry, Shared(limiter=limiter))
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    server.answer(200, {"emailAddress": HUB, "historyId": "1"})

    await mail.ping()
    await mail.aclose()

    assert waits == [pytest.approx(22.0)]
