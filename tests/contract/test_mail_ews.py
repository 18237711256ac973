"""The EWS connector and exchangelib itself against the stand-in."""

from __future__ import annotations

from asyncio import gather
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from exchangelib.protocol import CachingProtocol
from pydantic import SecretStr

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.ews import EwsMail
from connectors.mail.ews_mailbox import PAGE_CHANGES
from connectors.mail.models import SentLookup
from sandbox.mail.store import SEEN, MailStore
from tests.contract.mail_ews_kit import ANN, HUB, written


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


async def send(mail: EwsMail, message_id: str = "<one@example.com>") -> None:
    mime = written(message_id, From=HUB, To=ANN)
    await mail.send(mime, mailbox=HUB, sender=HUB, recipients=[ANN])


async def test_a_message_arrives_and_is_read_whole(stand_ins: Any, mail: EwsMail) -> None:
    await send(mail)

    (summary,) = (await mail.fetch(mailbox=ANN)).messages
    message = await mail.read(summary.id, mailbox=ANN)

    assert (summary.message_id, summary.sender) == ("<one@example.com>", HUB)
    assert (summary.recipients, summary.subject) == ((ANN,), "Réparation")
    assert not summary.is_read
    assert (datetime.now(UTC) - summary.received_at).total_seconds() < 60
    assert message.headers["subject"] == "Réparation"
    assert message.text.strip() == "Bonjour."
    assert [(one.name, one.content) for one in message.attachments] == [("quote.pdf", b"%PDF")]
    (arrived,) = await stand_ins.mails(mailbox=ANN)
    assert arrived["via"] == "ews"


async def test_a_folder_is_read_page_by_page_and_then_from_where_it_ended(
    store: MailStore, mail: EwsMail
) -> None:
    for number in range(PAGE_CHANGES + 5):
        store.deliver(written(f"<{number}@example.com>"), mailbox=HUB)

    first = await mail.fetch(mailbox=HUB)
    second = await mail.fetch(mailbox=HUB, cursor=first.cursor)
    store.deliver(written("<late@example.com>"), mailbox=HUB)
    third = await mail.fetch(mailbox=HUB, cursor=second.cursor)
    nothing = await mail.fetch(mailbox=HUB, cursor=third.cursor)

    assert [page.is_last for page in (first, second, third, nothing)] == [False, True, True, True]
    seen = [one.message_id for one in (*first.messages, *second.messages)]
    assert sorted(seen) == sorted(f"<{number}@example.com>" for number in range(PAGE_CHANGES + 5))
    assert [one.message_id for one in third.messages] == ["<late@example.com>"]
    assert (nothing.messages, nothing.removed) == ((), ())


async def test_what_was_opened_is_told_and_what_left_the_folder(
    store: MailStore, mail: EwsMail
) -> None:
    opened = store.deliver(written("<opened@example.com>"), mailbox=HUB)
    deleted = store.deliver(written("<deleted@example.com>"), mailbox=HUB)
    before = await mail.fetch(mailbox=HUB)
    ids = {one.message_id: one.id for one in before.messages}

    store.set_flags(opened, {SEEN})
    store.delete(deleted)
    page = await mail.fetch(mailbox=HUB, cursor=before.cursor)

    assert [(one.message_id, one.is_read) for one in page.messages] == [
        ("<opened@example.com>", True)
    ]
    assert page.removed == (ids["<deleted@example.com>"],)


async def test_a_cursor_that_the_server_has_forgotten_is_told(
    store: MailStore, mail: EwsMail
) -> None:
    page = await mail.fetch(mailbox=HUB)
    store.changes.clear()

    for cursor in (page.cursor, "bm90aGluZw=="):
        with pytest.raises(CursorExpiredError):
            await mail.fetch(mailbox=HUB, cursor=cursor)
    with pytest.raises(CursorExpiredError):
        await mail.fetch(mailbox=HUB, folder="sent", cursor=page.cursor)


async def test_folders_are_known_by_their_roles(store: MailStore, mail: EwsMail) -> None:
    store.deliver(written(), mailbox=HUB)
    store.folders.make(HUB, "Suppliers")
    store.folders.make(HUB, "Suppliers/eBay")

    folders = await mail.folders(mailbox=HUB)

    assert {one.role: one.name for one in folders if one.role} == {
        "inbox": "Inbox",
        "sent": "Sent Items",
        "drafts": "Drafts",
        "trash": "Deleted Items",
        "junk": "Junk Email",
        "archive": "Archive",
    }
    assert {one.name for one in folders if not one.role} == {"Suppliers", "eBay"}
    (inbox,) = [one for one in folders if one.role == "inbox"]
    assert (inbox.messages, inbox.unread) == (1, 1)


async def test_a_conversation_is_put_together_from_all_folders(
    store: MailStore, mail: EwsMail
) -> None:
    question = store.deliver(written("<question@example.com>"), mailbox=HUB)
    reply = written(
        "<answer@example.com>", From=HUB, To=ANN, **{"In-Reply-To": question.mail.message_id}
    )
    await mail.send(reply, mailbox=HUB, sender=HUB, recipients=[ANN])
    store.deliver(written("<other@example.com>", Subject="Another"), mailbox=HUB)
    (first, *_) = (await mail.fetch(mailbox=HUB)).messages

    thread = await mail.thread(first.thread_id, mailbox=HUB)

    assert [one.message_id for one in thread] == ["<question@example.com>", "<answer@example.com>"]


