"""IMAP down to the socket: what is said, and what is made of the answers."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import CursorExpiredError
from connectors.mail.imap import ImapMail
from connectors.mail.models import SentLookup

HUB = "hub@example.com"
OPENED = "* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 12] x\r\n* 1 EXISTS"
LISTED = '* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Sent) "/" "Gesendet"'
HANG_UP = "hang up"
DRIP = "drip"


@dataclass
class Imap:
    """Answers commands by name: untagged lines, then OK; or what a test planned."""

    port: int = 0
    connections: int = 0
    said: list[str] = field(default_factory=list)
    capabilities: str = "IMAP4rev1 MOVE SPECIAL-USE AUTH=PLAIN SASL-IR"
    untagged: dict[str, str] = field(
        default_factory=lambda: {"SELECT": OPENED, "EXAMINE": OPENED, "LIST": LISTED}
    )
    plan: dict[str, list[str]] = field(default_factory=dict)
    was_cut: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode():
            tag, _, rest = line.rstrip().partition(" ")
            self.said.append(rest)
            name = rest.removeprefix("UID ").split(" ")[0]
            if rest.endswith("}"):
                writer.write(b"+ go\r\n")
                size = int(rest[rest.rindex("{") + 1 : -1])
                self.said.append((await reader.readexactly(size)).decode())
                await reader.readline()
            if rest == "AUTHENTICATE PLAIN":
                writer.write(b"+ \r\n")
                self.said.append(b64decode(await reader.readline()).decode())
            answer = self.plan[name].pop(0) if self.plan.get(name) else "OK done"
            if answer == HANG_UP:
                break
            if answer == DRIP:
                await drip(reader, writer)
                self.was_cut.set()
                break
            if name == "CAPABILITY":
                writer.write(f"* CAPABILITY {self.capabilities}\r\n".encode())
            if answer.startswith("OK") and name in self.untagged:
                writer.write(f"{self.untagged[name]}\r\n".encode())
            writer.write(f"{tag} {answer}\r\n".encode())
        writer.close()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Go on for ever with one line, until the client hangs up."""
    end = asyncio.ensure_future(reader.read())
    while not end.done():
        writer.write(b" ")
        await asyncio.wait([end], timeout=0.02)


@pytest.fixture
async def server() -> AsyncIterator[Imap]:
    imap = Imap()
    listener = await asyncio.start_server(imap.serve, "127.0.0.1", 0)
    imap.port = listener.sockets[0].getsockname()[1]
    yield imap
    listener.close()


def client(server: Imap, retry: RetryPolicy, **more: Any) -> ImapMail:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "username": "us",
        "password": SecretStr("hunter2"),
        "timeout_seconds": 5.0,
        "retry": retry,
        **more,
    }
    return ImapMail(**given)


@pytest.fixture
async def mail(server: Imap, retry: RetryPolicy) -> AsyncIterator[ImapMail]:
    mail = client(server, retry)
    yield mail
    await mail.aclose()


