"""What only IMAP has: sent copies filed by us, numbers that are voided, waiting for mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors._http.breaker import MemoryBreakers
from connectors._http.calls import Shared
from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.imap import ImapMail
from connectors.mail.models import SentLookup
from connectors.mail.smtp import SmtpMail
from sandbox.mail.changes import Watcher
from sandbox.mail.store import FLAGGED, SEEN, MailStore
from tests.contract.test_mail import ANN, HUB, SECRET, no_wait, send, written


def imap(stand_ins: Any, **more: Any) -> ImapMail:
    given = {
        "host": "127.0.0.1",
        "port": stand_ins.sandbox.imap_port,
        "security": "auto",
        "username": "sandbox",
        "password": SecretStr(SECRET),
        "timeout_seconds": 5.0,
        "retry": RetryPolicy(sleep=no_wait),
        **more,
    }
    return ImapMail(**given)


@pytest.fixture
async def reader(stand_ins: Any) -> AsyncIterator[ImapMail]:
    reader = imap(stand_ins)
    yield reader
    await reader.aclose()


@pytest.fixture
async def mail(stand_ins: Any) -> AsyncIterator[SmtpMail]:
    """SMTP at a server that files no sent mail."""
    behavior = {"files_sent": False}
    (await stand_ins.control.put("/_control/mail/behavior", json=behavior)).raise_for_status()
    mail = SmtpMail(
        host="127.0.0.1",
        port=stand_ins.smtp_port,
        username="sandbox",
        password=SecretStr(SECRET),
        timeout_seconds=5.0,
        imap=imap(stand_ins),
    )
    yield mail
    await mail.aclose()


@pytest.fixture
def store(stand_ins: Any) -> MailStore:
    kept: MailStore = stand_ins.sandbox.state.store(MailStore)
    return kept


async def test_mail_is_read_while_the_server_that_sends_is_left_alone(
    stand_ins: Any, store: MailStore, unused_tcp_port: int
) -> None:
    shared = Shared(breakers=MemoryBreakers())
    mail = SmtpMail(
        host="127.0.0.1",
        port=unused_tcp_port,
        timeout_seconds=5.0,
        imap=imap(stand_ins, shared=shared),
        shared=shared,
    )
    deliver(store)
    for _ in range(5):
        with pytest.raises(TransientError, match="no answer"):
            await send(mail, written())
    with pytest.raises(TransientError, match=r"mail\.smtp\.send: it failed 5 times"):
        await send(mail, written())

    (found,) = (await mail.fetch(mailbox=HUB)).messages

    await mail.aclose()
    assert found.message_id == "<1@x>"


def deliver(store: MailStore, message_id: str = "<1@x>") -> None:
    message = written()
    del message["Message-ID"]
    message["Message-ID"] = message_id
    store.deliver(bytes(message), mailbox=HUB)


async def test_a_copy_is_filed_where_the_server_files_none(
    mail: SmtpMail, store: MailStore
) -> None:
    message = written()

    await send(mail, message)

    (copy,) = store.find(mailbox=HUB)
    assert (copy.folder, copy.via, copy.is_read) == ("sentitems", "imap", True)
    assert await mail.find_sent(str(message["Message-ID"]), mailbox=HUB) is SentLookup.FOUND
    assert await mail.find_sent("<other@x>", mailbox=HUB) is SentLookup.UNKNOWABLE


@pytest.mark.parametrize("kind", ["error", "reset", "drop_after_accept"])
async def test_a_copy_that_is_not_filed_neither_fails_nor_repeats_the_message(
    stand_ins: Any, mail: SmtpMail, store: MailStore, kind: str
) -> None:
    await stand_ins.fault("imap", kind, path="APPEND")

    with capture_logs() as logs:
        await send(mail, written())

    assert [entry["event"] for entry in logs] == ["mail.copy_not_filed"]
    assert len(store.find(mailbox=ANN)) == 1
    assert len(store.find(mailbox=HUB)) == (1 if kind == "drop_after_accept" else 0)


async def test_a_message_whose_answer_was_lost_is_unknowable_without_a_copy(
    stand_ins: Any, mail: SmtpMail, store: MailStore
) -> None:
    message = written()
    await stand_ins.fault("smtp", "drop_after_accept")

    with pytest.raises(UnknownOutcomeError):
        await send(mail, message)

    found = await mail.find_sent(str(message["Message-ID"]), mailbox=HUB)
    assert found is SentLookup.UNKNOWABLE
    assert len(store.find(mailbox=ANN)) == 1


async def test_mail_is_awaited_and_told_at_once(
    reader: ImapMail, store: MailStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    idles, watched = asyncio.Event(), store.changes.watched

    def told(watcher: Watcher) -> AbstractContextManager[None]:
        idles.set()
        return watched(watcher)

    monkeypatch.setattr(store.changes, "watched", told)
    cursor = (await reader.fetch(mailbox=HUB)).cursor
    waiting = asyncio.create_task(reader.wait_for_mail(mailbox=HUB, seconds=10, cursor=cursor))
    await idles.wait()
    deliver(store)

    async with asyncio.timeout(5):
        assert await waiting is True


async def test_mail_that_came_before_the_wait_counts(reader: ImapMail, store: MailStore) -> None:
    cursor = (await reader.fetch(mailbox=HUB)).cursor
    deliver(store)

    assert await reader.wait_for_mail(mailbox=HUB, seconds=10, cursor=cursor) is True
    later = (await reader.fetch(mailbox=HUB, cursor=cursor)).cursor
    assert await reader.wait_for_mail(mailbox=HUB, seconds=0.05, cursor=later) is False


async def test_mail_that_came_and_went_is_not_waited_for_forever(
    reader: ImapMail, store: MailStore
) -> None:
    cursor = (await reader.fetch(mailbox=HUB)).cursor
    deliver(store)
    store.delete(store.find(mailbox=HUB)[0])

    page = await reader.fetch(mailbox=HUB, cursor=cursor)

    assert page.messages == ()
    assert await reader.wait_for_mail(mailbox=HUB, seconds=0.05, cursor=page.cursor) is False


async def test_a_wait_that_the_server_ends_fails(
    stand_ins: Any, reader: ImapMail, store: MailStore
) -> None:
    for _ in range(3):
        await stand_ins.fault("imap", "reset", path="IDLE")

    with pytest.raises(TransientError):
        await reader.wait_for_mail(mailbox=HUB, seconds=10)


async def test_voided_numbers_expire_the_cursor_and_the_ids(
    stand_ins: Any, reader: ImapMail, store: MailStore
) -> None:
    deliver(store)
    page = await reader.fetch(mailbox=HUB)
    await stand_ins.control.post("/_control/mail/renumber", params={"mailbox": HUB})

    with pytest.raises(CursorExpiredError):
        await reader.fetch(mailbox=HUB, cursor=page.cursor)
    with pytest.raises(Exception, match="isn't there"):
        await reader.read(page.messages[0].id, mailbox=HUB)
    assert len((await reader.fetch(mailbox=HUB)).messages) == 1


async def test_reading_changes_nothing(reader: ImapMail, store: MailStore) -> None:
    deliver(store)
    (one,) = (await reader.fetch(mailbox=HUB)).messages
    before = store.changes.last

    await reader.read(one.id, mailbox=HUB)
    await reader.thread(one.thread_id, mailbox=HUB)

    assert store.changes.last == before


async def test_a_move_without_an_answer_is_unknown_and_done_once(
    stand_ins: Any, reader: ImapMail, store: MailStore
) -> None:
    deliver(store)
    (one,) = (await reader.fetch(mailbox=HUB)).messages
    await stand_ins.fault("imap", "drop_after_accept", path="MOVE")

    with pytest.raises(UnknownOutcomeError):
        await reader.move(one.id, mailbox=HUB, folder="archive")

    assert [mail.folder for mail in store.find(mailbox=HUB)] == ["archive"]


async def test_a_connection_that_went_stale_is_replaced(
    stand_ins: Any, reader: ImapMail, store: MailStore
) -> None:
    deliver(store)
    await reader.fetch(mailbox=HUB)
    await stand_ins.fault("imap", "reset", path="NOOP")

    assert len((await reader.fetch(mailbox=HUB)).messages) == 1


async def test_flags_of_all_kinds_are_told(reader: ImapMail, store: MailStore) -> None:
    deliver(store)
    page = await reader.fetch(mailbox=HUB)
    store.set_flags(store.find(mailbox=HUB)[0], {FLAGGED})
    flagged = await reader.fetch(mailbox=HUB, cursor=page.cursor)
    store.set_flags(store.find(mailbox=HUB)[0], {SEEN})
    seen = await reader.fetch(mailbox=HUB, cursor=flagged.cursor)

    assert [one.is_read for one in (*flagged.messages, *seen.messages)] == [False, True]


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ({"kind": "error"}, TransientError),
        ({"kind": "rate_limit"}, RateLimitedError),
        ({"kind": "error", "code": "AUTHORIZATIONFAILED"}, NeedsReauthError),
        ({"kind": "error", "code": "CANNOT"}, RejectedError),
        ({"kind": "truncate"}, TransientError),
        ({"kind": "timeout", "seconds": 0.05}, TransientError),
    ],
)
async def test_faults_have_their_classes(
    stand_ins: Any, reader: ImapMail, order: dict[str, Any], kind: type[Exception]
) -> None:
    await stand_ins.fault("imap", path="SEARCH", **{**order, "count": 3})

    with pytest.raises(kind) as caught:
        await reader.fetch(mailbox=HUB)

    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)


async def test_an_own_mailbox_is_opened_by_its_own_login(stand_ins: Any, store: MailStore) -> None:
    deliver(store)
    own = imap(stand_ins, username=HUB)

    assert len((await own.fetch(mailbox=HUB)).messages) == 1
    with pytest.raises(NeedsReauthError):
        await own.fetch(mailbox=ANN)
    await own.aclose()


async def test_a_certificate_that_nobody_vouches_for_is_refused(stand_ins: Any) -> None:
    strict = imap(stand_ins, security="starttls")

    with pytest.raises(RejectedError, match="HOTROD_IMAP__SECURITY"):
        await strict.ping()
    await strict.aclose()


async def test_without_imap_nothing_is_read(stand_ins: Any) -> None:
    blind = SmtpMail(host="127.0.0.1", port=stand_ins.smtp_port, timeout_seconds=5.0)

    with pytest.raises(RejectedError, match="HOTROD_IMAP__HOST"):
        await blind.fetch(mailbox=HUB)
    assert await blind.find_sent("<1@x>", mailbox=HUB) is SentLookup.UNKNOWABLE
    await blind.aclose()
