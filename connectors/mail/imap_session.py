"""One conversation with an IMAP server, one command after the other; it blocks."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from imaplib import IMAP4
from typing import Literal

from imapclient import IMAPClient
from imapclient.exceptions import LoginError
from pydantic import SecretStr

from connectors._http.lines import take_line
from connectors._http.network import is_loopback, trusted_tls

Security = Literal["auto", "starttls", "tls", "none"]

ROLES: dict[bytes, str] = {
    b"\\Sent": "sent",
    b"\\Drafts": "drafts",
    b"\\Trash": "trash",
    b"\\Junk": "junk",
    b"\\Archive": "archive",
}
"""Special uses of folders (RFC 6154) and our names of them."""

_FRESH_SECONDS = 60.0


@dataclass(frozen=True)
class ImapServer:
    """Where mailboxes are and who we are there; see ``ImapMail``."""

    host: str
    port: int
    security: Security
    username: str
    password: SecretStr
    sent_folder: str
    timeout_seconds: float


@dataclass(frozen=True)
class OpenFolder:
    """What a server says of a folder when it is opened.

    Args:
        name: of the folder.
        uid_validity: changes when its numbers lose their meaning.
        next_uid: number of the next message that comes.
        changes: number of its latest change (RFC 7162); 0: the server counts none.
    """

    name: str
    uid_validity: int
    next_uid: int
    changes: int


class NoSuchFolderError(LookupError):
    """The mailbox has no folder for that role."""


class ImapSession:
    """A connection that is logged in to one mailbox.

    Whoever's login it is, its own mailbox is opened by LOGIN, and another's as a proxy does: by
    the authorization identity of AUTHENTICATE PLAIN (RFC 4616, 2), as Dovecot's master users and
    Cyrus' admins may.

    Args:
        server: where and who.
        mailbox: its address; empty: that of the login.

    Raises:
        IMAP4.error: the server refuses; ``at_login`` tells of the login.
        OSError: it isn't reached, or TLS fails.
    """

    def __init__(self, server: ImapServer, mailbox: str) -> None:
        self._server = server
        self._used_at = time.monotonic()
        self.is_writing = False
        """Whether a command was sent that changes something, and is not answered yet."""
        self._client = _connected(server)
        try:
            secret = server.password.get_secret_value()
            if mailbox.lower() in ("", server.username.lower()):
                self.client.login(server.username, secret)
            else:
                self.client.plain_login(server.username, secret, mailbox)
        except LoginError as refused:
            self.close()
            # imapclient also says so when the connection ended.
            ended = refused.__context__
            raise ended if isinstance(ended, IMAP4.abort) else refused from None
        except BaseException:
            self.close()
            raise

    @property
    def client(self) -> IMAPClient:
        """The connection; whoever asks for it sends a command, which has its own time."""
        take_line(self._client.socket())
        return self._client

    def is_alive(self) -> bool:
        """Tell whether the connection can be used once more."""
        if time.monotonic() - self._used_at > _FRESH_SECONDS:
            return False
        with suppress(IMAP4.error, OSError):
            self.client.noop()
            self._used_at = time.monotonic()
            return True
        return False

    def open(self, folder: str, *, for_writing: bool = False) -> OpenFolder:
        """Open a folder, given by role or by name.

        Raises:
            NoSuchFolderError: there is none for the role.
            IMAP4.error: the server refuses, as when there is none of the name.
        """
        name = self.name_of(folder)
        told = self.client.select_folder(name, readonly=not for_writing)
        return OpenFolder(
            name=name,
            uid_validity=int(told[b"UIDVALIDITY"]),
            next_uid=int(told.get(b"UIDNEXT", 0)),
            changes=int(told.get(b"HIGHESTMODSEQ", 0)),
        )

    def name_of(self, folder: str) -> str:
        """Return the name of a folder, given by role or by name.

        Raises:
            NoSuchFolderError: there is none for the role.
        """
        if folder == "inbox":
            return "INBOX"
        if folder not in ROLES.values():
            return folder
        known = next((name for name, role in self.listed if role == folder), "")
        if not known and folder == "sent":
            known = self._server.sent_folder
        if not known:
            raise NoSuchFolderError(f"the mailbox has no folder marked as {folder}")
        return known

    @cached_property
    def listed(self) -> list[tuple[str, str]]:
        """Names and roles of the folders that hold messages."""
        return [
            (name, "inbox" if name.upper() == "INBOX" else _role(flags))
            for flags, _, name in self.client.list_folders()
            if b"\\Noselect" not in flags and b"\\NonExistent" not in flags
        ]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Mark that what is sent within changes something."""
        self.is_writing = True
        try:
            yield
        except IMAP4.abort:
            raise
        except IMAP4.error:
            self.is_writing = False  # the server answered, and refused
            raise
        self.is_writing = False

    def idle_until_news(self, seconds: float) -> bool:
        """Wait for what the server pushes (RFC 2177); True: something came into the folder.

        Raises:
            ConnectionError: the server ended the connection, which imapclient doesn't tell.
        """
        begin = time.monotonic()
        told = self.client.idle_check(timeout=seconds)
        if not told and time.monotonic() - begin < seconds / 2:
            raise ConnectionError("the server ended the connection")
        return any(len(one) > 1 and one[1] == b"EXISTS" for one in told)

    def close(self) -> None:
        """Close the connection without ceremony."""
        with suppress(IMAP4.error, OSError):
            self._client.shutdown()


def _connected(server: ImapServer) -> IMAPClient:
    lenient = server.security == "auto" and is_loopback(server.host)
    at_once = server.security == "tls"
    client = IMAPClient(
        server.host,
        server.port,
        ssl=at_once,
        ssl_context=trusted_tls() if at_once else None,
        timeout=server.timeout_seconds,
    )
    client.normalise_times = False
    try:
        if server.security in ("auto", "starttls") and not (
            lenient and not client.has_capability("STARTTLS")
        ):
            client.starttls(_trusting_all() if lenient else trusted_tls())
    except BaseException:
        with suppress(IMAP4.error, OSError):
            client.shutdown()
        raise
    return client


def _trusting_all() -> ssl.SSLContext:
    """Return the context for this machine itself, where nobody listens in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _role(flags: Iterable[bytes]) -> str:
    return next((ROLES[flag] for flag in flags if flag in ROLES), "")
