from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

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
from connectors.mail.gmail import RATE, GmailMail
from connectors.mail.models import SentLookup
from tests.connectors.mail.gmail_kit import HUB, MIME, ROOT, asked, client, fault, message

REPLY = b"In-Reply-To: <2@x.com>\r\nReferences: <0@x.com> <2@x.com>\r\n" + MIME


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
