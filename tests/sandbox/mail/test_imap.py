"""The IMAP stand-in, seen by two clients that know nothing of it: imaplib and imapclient."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Callable
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from sandbox import Sandbox
from sandbox.mail.store import FLAGGED, SEEN, MailStore
from tests.sandbox.mail.imap_kit import SECRET, SHOP, Talk, Write, deliver, encrypted, unverified


@pytest.fixture
def talk(sandbox: Sandbox) -> Talk[Any]:
    """Lets a function talk, in a thread, as somebody who is logged in to the shop's mailbox."""

    async def talk(words: Callable[[IMAPClient], Any]) -> Any:
        def spoken() -> Any:
            with encrypted(sandbox.imap_port) as client:
                client.login(SHOP, SECRET)
                return words(client)

        return await asyncio.to_thread(spoken)

    return talk


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


async def test_imaplib_reads_a_mail(sandbox: Sandbox, store: MailStore, write_mail: Write) -> None:
    mail = write_mail()
    deliver(store, mail)

    def spoken() -> tuple[bytes, bytes]:
        with imaplib.IMAP4("127.0.0.1", sandbox.imap_port, timeout=5) as client:
            client.starttls(unverified())
            client.login(SHOP, SECRET)
            assert client.select("INBOX") == ("OK", [b"1"])
            assert client.uid("SEARCH", "SUBJECT", '"repair"') == ("OK", [b"1"])
            _, whole = client.uid("FETCH", "1", "(FLAGS BODY.PEEK[])")
            _, (flags,) = client.store("1", "+FLAGS", "(\\Flagged)")
            return whole[0][1], flags

    whole, flags = await asyncio.to_thread(spoken)

    assert message_from_bytes(whole)["Message-ID"] == mail["Message-ID"]
    assert b"\r\n" in whole
    assert b"\n" not in whole.replace(b"\r\n", b"")
    assert b"\\Flagged" in flags
    assert store.find(mailbox=SHOP)[0].flags == {FLAGGED}


async def test_folders_are_listed_made_renamed_and_deleted(talk: Talk[Any]) -> None:
    def words(client: IMAPClient) -> tuple[Any, ...]:
        special = {name: flags for flags, _, name in client.list_folders()}
        client.create_folder("Réparations & co/2026")
        client.rename_folder("Réparations & co/2026", "Vieux")
        made = [name for _, _, name in client.list_folders("", "V%")]
        client.delete_folder("Vieux")
        with pytest.raises(IMAPClientError, match="stays as it is"):
            client.delete_folder("Sent")
        with pytest.raises(IMAPClientError, match="no such folder"):
            client.select_folder("Vieux")
        return special, made, client.find_special_folder(b"\\Sent"), client.namespace()

    special, made, sent, namespace = await talk(words)

    assert list(special) == ["INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive"]
    assert b"\\Trash" in special["Trash"]
    assert (made, sent) == (["Vieux"], "Sent")
    assert namespace.personal == (("", "/"),)


async def test_a_mail_is_described(store: MailStore, talk: Talk[Any], write_mail: Write) -> None:
    mail = write_mail(Subject="Prêt", Cc='"O, Neil" <o@example.org>')
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    deliver(store, mail)

    def words(client: IMAPClient) -> Any:
        client.select_folder("INBOX", readonly=True)
        items = ["ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "RFC822.SIZE", "FLAGS"]
        parts = [
            "BODY[HEADER.FIELDS (SUBJECT)]",
            "BODY.PEEK[2]",
            "BODY[]<0.5>",
            "BODY[1.MIME]",
            "RFC822",
        ]
        return client.fetch([1], [*items, *parts])[1]

    told = await talk(words)

    envelope = told[b"ENVELOPE"]
    assert str(make_header(decode_header(envelope.subject.decode()))) == "Prêt"
    assert (envelope.message_id, envelope.to[0].mailbox) == (b"<one@shop.example.com>", b"ann")
    assert str(envelope.cc[0]) == '"O, Neil" <o@example.org>'
    structure = told[b"BODYSTRUCTURE"]
    assert structure.is_multipart
    assert [part[:2] for part in structure[0][1:]] == [(b"application", b"pdf")]
    assert told[b"RFC822.SIZE"] == len(told[b"RFC822"])
    assert told[b"BODY[HEADER.FIELDS (SUBJECT)]"].startswith(b"Subject: =?utf-8")
    assert told[b"BODY[2]"].strip() == b"JVBERg=="
    assert told[b"BODY[]<0>"] == b"Date:"
    assert b"multipart/alternative" in told[b"BODY[1.MIME]"]
    assert told[b"FLAGS"] == ()


async def test_reading_marks_as_read_unless_one_only_peeps(
    store: MailStore, talk: Talk[Any], write_mail: Write
) -> None:
    first, second = (deliver(store, write_mail(f"<{n}@x>")) for n in range(2))

    def words(client: IMAPClient) -> Any:
        client.select_folder("INBOX")
        client.fetch([first.uid], ["BODY.PEEK[]"])
        return client.fetch([second.uid], ["BODY[TEXT]"])

    told = await talk(words)

    assert told[second.uid][b"FLAGS"] == (b"\\Seen",)
    assert [one.is_read for one in store.find(mailbox=SHOP)] == [False, True]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (["ALL"], [1, 2, 3]),
        (["UNSEEN"], [1, 3]),
        (["SEEN"], [2]),
        (["HEADER", "Message-ID", "<2@x>"], [2]),
        (["NOT", ["HEADER", "Message-ID", "<2@x>"]], [1, 3]),
        (["OR", "SUBJECT", "brûlé", "UID", "1"], [1, 3]),
        (["UID", "2:*"], [2, 3]),
        (["UID", "9:*"], [3]),
        (["FROM", "shop", "TO", "ann"], [1, 2, 3]),
        (["CC", "boss"], []),
        (["TEXT", "ready", "BODY", "ready"], [1, 2, 3]),
        (["SINCE", date(2020, 1, 1)], [1, 2, 3]),
        (["BEFORE", date(2020, 1, 1)], []),
        (["SENTON", date(2020, 1, 1)], []),
        (["LARGER", 10, "SMALLER", 100_000], [1, 2, 3]),
        (["KEYWORD", "$Forwarded"], [2]),
        ("2:3 UNDELETED", [2, 3]),
    ],
)
async def test_search(
    store: MailStore, talk: Talk[Any], write_mail: Write, criteria: Any, found: list[int]
) -> None:
    deliver(store, write_mail("<1@x>"))
    store.set_flags(deliver(store, write_mail("<2@x>")), {SEEN, "$Forwarded"})
    deliver(store, write_mail("<3@x>", Subject="Port brûlé"))

    def words(client: IMAPClient) -> list[int]:
        client.select_folder("INBOX")
        return list(client.search(criteria, None if isinstance(criteria, str) else "UTF-8"))

    assert await talk(words) == found


