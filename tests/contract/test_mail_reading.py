"""What every mail transport promises of mailboxes, shown for each of them at the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest

from connectors._http.errors import ServiceNotFoundError
from connectors.mail.client import MailTransport
from connectors.mail.errors import CursorExpiredError
from connectors.mail.models import MailPage, MailSummary
from sandbox.mail.store import SEEN, MailStore, StoredMail
from tests.contract.test_mail import ANN, HUB, TRANSPORTS, send, written

UNTOLD = {"smtp"}
"""Transports whose protocol doesn't tell which messages left a folder."""


@pytest.fixture(params=TRANSPORTS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a transport."""
    return str(request.param)


@pytest.fixture
async def mail(stand_ins: Any, name: str) -> AsyncIterator[MailTransport]:
    transport = TRANSPORTS[name](stand_ins)
    yield transport
    await transport.aclose()


@pytest.fixture
def store(stand_ins: Any) -> MailStore:
    kept: MailStore = stand_ins.sandbox.state.store(MailStore)
    return kept


def deliver(store: MailStore, message_id: str = "<1@example.com>", **headers: str) -> StoredMail:
    message = EmailMessage()
    given = {
        "From": "Ann <ann@example.com>",
        "To": HUB,
        "Cc": "Bob <bob@example.com>",
        "Subject": "Écran brisé",
        "Message-ID": message_id,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in given.items():
        message[name] = value
    message.set_content("It fell.\n")
    message.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="écran.jpg")
    return store.deliver(message.as_bytes(), mailbox=HUB)


async def drained(
    mail: MailTransport, cursor: str | None = None, folder: str = "inbox"
) -> tuple[list[MailSummary], list[str], str]:
    """Read all pages since a cursor; return messages, ids removed, and the cursor after."""
    messages: list[MailSummary] = []
    removed: list[str] = []
    while True:
        page = await mail.fetch(mailbox=HUB, folder=folder, cursor=cursor)
        messages += page.messages
        removed += page.removed
        cursor = page.cursor
        if page.is_last:
            return messages, removed, cursor


def subjects(messages: list[MailSummary]) -> list[str]:
    return [one.subject for one in messages]


async def test_a_message_is_summarized(mail: MailTransport, store: MailStore) -> None:
    arrived = deliver(store)

    page = await mail.fetch(mailbox=HUB)

    assert isinstance(page, MailPage)
    (one,) = page.messages
    assert one.message_id == "<1@example.com>"
    assert one.thread_id
    assert (one.sender, one.recipients) == ("ann@example.com", (HUB, "bob@example.com"))
    assert (one.subject, one.is_read) == ("Écran brisé", False)
    assert one.received_at.replace(microsecond=0) == arrived.received_at.replace(microsecond=0)
    assert (page.removed, page.is_last) == ((), True)


async def test_every_message_is_read_once_and_then_only_new_ones(
    mail: MailTransport, store: MailStore
) -> None:
    expected = [f"number {n}" for n in range(120)]
    for subject in expected:
        deliver(store, f"<{subject.split()[1]}@example.com>", Subject=subject)

    first, _, cursor = await drained(mail)
    again, _, same = await drained(mail, cursor)
    deliver(store, "<new@example.com>", Subject="new")
    new, _, _ = await drained(mail, same)

    assert sorted(subjects(first)) == sorted(expected)
    assert again == []
    assert subjects(new) == ["new"]


async def test_what_changed_and_what_left_is_told(
    mail: MailTransport, store: MailStore, name: str
) -> None:
    opened, left = deliver(store, Subject="opened"), deliver(store, "<2@x>", Subject="left")
    listed, _, cursor = await drained(mail)
    (gone,) = [one for one in listed if one.subject == "left"]
    store.set_flags(opened, {SEEN})
    store.move(left, "archive")

    changed, removed, _ = await drained(mail, cursor)

    assert [(one.subject, one.is_read) for one in changed] == [("opened", True)]
    assert removed == ([] if name in UNTOLD else [gone.id])


async def test_an_empty_folder_has_a_cursor(mail: MailTransport, store: MailStore) -> None:
    nothing, _, cursor = await drained(mail)
    deliver(store)

    new, _, _ = await drained(mail, cursor)

    assert (nothing, len(new)) == ([], 1)


async def test_a_cursor_of_another_life_has_expired(
    stand_ins: Any, mail: MailTransport, store: MailStore
) -> None:
    deliver(store)
    _, _, cursor = await drained(mail)
    (await stand_ins.control.post("/_control/reset")).raise_for_status()
    deliver(store)

    with pytest.raises(CursorExpiredError) as caught:
        await mail.fetch(mailbox=HUB, cursor=cursor)
    begun, _, _ = await drained(mail)

    assert "first message" in caught.value.cure
    assert len(begun) == 1


@pytest.mark.offends
async def test_a_cursor_of_another_transport_has_expired(mail: MailTransport) -> None:
    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, cursor="https://elsewhere.example.com/?x=1")


async def test_a_message_is_read_whole_and_stays_unread(
    mail: MailTransport, store: MailStore
) -> None:
    deliver(store, In_Reply_To="<0@example.com>")
    (listed,), _, cursor = await drained(mail)

    message = await mail.read(listed.id, mailbox=HUB)

    assert message.headers["in-reply-to"] == "<0@example.com>"
    assert message.headers["subject"] == "Écran brisé"
    assert (message.text.strip(), message.html) == ("It fell.", "")
    (picture,) = message.attachments
    assert (picture.name, picture.content_type) == ("écran.jpg", "image/jpeg")
    assert picture.content == b"\xff\xd8"
    assert (await drained(mail, cursor))[0] == []


async def test_a_conversation_goes_over_all_folders(mail: MailTransport, store: MailStore) -> None:
    deliver(store, "<other@example.com>", Subject="Else")
    deliver(store)
    answer = written("Re: Écran brisé")
    del answer["In-Reply-To"]
    answer["In-Reply-To"] = "<1@example.com>"
    answer["References"] = "<1@example.com>"
    await send(mail, answer)
    deliver(
        store,
        "<2@example.com>",
        Subject="Re: Écran brisé",
        In_Reply_To=str(answer["Message-ID"]),
        References=f"<1@example.com> {answer['Message-ID']}",
    )
    listed, _, _ = await drained(mail)
    (thread_id,) = {one.thread_id for one in listed if one.subject != "Else"}

    conversation = await mail.thread(thread_id, mailbox=HUB)

    expected = ["<1@example.com>", str(answer["Message-ID"]), "<2@example.com>"]
    assert sorted(one.message_id for one in conversation) == sorted(expected)
    received = [one.received_at for one in conversation]
    assert received == sorted(received)
    assert await mail.thread("<nothing@example.com>", mailbox=HUB) == []


async def test_folders_have_roles_and_counts(mail: MailTransport, store: MailStore) -> None:
    deliver(store)
    store.set_flags(deliver(store, "<2@example.com>"), {SEEN})
    store.folders.make(HUB, "Réparations")

    found = {one.name: one for one in await mail.folders(mailbox=HUB)}

    roles = {one.role for one in found.values()}
    assert roles >= {"inbox", "sent", "drafts", "trash", "junk", ""}
    (inbox,) = [one for one in found.values() if one.role == "inbox"]
    assert (inbox.messages, inbox.unread) == (2, 1)
    assert found["Réparations"].role == ""


@pytest.mark.parametrize("target", ["archive", "trash", "Réparations"])
async def test_a_message_is_moved(mail: MailTransport, store: MailStore, target: str) -> None:
    store.folders.make(HUB, "Réparations")
    deliver(store)
    (listed,), _, cursor = await drained(mail)
    ids = {one.name: one.id for one in await mail.folders(mailbox=HUB)}

    await mail.move(listed.id, mailbox=HUB, folder=ids.get(target, target))

    (there,), _, _ = await drained(mail, folder=ids.get(target, target))
    assert there.message_id == listed.message_id
    assert (await mail.fetch(mailbox=HUB, cursor=cursor)).messages == ()
    assert (await mail.read(there.id, mailbox=HUB)).text.strip() == "It fell."


@pytest.mark.offends
async def test_what_is_not_there_is_not_found(mail: MailTransport, store: MailStore) -> None:
    gone = deliver(store)
    (listed,), _, _ = await drained(mail)
    store.delete(gone)

    with pytest.raises(ServiceNotFoundError):
        await mail.read(listed.id, mailbox=HUB)
    with pytest.raises(ServiceNotFoundError):
        await mail.move(listed.id, mailbox=HUB, folder="archive")
    with pytest.raises(ServiceNotFoundError):
        await mail.read("nonsense", mailbox=HUB)
    with pytest.raises(ServiceNotFoundError):
        await mail.fetch(mailbox=HUB, folder="nowhere")


async def test_nobody_elses_mail_is_read(mail: MailTransport, store: MailStore) -> None:
    deliver(store)
    (listed,), _, _ = await drained(mail)

    assert (await mail.fetch(mailbox=ANN)).messages == ()
    with pytest.raises(ServiceNotFoundError):
        await mail.read(listed.id, mailbox=ANN)