async def test_a_moved_message_has_another_id_in_another_folder(
    store: MailStore, mail: EwsMail
) -> None:
    store.deliver(written(), mailbox=HUB)
    store.folders.make(HUB, "Suppliers")
    (suppliers,) = [one for one in await mail.folders(mailbox=HUB) if one.name == "Suppliers"]
    (before,) = (await mail.fetch(mailbox=HUB)).messages

    await mail.move(before.id, mailbox=HUB, folder=suppliers.id)

    (after,) = (await mail.fetch(mailbox=HUB, folder=suppliers.id)).messages
    assert after.message_id == before.message_id
    with pytest.raises(ServiceNotFoundError):
        await mail.read(before.id, mailbox=HUB)
    await mail.move(after.id, mailbox=HUB, folder="trash")
    assert [one.folder for one in store.find(mailbox=HUB)] == ["deleteditems"]


@pytest.mark.parametrize("id_", ["bm90aGluZw==", "not an id", "a/b"])
async def test_what_is_not_there_is_not_found(store: MailStore, mail: EwsMail, id_: str) -> None:
    stored = store.deliver(written(), mailbox=HUB)
    (summary,) = (await mail.fetch(mailbox=HUB)).messages

    for call in (
        mail.read(id_, mailbox=HUB),
        mail.move(id_, mailbox=HUB, folder="trash"),
        mail.move(summary.id, mailbox=HUB, folder=id_),
        mail.fetch(mailbox=HUB, folder=id_),
        mail.read(summary.id, mailbox=ANN),
    ):
        with pytest.raises(ServiceNotFoundError):
            await call

    assert store.get(stored.id) == stored


async def test_a_busy_server_is_obeyed_although_it_answers_200(
    stand_ins: Any, store: MailStore, mail: EwsMail
) -> None:
    budget = await stand_ins.control.put("/_control/ews/budget", json={"calls": 1})
    budget.raise_for_status()
    await mail.ping()

    with pytest.raises(RateLimitedError) as caught:
        await send(mail)
    with pytest.raises(RateLimitedError):
        await mail.fetch(mailbox=HUB)

    assert caught.value.retry_after_seconds is not None
    assert 0 < caught.value.retry_after_seconds <= 60
    assert store.find() == []


async def test_a_message_without_recipients_is_refused_and_not_sent(
    store: MailStore, mail: EwsMail
) -> None:
    with pytest.raises(RejectedError):
        await mail.send(b"Subject: Nobody\r\n\r\nHello", mailbox=HUB, sender=HUB, recipients=[])

    assert store.find() == []


async def test_an_alias_that_is_denied_goes_into_reply_to(
    stand_ins: Any, store: MailStore, mail: EwsMail
) -> None:
    await stand_ins.fault("ews", "error", code="ErrorSendAsDenied")
    mime = written(From="Shop <shop@example.com>", To=ANN)

    await mail.send(mime, mailbox=HUB, sender="shop@example.com", recipients=[ANN])

    (arrived,) = store.find(mailbox=ANN)
    assert str(arrived.mail.sender) == f"Shop <{HUB}>"
    assert [str(one) for one in arrived.mail.reply_to] == ["Shop <shop@example.com>"]


async def test_a_mailbox_that_is_no_address_is_refused_before_anything_is_sent(
    stand_ins: Any, mail: EwsMail
) -> None:
    with pytest.raises(RejectedError):
        await mail.fetch(mailbox="hub")

    assert await stand_ins.calls("ews") == []


async def test_a_wrong_password_needs_a_person(stand_ins: Any) -> None:
    mail = connect(stand_ins, password=SecretStr("wrong"))

    with pytest.raises(NeedsReauthError) as caught:
        await mail.ping()
    await mail.aclose()

    assert "HOTROD_EWS__PASSWORD" in caught.value.cure


async def test_two_clients_of_one_account_do_not_share_connections(stand_ins: Any) -> None:
    first, second = connect(stand_ins), connect(stand_ins)
    await first.ping()
    await first.aclose()

    await second.ping()
    await second.aclose()


async def test_many_calls_at_once_share_a_few_connections(stand_ins: Any, mail: EwsMail) -> None:
    found = await gather(
        *(mail.find_sent(f"<{number}@example.com>", mailbox=HUB) for number in range(20))
    )

    assert found == [SentLookup.ABSENT] * 20
    assert 1 <= mail._ews.connections.session_pool_size <= 5


async def test_a_closed_client_leaves_nothing_in_exchangelibs_cache(stand_ins: Any) -> None:
    before = len(CachingProtocol._protocol_cache)
    mail = connect(stand_ins)
    await mail.ping()

    await mail.aclose()
    await mail.aclose()

    assert len(CachingProtocol._protocol_cache) == before
