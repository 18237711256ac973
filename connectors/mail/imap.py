"""Mailboxes on any server that speaks IMAP (RFC 3501 or 9051), beside the SMTP that sends."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from imaplib import IMAP4
from typing import TypeVar

from imapclient.exceptions import LoginError
from pydantic import SecretStr

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.client import WAITS
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors._http.threads import Threads
from connectors.mail.errors import IMAP_CURES, CursorExpiredError, classify_imap
from connectors.mail.imap_session import ImapServer, ImapSession, NoSuchFolderError, Security
from connectors.mail.imap_summary import ITEMS, Place, read_place, summarize
from connectors.mail.message import read_message
from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary, SentLookup

SERVICE = "mail.imap"
PAGE = 100

_SLICE_SECONDS = 2.0
_BAD_SECURITY = "Check HOTROD_IMAP__SECURITY, HOTROD_IMAP__HOST and the server's certificate."

Result = TypeVar("Result")


class ImapMail:
    """A ``MailReader`` over IMAP; and the keeper of sent copies for ``SmtpMail``.

    Connections are kept open for a minute, each logged in to one mailbox. With a login that
    isn't the mailbox's own, it must be allowed to act for it, see ``ImapSession``.

    Args:
        host: name or address of the server.
        port: 993 for TLS, 143 for STARTTLS.
        security: see ``HOTROD_IMAP__SECURITY``; ``auto`` as for SMTP.
        username: login; a mailbox's address, or an account that may open all of them.
        password: its password.
        sent_folder: where sent mail lies if no folder is marked as such (RFC 6154).
        files_sent: whether the SMTP server itself files what it sends, as Exchange and Gmail
            do. If not, the copy is filed by us, after the message was taken; then a copy proves
            that a message was sent, but no copy proves nothing.
        timeout_seconds: longest wait for connect and for each read; three times as long for all
            of a command's answer.
        shared: with the other processes that use the account.
        retry: when reading is tried again.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security = "tls",
        username: str,
        password: SecretStr,
        sent_folder: str = "Sent",
        files_sent: bool = False,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._server = ImapServer(
            host, port, security, username, password, sent_folder, timeout_seconds
        )
        self.files_sent = files_sent
        self._error = ErrorBuilder(SERVICE, IMAP_CURES, Redactor([password]))
        longest = timeout_seconds * WAITS
        self._threads = Threads("imap", longest_seconds=longest)
        self._caller = Caller(SERVICE, shared, retry, slots=self._threads.slots)
        self._idling = Threads("imap-idle", most=20, longest_seconds=longest)
        self._is_closed = False
        self._free: dict[str, deque[ImapSession]] = {}

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the folders that hold messages; their ids are their names."""

        def act(session: ImapSession) -> list[MailFolder]:
            found = []
            for name, role in session.listed:
                told = session.client.folder_status(name, ["MESSAGES", "UNSEEN"])
                found.append(MailFolder(name, name, role, told[b"MESSAGES"], told[b"UNSEEN"]))
            return found

        return await self._ask("folders", mailbox, act)

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return what came into a folder since a cursor, the oldest first.

        A change of flags is told where the server counts changes (CONDSTORE); messages that left
        the folder are not: IMAP doesn't name them.
        """
        return await self._ask("fetch", mailbox, partial(self._fetch, folder, cursor))

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message, and leave it unread."""

        def act(session: ImapSession) -> MailMessage:
            place = self._opened(session, "read", message)
            told = session.client.fetch([place.uid], ["BODY.PEEK[]"]).get(place.uid)
            if told is None:
                raise self._gone("read")
            return read_message(told[b"BODY[]"])

        return await self._ask("read", mailbox, act)

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages that name a thread's first message, and that one itself."""

        def act(session: ImapSession) -> list[MailSummary]:
            found: list[MailSummary] = []
            names = ("References", "In-Reply-To", "Message-ID")
            first, second, third = (("HEADER", name, thread_id) for name in names)
            either = ["OR", *first, "OR", *second, *third]
            for name, _role in session.listed:
                opened = session.open(name)
                uids = session.client.search(either, _charset(thread_id))
                found += _summaries(session, opened.uid_validity, name, uids)
            ours = (one for one in found if one.thread_id == thread_id)
            return sorted(ours, key=lambda one: one.received_at)

        return await self._ask("thread", mailbox, act)

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Move a message; its id changes, as all ids of IMAP do that change folders.

        Raises:
            UnknownOutcomeError: it may have been moved; list both folders.
        """

        def act(session: ImapSession) -> None:
            target = session.name_of(folder)
            place = self._opened(session, "move", message, for_writing=True)
            if not session.client.search(["UID", str(place.uid)]):
                raise self._gone("move")
            with session.writing():
                session.client.move([place.uid], target)

        await self._ask("move", mailbox, act, safe=False)

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look for the sent copy; without one, nothing is known unless the server files them."""

        def act(session: ImapSession) -> bool:
            session.open("sent")
            criteria = ["HEADER", "Message-ID", message_id]
            return bool(session.client.search(criteria, _charset(message_id)))

        try:
            found = await self._ask("find_sent", mailbox, act)
        except ServiceNotFoundError:  # no folder of sent mail yet
            found = False
        if found:
            return SentLookup.FOUND
        return SentLookup.ABSENT if self.files_sent else SentLookup.UNKNOWABLE

    async def file_sent(self, mime: bytes, *, mailbox: str) -> None:
        """File the copy of a message that was sent; the folder is made if it is missing.

        Raises:
            ConnectorError: it was not filed, or may have been.
        """

        def act(session: ImapSession) -> None:
            name = session.name_of("sent")
            with session.writing():
                if not session.client.folder_exists(name):
                    session.client.create_folder(name)
                session.client.append(name, mime, [b"\\Seen"])

        await self._ask("file_sent", mailbox, act, safe=False)

    async def wait_for_mail(
        self, *, mailbox: str, folder: str = "inbox", seconds: float, cursor: str | None = None
    ) -> bool:
        """Wait until something comes into a folder, told by the server at once (IDLE).

        Args:
            mailbox: its address.
            folder: role or name.
            seconds: longest wait; servers end it after 29 minutes.
            cursor: of the last page that was fetched: what came since then counts as well.

        Returns:
            whether something came.

        Raises:
            RejectedError: the server can't push (no IDLE); ask with ``fetch`` now and then.
            ConnectorError: the folder could not be watched.
        """
        deadline = time.monotonic() + seconds

        async def attempt(_trace: Trace) -> bool:
            with self._classified("wait_for_mail"):
                session = await self._idling.run(partial(ImapSession, self._server, mailbox))
                try:
                    return await self._wait(session, folder, deadline, cursor)
                finally:
                    session.close()

        return await self._caller.call("wait_for_mail", attempt, safe=True)

    async def ping(self) -> None:
        """Connect and log in, to no mailbox but the login's own."""
        await self._ask("ping", "", lambda session: session.client.noop())

    async def aclose(self) -> None:
        """Close all connections."""
        self._is_closed = True
        self._threads.close()
        self._idling.close()
        for sessions in self._free.values():
            for session in sessions:
                session.close()
        self._free.clear()

    def _fetch(self, folder: str, cursor: str | None, session: ImapSession) -> MailPage:
        opened = session.open(folder)
        known = _read_cursor(cursor)
        if cursor is not None and (known is None or known[0] != opened.uid_validity):
            raise self._error(CursorExpiredError, "fetch", "the folder's numbers have changed")
        validity, last, changes = known or (opened.uid_validity, 0, opened.changes)
        # "9:*" always names the last message, even if its number is less (RFC 9051, 9).
        new = sorted(uid for uid in session.client.search(["UID", f"{last + 1}:*"]) if uid > last)
        changed: Sequence[int] = ()
        if last and 0 < changes < opened.changes:
            since = str(changes + 1)
            changed = session.client.search(["UID", f"1:{last}", "MODSEQ", since])
        uids = [*changed, *new[:PAGE]]
        is_last = len(new) <= PAGE
        seen = max([last, *new[:PAGE], opened.next_uid - 1 if is_last else 0])
        return MailPage(
            messages=tuple(_summaries(session, validity, opened.name, uids)),
            removed=(),
            cursor=f"{validity}.{seen}.{opened.changes}",
            is_last=is_last,
        )

    async def _wait(
        self, session: ImapSession, folder: str, deadline: float, cursor: str | None
    ) -> bool:
        def begin() -> bool:
            opened = session.open(folder)
            known = _read_cursor(cursor)
            if known and (known[0] != opened.uid_validity or known[1] + 1 < opened.next_uid):
                return True
            session.client.idle()
            return False

        def listen() -> bool:
            return session.idle_until_news(min(left, _SLICE_SECONDS))

        came = await self._idling.run(begin)
        while not came and (left := deadline - time.monotonic()) > 0:
            came = await self._idling.run(listen)
        return came

    async def _ask(
        self,
        operation: str,
        mailbox: str,
        act: Callable[[ImapSession], Result],
        *,
        safe: bool = True,
    ) -> Result:
        async def attempt(_trace: Trace) -> Result:
            with self._classified(operation, safe=safe):
                return await self._threads.run(partial(self._once, operation, mailbox, act))

        return await self._caller.call(operation, attempt, safe=safe)

    def _once(self, operation: str, mailbox: str, act: Callable[[ImapSession], Result]) -> Result:
        with self._classified(operation):
            session = self._session(mailbox)
        try:
            with self._classified(operation, session):
                result = act(session)
        except BaseException:
            session.close()
            raise
        self._keep(mailbox, session)
        return result

    def _session(self, mailbox: str) -> ImapSession:
        """Return an open connection that nobody uses, or a new one."""
        free = self._free.setdefault(mailbox, deque())
        while free:
            with suppress(IndexError):  # another thread was quicker
                session = free.pop()
                if session.is_alive():
                    return session
                session.close()
        return ImapSession(self._server, mailbox)

    def _keep(self, mailbox: str, session: ImapSession) -> None:
        if self._is_closed:
            session.close()
        else:
            self._free[mailbox].append(session)

    def _opened(
        self, session: ImapSession, operation: str, message: str, *, for_writing: bool = False
    ) -> Place:
        """Open the folder that a message lies in.

        Raises:
            ServiceNotFoundError: the id is none, or of another life of the folder.
        """
        place = read_place(message)
        if place is None:
            raise self._gone(operation)
        opened = session.open(place.folder, for_writing=for_writing)
        if opened.uid_validity != place.uid_validity:
            raise self._gone(operation)
        return place

    @contextmanager
    def _classified(
        self, operation: str, session: ImapSession | None = None, *, safe: bool = True
    ) -> Iterator[None]:
        try:
            yield
        except (IMAP4.error, OSError, NoSuchFolderError) as cause:
            is_writing = session.is_writing if session else not safe
            raise self._failure(operation, cause, is_writing=is_writing) from None

    def _failure(self, operation: str, cause: Exception, *, is_writing: bool) -> ConnectorError:
        if isinstance(cause, ssl.SSLError):
            return self._error(RejectedError, operation, "TLS failed", cure=_BAD_SECURITY)
        if isinstance(cause, IMAP4.abort | OSError):
            kind = UnknownOutcomeError if is_writing else TransientError
            return self._error(kind, operation, f"no answer ({type(cause).__name__})")
        if isinstance(cause, NoSuchFolderError):
            return self._error(ServiceNotFoundError, operation, str(cause))
        refused = classify_imap(str(cause), at_login=isinstance(cause, LoginError))
        return self._error(refused, operation, f"answered {cause}")

    def _gone(self, operation: str) -> ConnectorError:
        return self._error(ServiceNotFoundError, operation, "the message isn't there")


def _read_cursor(cursor: str | None) -> tuple[int, int, int] | None:
    """Read validity, last number, and number of the latest change; None: there is none."""
    parts = (cursor or "").split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):  # noqa: PLR2004
        return None
    validity, last, changes = map(int, parts)
    return validity, last, changes


def _summaries(
    session: ImapSession, uid_validity: int, folder: str, uids: Sequence[int]
) -> list[MailSummary]:
    found = []
    for begin in range(0, len(uids), PAGE):
        told = session.client.fetch(uids[begin : begin + PAGE], ITEMS)
        found += [
            summarize(Place(uid_validity, uid, folder), told[uid])
            for uid in uids[begin : begin + PAGE]
            if uid in told
        ]
    return found


def _charset(text: str) -> str | None:
    """Name a charset only where it is needed: not all servers take one."""
    return None if text.isascii() else "UTF-8"