async def failure(call: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await call
    return caught.value


async def test_anothers_mailbox_is_opened_by_its_name(server: Imap, mail: ImapMail) -> None:
    server.untagged["SEARCH"] = "* SEARCH 3"

    found = await mail.find_sent("<o'neil+1@example.com>", mailbox=HUB)

    assert found is SentLookup.FOUND
    assert f"{HUB}\0us\0hunter2" in server.said
    assert 'EXAMINE "Gesendet"' in server.said
    assert server.said[-1] == "UID SEARCH HEADER Message-ID <o'neil+1@example.com>"


@pytest.mark.parametrize(
    ("files_sent", "expected"), [(True, SentLookup.ABSENT), (False, SentLookup.UNKNOWABLE)]
)
async def test_no_copy_is_a_proof_only_where_the_server_files_them(
    server: Imap, retry: RetryPolicy, *, files_sent: bool, expected: SentLookup
) -> None:
    mail = client(server, retry, files_sent=files_sent)
    server.plan["EXAMINE"] = ["OK done", "NO [NONEXISTENT] no such folder"]
    server.untagged["SEARCH"] = "* SEARCH"

    assert await mail.find_sent("<1@x>", mailbox=HUB) is expected
    assert await mail.find_sent("<1@x>", mailbox=HUB) is expected
    await mail.aclose()


async def test_a_login_opens_its_own_mailbox_by_login(server: Imap, retry: RetryPolicy) -> None:
    mail = client(server, retry, username="Hub@example.com")

    await mail.find_sent("<1@x>", mailbox=HUB)
    await mail.aclose()

    assert 'LOGIN Hub@example.com "hunter2"' in server.said


async def test_a_connection_is_used_again_when_it_still_answers(
    server: Imap, mail: ImapMail
) -> None:
    for _ in range(2):
        await mail.find_sent("<1@x>", mailbox=HUB)
    server.plan["NOOP"] = [HANG_UP]
    await mail.find_sent("<1@x>", mailbox=HUB)
    await mail.find_sent("<1@x>", mailbox="other@example.com")

    assert server.connections == 3


@pytest.mark.parametrize(
    ("command", "refusal", "kind"),
    [
        ("AUTHENTICATE", "NO [AUTHENTICATIONFAILED] no", NeedsReauthError),
        ("AUTHENTICATE", "NO go away", NeedsReauthError),
        ("AUTHENTICATE", "NO [UNAVAILABLE] later", TransientError),
        ("AUTHENTICATE", HANG_UP, TransientError),
        ("EXAMINE", "NO [SERVERBUG] oops", TransientError),
        ("EXAMINE", "NO [THROTTLED] slow down", RateLimitedError),
        ("EXAMINE", "NO [NONEXISTENT] Unknown folder", ServiceNotFoundError),
        ("EXAMINE", "NO [LIMIT] too many", RateLimitedError),
        ("SEARCH", "BAD what?", RejectedError),
        ("SEARCH", HANG_UP, TransientError),
    ],
)
async def test_refusals_are_classified(
    server: Imap, mail: ImapMail, command: str, refusal: str, kind: type[ConnectorError]
) -> None:
    server.plan[command] = [refusal] * 3

    error = await failure(mail.fetch(mailbox=HUB))

    assert type(error) is kind
    assert len(error.cure) > 20


async def test_secrets_and_addresses_stay_out_of_errors(server: Imap, mail: ImapMail) -> None:
    server.plan["AUTHENTICATE"] = [f"NO {HUB} is not hunter2"]

    error = await failure(mail.folders(mailbox=HUB))

    assert "hunter2" not in str(error)
    assert HUB not in str(error)
    assert "HOTROD_IMAP__PASSWORD" in error.cure


async def test_a_read_is_tried_again_on_another_connection(
    server: Imap, mail: ImapMail, waits: list[float]
) -> None:
    server.plan["EXAMINE"] = [HANG_UP]
    server.untagged["SEARCH"] = "* SEARCH"

    assert (await mail.fetch(mailbox=HUB)).messages == ()
    assert (server.connections, waits) == (2, [1.0])


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("MOVE", HANG_UP, UnknownOutcomeError),
        ("MOVE", "NO [UNAVAILABLE] later", TransientError),
        ("MOVE", "NO [TRYCREATE] no such folder", ServiceNotFoundError),
        ("SELECT", HANG_UP, TransientError),
    ],
)
async def test_a_move_is_asked_once(
    server: Imap, mail: ImapMail, command: str, answer: str, kind: type[ConnectorError]
) -> None:
    server.untagged["SEARCH"] = "* SEARCH 5"
    server.plan[command] = [answer]

    error = await failure(mail.move("7.5.INBOX", mailbox=HUB, folder="Archive"))

    assert type(error) is kind
    moves = [line for line in server.said if line.startswith("UID MOVE")]
    assert moves == (['UID MOVE 5 "Archive"'] if command == "MOVE" else [])


@pytest.mark.parametrize("message", ["", "5", "7.x.INBOX", "8.5.INBOX"])
async def test_an_id_of_another_life_is_not_found(mail: ImapMail, message: str) -> None:
    assert type(await failure(mail.read(message, mailbox=HUB))) is ServiceNotFoundError


async def test_a_role_that_no_folder_has_is_not_found(server: Imap, mail: ImapMail) -> None:
    error = await failure(mail.fetch(mailbox=HUB, folder="archive"))

    assert type(error) is ServiceNotFoundError
    assert "archive" in str(error)


