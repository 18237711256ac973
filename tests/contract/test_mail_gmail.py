"""Gmail's connector and Google's own library against the stand-in."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from connectors._http.errors import ServiceNotFoundError
from connectors._http.retry import RetryPolicy
from connectors.mail.client import MailReader, MailTransport
from connectors.mail.errors import CursorExpiredError
from connectors.mail.gmail import PAGE_SIZE, GmailMail
from connectors.mail.models import MailPage, SentLookup
from sandbox.google.tokens import GoogleTokens
from sandbox.mail.store import MailStore
from tests.contract.cases.gmail import ANN, HUB, make


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


@pytest.fixture
async def mail(stand_ins: Any) -> AsyncIterator[GmailMail]:
    mail = make(stand_ins, RetryPolicy(sleep=no_wait), 5.0)
    yield mail
    await mail.aclose()


@pytest.fixture
def store(stand_ins: Any) -> MailStore:
    found: MailStore = stand_ins.sandbox.state.store(MailStore)
    return found


def written(sender: str, recipient: str, number: int = 1, **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = sender, recipient
    message["Subject"] = "Écran cassé"
    message["Message-ID"] = f"<{number}@example.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Bonjour.\n")
    return bytes(message)


def deliver(store: MailStore, number: int = 1) -> str:
    return store.deliver(written(ANN, HUB, number), mailbox=HUB).id


async def send(mail: GmailMail, mime: bytes) -> None:
    await mail.send(mime, mailbox=HUB, sender=HUB, recipients=[ANN])


async def all_of(mail: GmailMail, folder: str, cursor: str | None) -> list[MailPage]:
    pages = [await mail.fetch(mailbox=HUB, folder=folder, cursor=cursor)]
    while not pages[-1].is_last:
        pages.append(await mail.fetch(mailbox=HUB, folder=folder, cursor=pages[-1].cursor))
    return pages


def test_it_is_a_transport_and_a_reader(mail: GmailMail) -> None:
    transport: MailTransport = mail
    reader: MailReader = mail

    assert transport is reader


async def test_a_message_id_that_gmail_replaces_is_found_all_the_same(
    mail: GmailMail, store: MailStore
) -> None:
    mime = written(HUB, ANN).replace(b"<1@example.org>", b"<1@laptop.>")

    await send(mail, mime)

    assert store.find(mailbox=ANN)[0].mail.message_id.endswith("@mx.google.com>")
    assert await mail.find_sent("<1@laptop.>", mailbox=HUB) is SentLookup.FOUND
    assert await mail.find_sent("<2@laptop.>", mailbox=HUB) is SentLookup.ABSENT


async def test_a_reply_is_sent_into_its_thread(
    stand_ins: Any, mail: GmailMail, store: MailStore
) -> None:
    deliver(store)

    await send(mail, written(HUB, ANN, 2, In_Reply_To="<1@example.org>"))

    (sent,) = [call for call in await stand_ins.calls("gmail") if call["method"] == "POST"]
    asked, answered = store.find(mailbox=HUB)
    assert sent["body"]["threadId"] == asked.thread_id == answered.thread_id
    thread = await mail.thread(asked.thread_id, mailbox=HUB)
    assert [one.message_id for one in thread] == ["<1@example.org>", "<2@example.org>"]
    assert thread[0].subject == "Écran cassé"
    assert (thread[0].sender, thread[0].recipients) == (ANN, (HUB,))


async def test_a_folder_is_read_to_its_end_and_then_followed(
    mail: GmailMail, store: MailStore
) -> None:
    ids = [deliver(store, number) for number in range(PAGE_SIZE + 3)]

    pages = await all_of(mail, "inbox", None)
    assert [one.id for page in pages for one in page.messages] == ids[::-1]
    assert [len(page.messages) for page in pages] == [PAGE_SIZE, 3]

    late = deliver(store, 99)
    await mail.move(ids[0], mailbox=HUB, folder="archive")
    await mail.move(ids[1], mailbox=HUB, folder="trash")
    await send(mail, written(HUB, ANN, 100))
    (since,) = await all_of(mail, "inbox", pages[-1].cursor)

    assert [one.id for one in since.messages] == [late]
    assert set(since.removed) == set(ids[:2])
    (nothing,) = await all_of(mail, "inbox", since.cursor)
    assert (nothing.messages, nothing.removed) == ((), ())


async def test_what_arrives_while_the_folder_is_listed_is_not_missed(
    mail: GmailMail, store: MailStore
) -> None:
    for number in range(PAGE_SIZE + 1):
        deliver(store, number)
    first = await mail.fetch(mailbox=HUB)
    late = deliver(store, 99)

    listed = await mail.fetch(mailbox=HUB, cursor=first.cursor)
    since = await mail.fetch(mailbox=HUB, cursor=listed.cursor)

    assert late in [one.id for one in since.messages]


async def test_the_archive_is_followed_too(mail: GmailMail, store: MailStore) -> None:
    ids = [deliver(store, number) for number in range(3)]
    (empty,) = await all_of(mail, "archive", None)
    await mail.move(ids[0], mailbox=HUB, folder="archive")
    (one,) = await all_of(mail, "archive", empty.cursor)
    await mail.move(ids[0], mailbox=HUB, folder="inbox")
    (left,) = await all_of(mail, "archive", one.cursor)

    assert (empty.messages, [found.id for found in one.messages]) == ((), ids[:1])
    assert (left.messages, left.removed) == ((), (ids[0],))


async def test_a_long_history_comes_in_pages(mail: GmailMail, store: MailStore) -> None:
    (empty,) = await all_of(mail, "inbox", None)
    ids = [deliver(store, number) for number in range(PAGE_SIZE + 2)]

    pages = await all_of(mail, "inbox", empty.cursor)

    assert len(pages) == 2
    assert [one.id for page in pages for one in page.messages] == ids


async def test_a_cursor_from_before_a_reset_is_expired(mail: GmailMail, store: MailStore) -> None:
    (page,) = await all_of(mail, "inbox", None)
    store.clear()

    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, cursor=page.cursor)


async def test_a_message_is_read_whole(mail: GmailMail, store: MailStore) -> None:
    read = await mail.read(deliver(store), mailbox=HUB)

    assert read.headers["subject"] == "Écran cassé"
    assert read.text.strip() == "Bonjour."


@pytest.mark.offends  # ids of nothing are no ids of Gmail's
async def test_what_is_not_there_is_not_found(mail: GmailMail, store: MailStore) -> None:
    with pytest.raises(ServiceNotFoundError):
        await mail.read("unknown", mailbox=HUB)
    with pytest.raises(ServiceNotFoundError):
        await mail.move(deliver(store), mailbox=HUB, folder="Label_9")
    with pytest.raises(ServiceNotFoundError):
        await mail.fetch(mailbox=HUB, folder="Label_9")
    assert await mail.thread("unknown", mailbox=HUB) == []


async def test_folders_are_counted_and_messages_move_between_them(
    mail: GmailMail, store: MailStore
) -> None:
    own = store.folders.make(HUB, "Suppliers")
    mail_id = deliver(store)
    before = {one.role or one.name: one for one in await mail.folders(mailbox=HUB)}

    await mail.move(mail_id, mailbox=HUB, folder=before["Suppliers"].id)

    after = {one.role or one.name: one for one in await mail.folders(mailbox=HUB)}
    assert set(before) == {"inbox", "sent", "drafts", "trash", "junk", "Suppliers"}
    assert (before["inbox"].messages, before["inbox"].unread) == (1, 1)
    assert (after["inbox"].messages, after["Suppliers"].messages) == (0, 1)
    assert store.find(mailbox=HUB)[0].folder == own.id
    await mail.move(mail_id, mailbox=HUB, folder="inbox")
    assert store.find(mailbox=HUB)[0].folder == "inbox"


async def test_a_token_that_ended_is_renewed_on_the_way(stand_ins: Any, mail: GmailMail) -> None:
    await mail.ping()
    stand_ins.sandbox.state.store(GoogleTokens).expire_all()

    await mail.ping()

    statuses = [call["status"] for call in await stand_ins.calls("gmail")]
    assert statuses == [200, 401, 200]


def library(stand_ins: Any) -> Any:
    """Return Google's own client: nothing is changed but where it calls, and its token."""
    token = stand_ins.sandbox.state.store(GoogleTokens).issue()
    return build(
        "gmail",
        "v1",
        credentials=Credentials(token),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": f"{stand_ins.url}/google/"},
        static_discovery=True,
    )