async def test_mails_are_copied_moved_and_deleted_for_good(
    store: MailStore, talk: Talk[Any], write_mail: Write
) -> None:
    uids = [deliver(store, write_mail(f"<{n}@x>")).uid for n in range(3)]

    def words(client: IMAPClient) -> Any:
        client.select_folder("INBOX")
        client.copy([uids[0]], "Archive")
        client.move([uids[1]], "Trash")
        client.delete_messages([uids[2]])
        client.expunge()
        left = client.search("ALL")
        with pytest.raises(IMAPClientError, match="TRYCREATE"):
            client.move([uids[0]], "Nowhere")
        client.select_folder("INBOX", readonly=True)
        with pytest.raises(IMAPClientError, match="READ-ONLY"):
            client.add_flags([uids[0]], [b"\\Seen"])
        return left

    assert await talk(words) == [uids[0]]
    where = [(one.folder, one.mail.message_id) for one in store.find(mailbox=SHOP)]
    assert where == [("inbox", "<0@x>"), ("archive", "<0@x>"), ("deleteditems", "<1@x>")]


async def test_a_mail_is_filed_with_flags_and_date(
    store: MailStore, talk: Talk[Any], write_mail: Write
) -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)

    def words(client: IMAPClient) -> tuple[Any, ...]:
        answer = client.append("Sent", write_mail().as_bytes(), [b"\\Seen"], at)
        with pytest.raises(IMAPClientError, match="From"):
            client.append("Sent", b"Subject: nobody\r\nFrom: nobody\r\n\r\n")
        status = client.folder_status("Sent", ["MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"])
        return answer, status

    answer, status = await talk(words)

    (filed,) = store.find(mailbox=SHOP)
    assert (filed.folder, filed.via, filed.is_read, filed.received_at) == (
        "sentitems",
        "imap",
        True,
        at,
    )
    assert b"APPENDUID" in answer
    assert (status[b"MESSAGES"], status[b"UNSEEN"], status[b"UIDNEXT"]) == (1, 0, 2)


async def test_who_idles_is_told_at_once(
    store: MailStore, talk: Talk[Any], write_mail: Write
) -> None:
    loop = asyncio.get_running_loop()
    first = deliver(store, write_mail("<1@x>"))

    def happens(act: Callable[[], object]) -> None:
        loop.call_soon_threadsafe(act)

    def words(client: IMAPClient) -> list[Any]:
        client.select_folder("INBOX")
        client.idle()
        happens(lambda: deliver(store, write_mail("<2@x>")))
        told: list[Any] = client.idle_check(timeout=5)
        happens(lambda: store.set_flags(first, {SEEN}))
        told += client.idle_check(timeout=5)
        happens(lambda: store.move(store.find(mailbox=SHOP)[0], "archive"))
        told += client.idle_check(timeout=5)
        client.idle_done()
        return told

    told = await talk(words)

    assert told == [
        (2, b"EXISTS"),
        (1, b"FETCH", (b"UID", 1, b"FLAGS", (b"\\Seen",))),
        (1, b"EXPUNGE"),
    ]


async def test_changes_since_a_number(store: MailStore, talk: Talk[Any], write_mail: Write) -> None:
    first, second = (deliver(store, write_mail(f"<{n}@x>")) for n in range(2))

    def words(client: IMAPClient) -> tuple[Any, ...]:
        selected = client.select_folder("INBOX")
        before = selected[b"HIGHESTMODSEQ"]
        client.add_flags([first.uid], [b"\\Flagged"], silent=True)
        changed = client.fetch([first.uid, second.uid], ["FLAGS"], [f"CHANGEDSINCE {before}"])
        return selected, changed, client.search(["MODSEQ", str(before + 1)])

    selected, changed, found = await talk(words)

    assert selected[b"HIGHESTMODSEQ"] == second.change
    assert list(changed) == [first.uid]
    assert changed[first.uid][b"MODSEQ"] == (store.get(first.id).change,)  # type: ignore[union-attr]
    assert found == [first.uid]
    assert found.modseq == store.changes.last
