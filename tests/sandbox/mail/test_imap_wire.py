"""The IMAP stand-in, line by line: nonsense, and literals of both kinds."""

from __future__ import annotations

import asyncio
import random
import re

import pytest

from sandbox import Sandbox
from sandbox.mail.store import MailStore
from tests.sandbox.mail.imap_kit import SECRET, SHOP, unverified

END = re.compile(rb"[^*+\s]\S* (?:OK|NO|BAD)\b|\* BAD|\+")
WORDS = (
    b"FETCH 1", b"UID FETCH 1:*",
    b"FETCH", b"STORE", b"SEARCH", b"UID", b"COPY", b"MOVE", b"APPEND", b"LIST", b"STATUS",
    b"SELECT INBOX", b"EXPUNGE", b"RENAME", b"CREATE", b"DELETE", b"ENABLE", b"ID", b"INBOX",
    b"Archive", b"1", b"1:*", b"*:1", b"0", b"99999999999", b"(", b")", b"(FLAGS)", b"+FLAGS",
    b"(\\Seen)", b"(UNCHANGEDSINCE 1)", b"(CHANGEDSINCE 0)", b"BODY[]", b"BODY[1.2.MIME]",
    b"BODY[HEADER.FIELDS (X Y)]<0.9>", b"BODYSTRUCTURE", b"ENVELOPE", b"RFC822", b"OR", b"NOT",
    b"ALL", b"HEADER", b"MODSEQ", b'"a b"', b'""', b"%", b"*", b"{1+}\r\n(", b"&AOk-", b"&-",
    b"CHARSET", b"UTF-8", b"SINCE", b"1-Feb-2026", b"\xff", b"RETURN", b"(SPECIAL-USE)",
)  # fmt: skip


async def say(sandbox: Sandbox, *lines: bytes) -> list[bytes]:
    """Say raw lines after login; return the answers up to the end of each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.imap_port)
    await reader.readline()
    writer.write(b"a STARTTLS\r\n")
    await reader.readline()
    await writer.start_tls(unverified())
    answers = []
    for line in (b"a LOGIN %b %b" % (SHOP.encode(), SECRET.encode()), b"a SELECT INBOX", *lines):
        writer.write(line + b"\r\n")
        while not END.match(answer := await reader.readline()):
            assert answer, f"{line!r} ended the connection"
        answers.append(answer)
    writer.close()
    return answers[2:]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"a",
        b"(a b",
        b"a FETCH",
        b"a FETCH 1 (FLAGS",
        b"a FETCH 1 BODY[",
        b"a FETCH 1 NOTHING",
        b"a FETCH x FLAGS",
        b'a SEARCH "',
        b"a SEARCH",
        b"a SEARCH HEADER",
        b"a SEARCH SINCE yesterday",
        b"a SEARCH " + b"NOT " * 5000 + b"ALL",
        b"a SEARCH " + b"(" * 2000 + b"ALL" + b")" * 2000,
        b"a SEARCH CHARSET LATIN-1 ALL",
        b"a STORE 1 FLAGS",
        b"a STORE 1 +FLAGS (\\Bad)",
        b"a STORE 1 NOTHING (\\Seen)",
        b"a STATUS INBOX (NOTHING)",
        b"a STATUS INBOX",
        b"a LIST",
        b"a CREATE",
        b'a CREATE ""',
        b"a RENAME INBOX",
        b"a SELECT &!!-",
        b"a APPEND INBOX",
        b'a APPEND INBOX "yesterday" {1+}\r\nx',
        b"a UID FETCH 1 (FLAGS) (CHANGEDSINCE x)",
        b"a UID",
        b"a XYZZY",
        b"a LOGIN x",
        b"a AUTHENTICATE GSSAPI",
        b"a AUTHENTICATE PLAIN eA==",
        b"a STARTTLS",
        b"a \xff\xfe",
    ],
)
async def test_nonsense_is_refused_and_the_session_goes_on(sandbox: Sandbox, line: bytes) -> None:
    refused, after = await say(sandbox, line, b"b NOOP")

    assert refused.split()[1] in (b"BAD", b"NO")
    assert after.startswith(b"b OK")


async def test_literals_of_both_kinds_are_taken(sandbox: Sandbox, store: MailStore) -> None:
    mail = b'From: a@example.org\r\n\r\n(unbalanced "quotes'
    waited, unwaited, filed = await say(
        sandbox,
        b"a APPEND Archive {%d}" % len(mail),
        mail,
        b"b APPEND {7+}\r\nArchive (\\Seen) {%d+}\r\n%b" % (len(mail), mail),
    )

    assert waited.startswith(b"+")
    assert unwaited.startswith(b"a OK")
    assert filed.startswith(b"b OK")
    assert [one.is_read for one in store.find(folders=["archive"])] == [False, True]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_said_is_answered(sandbox: Sandbox, store: MailStore, seed: int) -> None:
    mail = b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx"
    store.deliver(mail, mailbox=SHOP)
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    lines = [b"a " + b" ".join(dice.choices(WORDS, k=dice.randrange(1, 5))) for _ in range(150)]

    answers = await say(sandbox, *lines, b"z NOOP")

    assert {answer.split()[1] for answer in answers} <= {b"OK", b"NO", b"BAD"}
    assert answers[-1].startswith(b"z OK")


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)
