"""Mail through any server that takes submissions by SMTP (RFC 6409), read by IMAP."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from pydantic import SecretStr

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.network import is_loopback, trusted_tls
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import SMTP_CURES, classify_smtp
from connectors.mail.imap import ImapMail
from connectors.mail.imap_session import Security
from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary, SentLookup

log = structlog.get_logger(__name__)

SERVICE = "mail.smtp"

_FRESH_SECONDS = 60.0
_CLOSING = 421
_NO_IMAP = "Set HOTROD_IMAP__HOST: SMTP only takes mail, reading it needs IMAP."
_BAD_SECURITY = "Check HOTROD_SMTP__SECURITY, HOTROD_SMTP__HOST and the server's certificate."


class SmtpMail:
    """A ``MailTransport`` over SMTP.

    One connection is kept open and used by one message at a time. The envelope's sender is the
    mailbox, whatever alias the From header shows: bounces come back there, and servers compare
    it with the login.

    Args:
        host: name or address of the server.
        port: submission port.
        security: see ``HOTROD_SMTP__SECURITY``; ``auto`` demands STARTTLS with a certificate
            that is good, but on loopback takes what is offered.
        username: login; empty: none.
        password: its password.
        timeout_seconds: longest wait for connect and for each reply.
        imap: reads the mailboxes, and closes with this; None: nothing can be read.
        shared: with the other processes that use the account.
        retry: when a ping is tried again, and how long a message may wait for its turn; none is
            sent again.
        clock: seconds that only grow; tests replace it.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security = "auto",
        username: str = "",
        password: SecretStr | None = None,
        timeout_seconds: float,
        imap: ImapMail | None = None,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password or SecretStr("")
        self._timeout = timeout_seconds
        self._imap = imap
        self._clock = clock
        self._error = ErrorBuilder(SERVICE, SMTP_CURES, Redactor([self._password]))
        self._smtp: SMTP | None = None
        self._used_at = 0.0
        self._turn = asyncio.Lock()
        self._caller = Caller(SERVICE, shared, retry, slots=self._turn)

    async def send(
        self,
        mime: bytes,
        *,
        mailbox: str,
        sender: str,  # noqa: ARG002 - in the message; the envelope has the mailbox
        recipients: Sequence[str],
    ) -> None:
        """Send a message to all recipients, or to none: one refused refuses all.

        Where the server files no sent mail, the copy is filed by IMAP. A copy that can't be filed
        is logged and missing; the message was sent.
        """

        async def attempt(_trace: Trace) -> None:
            try:
                smtp = await self._announce(mailbox, recipients)
                await self._hand_over(smtp, mime)
            except BaseException:
                self._drop()
                raise

        await self._caller.call("send", attempt, safe=False)
        if self._imap is not None and not self._imap.files_sent:
            try:
                await self._imap.file_sent(mime, mailbox=mailbox)
            except ConnectorError as error:
                log.warning("mail.copy_not_filed", error=str(error))

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look in the folder of sent mail, see ``ImapMail``; without IMAP, it is unknowable."""
        if self._imap is None:
            return SentLookup.UNKNOWABLE
        return await self._imap.find_sent(message_id, mailbox=mailbox)

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the folders of a mailbox."""
        return await self._reader("folders").folders(mailbox=mailbox)

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return what came into a folder since a cursor."""
        reader = self._reader("fetch")
        return await reader.fetch(mailbox=mailbox, folder=folder, cursor=cursor)

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message."""
        return await self._reader("read").read(message, mailbox=mailbox)

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages of a conversation."""
        return await self._reader("thread").thread(thread_id, mailbox=mailbox)

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Move a message to another folder."""
        await self._reader("move").move(message, mailbox=mailbox, folder=folder)

    async def ping(self) -> None:
        """Connect, log in if there is a login, and exchange a NOOP; by IMAP likewise."""

        async def attempt(_trace: Trace) -> None:
            try:
                await (await self._connected()).noop()
            except (SMTPException, OSError) as cause:
                self._drop()
                raise self._failure("ping", cause) from None

        await self._caller.call("ping", attempt, safe=True)
        if self._imap is not None:
            await self._imap.ping()

    async def aclose(self) -> None:
        """Say goodbye and close the connection."""
        async with self._turn:
            if self._smtp is not None:
                with suppress(SMTPException, OSError):
                    await self._smtp.quit()
                self._drop()
        if self._imap is not None:
            await self._imap.aclose()

    def _reader(self, operation: str) -> ImapMail:
        if self._imap is None:
            reason = "nothing can be read by SMTP"
            raise self._error(RejectedError, operation, reason, cure=_NO_IMAP)
        return self._imap

    async def _announce(self, mailbox: str, recipients: Sequence[str]) -> SMTP:
        """Name sender and recipients; on a connection that went stale, once more on a new one."""
        reused = self._smtp is not None
        try:
            smtp = await self._connected()
            await _envelope(smtp, mailbox, recipients)
        except (SMTPException, OSError, ValueError) as cause:
            if not (reused and _hung_up(cause)):
                raise self._failure("send", cause) from None
            self._drop()
            return await self._announce(mailbox, recipients)
        return smtp

    async def _hand_over(self, smtp: SMTP, mime: bytes) -> None:
        """Send the message itself; without a reply, nobody knows whether it was taken."""
        try:
            await smtp.data(mime)
        except (SMTPException, OSError) as cause:
            if isinstance(cause, SMTPDataError):
                raise self._failure("send", cause) from None
            raise self._error(
                UnknownOutcomeError, "send", f"no reply to DATA ({type(cause).__name__})"
            ) from None
        self._used_at = self._clock()

    async def _connected(self) -> SMTP:
        """Return the open connection, or a new one if it idled too long to be trusted."""
        if self._smtp is not None:
            if self._smtp.is_connected and self._clock() - self._used_at < _FRESH_SECONDS:
                return self._smtp
            self._drop()
        smtp = self._client()
        await smtp.connect()
        self._smtp = smtp
        self._used_at = self._clock()
        return smtp

    def _client(self) -> SMTP:
        lenient = self._security == "auto" and is_loopback(self._host)
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username or None,
            password=self._password.get_secret_value() if self._username else None,
            local_hostname="localhost" if is_loopback(self._host) else None,
            timeout=self._timeout,
            use_tls=self._security == "tls",
            start_tls=None if lenient else self._security in ("auto", "starttls"),
            validate_certs=not lenient,
            tls_context=None if lenient or self._security == "none" else trusted_tls(),
        )

    def _failure(self, operation: str, cause: Exception) -> ConnectorError:
        """Classify what went wrong before the message itself was sent."""
        if isinstance(cause, SMTPResponseException):
            return self._error(
                classify_smtp(cause.code), operation, f"answered {cause.code} {cause.message}"
            )
        if isinstance(cause, ssl.SSLError) or isinstance(cause.__cause__, ssl.SSLError):
            return self._error(RejectedError, operation, "TLS failed", cure=_BAD_SECURITY)
        if isinstance(cause, ValueError):
            return self._error(RejectedError, operation, "an address can't be sent")
        if isinstance(cause, OSError):
            return self._error(TransientError, operation, f"no answer ({type(cause).__name__})")
        return self._error(RejectedError, operation, str(cause), cure=_BAD_SECURITY)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


async def _envelope(smtp: SMTP, mailbox: str, recipients: Sequence[str]) -> None:
    """Send MAIL and RCPT; addresses beyond ASCII need a server with SMTPUTF8 (RFC 6531)."""
    ascii_only = "".join([mailbox, *recipients]).isascii()
    utf8 = not ascii_only and smtp.supports_extension("smtputf8")
    encoding = "utf-8" if utf8 else "ascii"
    await smtp.mail(mailbox, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
    for recipient in recipients:
        await smtp.rcpt(recipient, encoding=encoding)


def _hung_up(cause: Exception) -> bool:
    """Tell whether the server ended the connection, as it may with one that idled."""
    if isinstance(cause, SMTPResponseException):
        return cause.code == _CLOSING
    return isinstance(cause, SMTPServerDisconnected)