def use_all_of_it(gmail: Any) -> dict[str, Any]:
    users, me = gmail.users(), {"userId": HUB}
    start = users.getProfile(**me).execute()["historyId"]
    label = users.labels().create(**me, body={"name": "Suppliers"}).execute()
    messages = users.messages()
    listed = messages.list(**me, labelIds=["INBOX"], maxResults=1).execute()
    more = messages.list_next(messages.list(**me, labelIds=["INBOX"], maxResults=1), listed)
    (mail,) = more.execute()["messages"]
    full = messages.get(**me, id=mail["id"]).execute()
    raw = messages.get(**me, id=mail["id"], format="raw").execute()["raw"]
    messages.modify(
        **me, id=mail["id"], body={"addLabelIds": [label["id"]], "removeLabelIds": ["INBOX"]}
    ).execute()
    messages.trash(**me, id=mail["id"]).execute()
    messages.untrash(**me, id=mail["id"]).execute()
    messages.batchModify(**me, body={"ids": [mail["id"]], "removeLabelIds": ["UNREAD"]}).execute()
    history = users.history().list(**me, startHistoryId=start).execute()
    thread = users.threads().get(**me, id=mail["threadId"]).execute()
    threads = users.threads().list(**me).execute()
    watched = users.watch(**me, body={"topicName": "projects/noizy/topics/mail"}).execute()
    users.stop(**me).execute()
    messages.delete(**me, id=mail["id"]).execute()
    try:
        messages.get(**me, id=mail["id"]).execute()
    except HttpError as gone:
        details: Any = gone.error_details
        refused = (gone.status_code, details[0]["reason"])
    label = users.labels().get(**me, id=label["id"]).execute()
    gmail.close()
    return {
        "label": label,
        "full": full,
        "raw": raw,
        "history": history,
        "thread": thread,
        "threads": threads,
        "watched": watched,
        "refused": refused,
    }


async def test_googles_own_library_works_with_the_stand_in(
    stand_ins: Any, store: MailStore
) -> None:
    for number in (1, 2):
        deliver(store, number)

    seen = await asyncio.to_thread(use_all_of_it, library(stand_ins))

    assert seen["full"]["payload"]["mimeType"] == "text/plain"
    assert urlsafe_b64decode(seen["raw"]).endswith(written(ANN, HUB, 1))
    assert len(seen["history"]["history"]) >= 4
    assert len(seen["thread"]["messages"]) == 1
    assert len(seen["threads"]["threads"]) == 2
    assert seen["label"]["type"] == "user"
    assert int(seen["watched"]["expiration"]) > 0
    assert seen["refused"] == (404, "notFound")
