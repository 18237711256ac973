"""Reading by Graph down to the socket: what is asked, and where our token goes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.graph import GraphMail

HUB = "hub@example.com"
MESSAGE = {
    "id": "AAMk=",
    "internetMessageId": "<1@x>",
    "conversationId": "c",
    "from": {"emailAddress": {"name": "Ann", "address": "ann@x.org"}},
    "toRecipients": [{"emailAddress": {"address": HUB}}],
    "ccRecipients": [],
    "subject": "Hi",
    "receivedDateTime": "2026-02-01T12:00:00Z",
    "isRead": True,
}


@pytest.fixture
async def mail(server: Any, retry: RetryPolicy) -> AsyncIterator[GraphMail]:
    """Graph mail that gets its token with the first call."""
    mail = GraphMail(
        base_url=f"{server.url}/v1.0",
        login_url=f"{server.url}/login",
        tenant="t",
        client_id="us",
        client_secret=SecretStr("hunter2"),
        timeout_seconds=5.0,
        retry=retry,
    )
    server.answer(200, {"access_token": "t1", "expires_in": 3600})
    yield mail
    await mail.aclose()


async def failure(call: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await call
    return caught.value


async def test_a_folder_is_read_page_by_page_with_ids_that_stay(
    server: Any, mail: GraphMail
) -> None:
    link = f"{server.url}/v1.0/users('u')/mailFolders('inbox')/messages/delta?$skiptoken=s%2B1"
    server.answer(200, {"value": [MESSAGE, {"id": "B", "@removed": {}}], "@odata.nextLink": link})
    server.answer(200, {"value": [], "@odata.deltaLink": link.replace("skip", "delta")})

    first = await mail.fetch(mailbox=HUB, folder="sent")
    last = await mail.fetch(mailbox=HUB, cursor=first.cursor)

    _, asked, again = server.seen
    assert urlsplit(asked.target).path == f"/v1.0/users/{HUB}/mailFolders/sentitems/messages/delta"
    assert "conversationId" in parse_qs(urlsplit(asked.target).query)["$select"][0]
    assert asked.headers["prefer"] == 'odata.maxpagesize=50, IdType="ImmutableId"'
    assert unquote(again.target) == unquote(link.removeprefix(server.url))
    assert (first.removed, first.is_last, last.is_last) == (("B",), False, True)
    (one,) = first.messages
    assert (one.sender, one.recipients, one.is_read) == ("ann@x.org", (HUB,), True)
    assert one.received_at == datetime(2026, 2, 1, 12, tzinfo=UTC)


async def test_a_change_that_is_told_in_part_is_asked_for(server: Any, mail: GraphMail) -> None:
    link = f"{server.url}/v1.0/users/delta"
    server.answer(200, {"value": [{"id": "AAMk=", "isRead": True}], "@odata.deltaLink": link})
    server.answer(200, MESSAGE)

    (one,) = (await mail.fetch(mailbox=HUB)).messages

    assert one.subject == "Hi"
    assert server.seen[2].target.startswith(f"/v1.0/users/{HUB}/messages/AAMk%3D?")


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
async def test_our_token_is_not_carried_to_another_host(
    server: Any, mail: GraphMail, name: str
) -> None:
    server.answer(200, {"value": [], name: f"{server.url}.evil.example/v1.0/users/x"})

    error = await failure(mail.fetch(mailbox=HUB))

    assert type(error) is RejectedError
    assert "another host" in error.message


@pytest.mark.parametrize("cursor", ["", "http://evil.example/users", "7.11.0", "//evil.example"])
async def test_a_cursor_that_is_not_ours_has_expired(
    server: Any, mail: GraphMail, cursor: str
) -> None:
    server.plan.clear()

    assert type(await failure(mail.fetch(mailbox=HUB, cursor=cursor))) is CursorExpiredError
    assert server.seen == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (410, "SyncStateNotFound", CursorExpiredError),
        (410, "syncStateNotFound", CursorExpiredError),
        (404, "ErrorItemNotFound", ServiceNotFoundError),
        (400, "InefficientFilter", RejectedError),
    ],
)
async def test_refusals_of_a_page(
    server: Any, mail: GraphMail, status: int, code: str, kind: type[ConnectorError]
) -> None:
    server.answer(status, {"error": {"code": code, "message": ""}})

    assert type(await failure(mail.fetch(mailbox=HUB, cursor="/users/x"))) is kind


async def test_an_answer_that_leads_nowhere_is_no_page(server: Any, mail: GraphMail) -> None:
    server.answer(200, {"value": []})

    assert type(await failure(mail.fetch(mailbox=HUB))) is TransientError


async def test_a_conversation_is_read_to_its_end(server: Any, mail: GraphMail) -> None:
    early = {**MESSAGE, "id": "2", "receivedDateTime": "2026-01-01T00:00:00Z"}
    link = f"{server.url}/v1.0/users/{HUB}/messages?$skip=100"
    server.answer(200, {"value": [MESSAGE], "@odata.nextLink": link})
    server.answer(200, {"value": [early]})

    found = await mail.thread("AAQ'k==", mailbox=HUB)

    query = parse_qs(urlsplit(server.seen[1].target).query)
    assert query["$filter"] == ["conversationId eq 'AAQ''k=='"]
    assert "$orderby" not in query
    assert [one.id for one in found] == ["2", "AAMk="]


async def test_who_is_who_among_folders_is_asked_once(server: Any, mail: GraphMail) -> None:
    folders = {"value": [{"id": "f1", "displayName": "Posteingang", "totalItemCount": 2}]}
    for name in ("inbox", "sent", "drafts", "trash", "junk"):
        server.answer(200, {"id": "f1" if name == "inbox" else name})
    server.answer(404, {"error": {"code": "ErrorItemNotFound", "message": ""}})
    server.answer(200, folders)
    server.answer(200, folders)

    for _ in range(2):
        (found,) = await mail.folders(mailbox=HUB)

    assert (found.id, found.name, found.role) == ("f1", "Posteingang", "inbox")


async def test_a_move_that_was_not_answered_is_unknown(server: Any, mail: GraphMail) -> None:
    server.reset()

    error = await failure(mail.move("AAMk/1=", mailbox=HUB, folder="trash"))

    assert type(error) is UnknownOutcomeError
    assert server.seen[1].target == f"/v1.0/users/{HUB}/messages/AAMk%2F1%3D/move"
    assert json.loads(server.seen[1].body) == {"destinationId": "deleteditems"}


async def test_a_subscription_is_asked_for_in_utc(server: Any, mail: GraphMail) -> None:
    until = datetime(2026, 2, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    server.answer(201, {"id": "s", "expirationDateTime": "2026-02-01T17:00:00.0000000Z"})

    made = await mail.create_subscription(
        mailbox=HUB, url="https://x.org/hook", client_state=SecretStr("c"), expires_at=until
    )

    assert (made.id, made.expires_at) == ("s", until)
    assert json.loads(server.seen[1].body) == {
        "changeType": "created",
        "notificationUrl": "https://x.org/hook",
        "resource": f"users/{HUB}/mailFolders('inbox')/messages",
        "expirationDateTime": "2026-02-01T17:00:00Z",
        "clientState": "c",
    }