@pytest.mark.parametrize("cursor", ["", "nonsense", "8.11.0", "7.11", "٣.1.1.1"])
async def test_a_cursor_of_another_life_has_expired(mail: ImapMail, cursor: str) -> None:
    assert type(await failure(mail.fetch(mailbox=HUB, cursor=cursor))) is CursorExpiredError


async def test_the_last_message_is_not_new_although_a_range_names_it(
    server: Imap, mail: ImapMail
) -> None:
    server.untagged["SEARCH"] = "* SEARCH 11"

    page = await mail.fetch(mailbox=HUB, cursor="7.11.0")

    assert server.said[-1] == "UID SEARCH UID 12:*"
    assert (page.messages, page.cursor, page.is_last) == ((), "7.11.0", True)


async def test_headers_beyond_ascii_and_broken_ones_are_read(server: Imap, mail: ImapMail) -> None:
    header = (
        "Message-ID: <2@x>\r\nReferences: <0@x>\r\n <1@x>\r\n"
        "From: =?utf-8?q?Zo=C3=A9?= <z@x.org>\r\n"
        "To: undisclosed-recipients:;\r\nSubject: =?utf-8?b?UHLDqnQ=?=\r\n\r\n"
    )
    server.untagged["SEARCH"] = "* SEARCH 11"
    server.untagged["FETCH"] = (
        f'* 1 FETCH (UID 11 FLAGS (\\Seen) INTERNALDATE " 1-Feb-2026 12:00:00 -0500" '
        f"BODY[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO FROM TO CC SUBJECT)] "
        f"{{{len(header)}}}\r\n{header})"
    )

    (one,) = (await mail.fetch(mailbox=HUB)).messages

    assert (one.id, one.message_id, one.thread_id) == ("7.11.INBOX", "<2@x>", "<0@x>")
    assert (one.sender, one.recipients, one.subject) == ("z@x.org", (), "Prêt")
    assert one.received_at.isoformat() == "2026-02-01T12:00:00-05:00"
    assert one.is_read


async def test_a_server_that_can_not_push_is_said_to_be_one(mail: ImapMail) -> None:
    error = await failure(mail.wait_for_mail(mailbox=HUB, seconds=5))

    assert type(error) is RejectedError
    assert "IDLE" in error.message


@pytest.mark.parametrize(
    ("command", "kind"),
    [("STATUS", TransientError), ("LOGIN", TransientError), ("MOVE", UnknownOutcomeError)],
)
async def test_an_answer_without_end_is_cut_off(
    server: Imap, retry: RetryPolicy, command: str, kind: type[ConnectorError]
) -> None:
    mail = client(server, retry, timeout_seconds=0.2)
    server.untagged["SEARCH"] = "* SEARCH 5"
    server.plan[command] = [DRIP] * 3

    if command == "MOVE":
        asked: Any = mail.move("7.5.INBOX", mailbox="us", folder="Archive")
    else:
        asked = mail.folders(mailbox="us")
    error = await failure(asked)

    assert type(error) is kind
    assert "TimeoutError" in error.message
    async with asyncio.timeout(5):
        await server.was_cut.wait()
    await mail.aclose()


async def test_waiting_for_mail_ends_with_an_answer_that_has_none(
    server: Imap, retry: RetryPolicy
) -> None:
    mail = client(server, retry, timeout_seconds=0.2)
    server.plan["EXAMINE"] = [DRIP] * 3

    error = await failure(mail.wait_for_mail(mailbox="us", seconds=60))

    assert type(error) is TransientError
    assert "TimeoutError" in error.message
    await mail.aclose()


async def test_starttls_is_demanded_from_hosts_elsewhere(server: Imap, retry: RetryPolicy) -> None:
    mail = client(server, retry, security="starttls")

    error = await failure(mail.ping())
    await mail.aclose()

    assert type(error) is RejectedError
    assert "STARTTLS" in error.message
    assert not any("hunter2" in line for line in server.said)


async def test_nobody_there(retry: RetryPolicy, closed_port: int) -> None:
    mail = client(Imap(port=closed_port), retry)

    assert type(await failure(mail.ping())) is TransientError
    await mail.aclose()
