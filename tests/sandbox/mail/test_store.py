from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from sandbox.mail import store as store_module
from sandbox.mail.changes import Change, ForgottenError
from sandbox.mail.folders import FolderError
from sandbox.mail.store import FLAGGED, SEEN, MailStore, StoredMail

SHOP = "repairs@shop.example.com"
ANN = "ann@example.org"
Write = Callable[..., EmailMessage]


@pytest.fixture
def store() -> MailStore:
    return MailStore()


def deliver(store: MailStore, mail: EmailMessage, mailbox: str = SHOP) -> StoredMail:
    return store.deliver(mail.as_bytes(), mailbox=mailbox)


def kinds(changes: list[Change]) -> list[tuple[str, str, int]]:
    return [(change.kind, change.folder, change.uid) for change in changes]


def test_a_mail_from_outside_lies_unread_in_the_inbox(store: MailStore, write_mail: Write) -> None:
    arrived = deliver(store, write_mail())

    assert (arrived.folder, arrived.uid, arrived.is_read) == ("inbox", 1, False)
    assert store.arrivals()[0].message_id == "<one@shop.example.com>"
    assert store.find(folders=["sentitems"]) == []


def test_a_moved_mail_keeps_its_id_and_gets_another_number(
    store: MailStore, write_mail: Write
) -> None:
    first, second = deliver(store, write_mail("<1@x>")), deliver(store, write_mail("<2@x>"))
    before = store.changes.last

    moved = store.move(first, "archive")
    back = store.move(moved, "inbox")

    assert moved.id == back.id == first.id
    assert (first.uid, second.uid, moved.uid, back.uid) == (1, 2, 1, 3)
    assert kinds(store.changes.after(before, SHOP)) == [
        ("removed", "inbox", 1),
        ("added", "archive", 1),
        ("removed", "archive", 1),
        ("added", "inbox", 3),
    ]
    assert kinds(store.changes.after(before, SHOP, "archive")) == [
        ("added", "archive", 1),
        ("removed", "archive", 1),
    ]


def test_flags_that_stay_the_same_are_no_change(store: MailStore, write_mail: Write) -> None:
    arrived = deliver(store, write_mail())
    marked = store.set_flags(arrived, {SEEN, FLAGGED})
    before = store.changes.last

    assert store.set_flags(marked, {FLAGGED, SEEN}) is marked
    assert store.changes.after(before, SHOP) == []
    assert (marked.uid, marked.is_read) == (arrived.uid, True)
    assert marked.change > arrived.change


def test_who_watches_is_told_at_once_and_not_afterwards(
    store: MailStore, write_mail: Write
) -> None:
    seen: list[Change] = []
    with store.changes.watched(seen.append):
        deliver(store, write_mail())
    deliver(store, write_mail("<2@x>"))

    assert kinds(seen) == [("added", "inbox", 1)]


def test_what_was_forgotten_is_said_to_be(
    store: MailStore, write_mail: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_KEPT", 2)
    first = deliver(store, write_mail("<1@x>"))
    deliver(store, write_mail("<2@x>"))
    before = store.changes.last
    deliver(store, write_mail("<3@x>"))
    assert store.get(first.id) is None
    assert kinds(store.changes.after(before, SHOP)) == [
        ("added", "inbox", 3),
        ("removed", "inbox", 1),
    ]

    store.clear()

    with pytest.raises(ForgottenError):
        store.changes.after(before, SHOP)
    assert store.changes.after(store.changes.last, SHOP) == []


def test_numbers_begin_anew_only_under_a_new_validity(store: MailStore, write_mail: Write) -> None:
    deliver(store, write_mail())
    before = store.folders.get(SHOP, "inbox")
    store.clear()
    after = store.folders.get(SHOP, "inbox")
    store.folders.renew_validity(SHOP, "inbox")
    renewed = store.folders.get(SHOP, "inbox")

    assert before
    assert after
    assert renewed
    assert before.uid_validity < after.uid_validity < renewed.uid_validity
    assert (before.next_uid, after.next_uid) == (2, 1)


@pytest.mark.parametrize(
    ("subject", "headers", "together"),
    [
        ("Re: Your repair", {"References": "<one@shop.example.com>"}, True),
        ("Other words", {"In-Reply-To": "<one@shop.example.com>"}, True),
        ("RE: your repair", {}, True),
        ("Your repair", {}, False),
        ("Re: Your repair", {"In-Reply-To": "<unknown@x>"}, False),
    ],
)
def test_replies_join_their_thread(
    store: MailStore, write_mail: Write, subject: str, headers: dict[str, str], *, together: bool
) -> None:
    first = deliver(store, write_mail())
    reply = deliver(store, write_mail("<2@x>", Subject=subject, **headers))
    after = deliver(store, write_mail("<3@x>", Subject="Else", **{"In-Reply-To": "<2@x>"}))

    assert (reply.thread_id == first.thread_id) is together
    assert after.thread_id == reply.thread_id


def test_a_thread_has_the_same_id_for_both_who_write(store: MailStore, write_mail: Write) -> None:
    store.submit(write_mail().as_bytes(), sender=SHOP, via="smtp")
    inbox, sent = store.find()

    assert inbox.thread_id == sent.thread_id
    assert (inbox.is_read, sent.is_read) == (False, True)


def test_folders_that_somebody_made(store: MailStore, write_mail: Write) -> None:
    made = store.folders.make(SHOP, "Repairs/2026")
    moved = store.move(deliver(store, write_mail()), made.id)
    store.folders.rename(SHOP, made.id, "Old")
    assert store.folders.named(SHOP, "Old") == store.folders.get(SHOP, made.id)
    assert store.folders.get(ANN, made.id) is None

    store.delete_folder(SHOP, made.id)

    assert store.get(moved.id) is None
    for refused in (
        lambda: store.folders.make(SHOP, "Inbox"),
        lambda: store.folders.make(SHOP, " "),
        lambda: store.folders.rename(SHOP, "inbox", "Else"),
        lambda: store.folders.delete(SHOP, made.id),
        lambda: store.folders.take_uid(SHOP, made.id),
    ):
        with pytest.raises(FolderError):
            refused()


def test_a_server_that_files_no_sent_mail(store: MailStore, write_mail: Write) -> None:
    store.files_sent = False
    store.submit(write_mail().as_bytes(), sender=SHOP, via="smtp")
    assert [one.folder for one in store.find()] == ["inbox"]

    store.append(write_mail().as_bytes(), mailbox=SHOP, folder="sentitems", via="imap")
    (filed,) = store.find(mailbox=SHOP)
    copy = store.copy(filed, "archive")

    assert filed.is_read
    assert (copy.folder, copy.flags, copy.id == filed.id) == ("archive", filed.flags, False)
