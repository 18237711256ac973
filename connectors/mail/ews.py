"""Mail through Exchange Web Services, for Exchange servers on premises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from exchangelib import UTC
from exchangelib.services import GetServerTimeZones
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import SendAsDeniedError
from connectors.mail.ews_calls import EwsCalls, Login
from connectors.mail.ews_mailbox import EwsMailbox
from connectors.mail.message import sent_from
from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary, SentLookup

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class EwsMail:
    """A ``MailTransport`` and ``MailReader`` over EWS, acting as the owners of the mailboxes.

    Its ids of messages change when they are moved. Source: "EWS operations in Exchange".

    Args:
        base_url: the service's endpoint, ending in ``Exchange.asmx``.
        username: service account with the role ApplicationImpersonation.
        password: its password.
        login: how the account proves itself: ``basic`` (by HTTPS only) or ``ntlm``.
        timeout_seconds: longest wait for connect, and for each read.
        shared: with the other processes that use the account.
        retry: when reading is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        username: str,
        password: SecretStr,
        login: Login = "basic",
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._ews = EwsCalls(
            endpoint=base_url,
            username=username,
            password=password,
            login=login,
            timeout_seconds=timeout_seconds,
            shared=shared,
            retry=retry,
        )

    async def send(
        self,
        mime: bytes,
        *,
        mailbox: str,
        sender: str,
        recipients: Sequence[str],  # noqa: ARG002 - Exchange reads them in the message
    ) -> None:
        """Send a message; Exchange takes the addresses from its headers, Bcc included.

        An alias needs the right Send As. Where Exchange denies it, the message goes from the
        mailbox itself, and answers to it go to the alias (Reply-To).
        """
        try:
            await self._send(mime, mailbox)
        except SendAsDeniedError:
            if sender.lower() == mailbox.lower():
                raise
            log.warning("mail.sent_without_alias")
            await self._send(sent_from(mime, mailbox), mailbox)

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look in Sent Items; a copy may appear some seconds after Exchange took the message."""
        found = await self._at(mailbox, "find_sent", lambda box: box.has_sent(message_id))
        return SentLookup.FOUND if found else SentLookup.ABSENT

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the folders of mail, however deep; calendars, contacts and tasks are left out."""
        return await self._at(mailbox, "folders", lambda box: box.folders())

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return a page of at most 100 changes; see ``MailReader.fetch``."""
        return await self._at(mailbox, "fetch", lambda box: box.changes(folder, cursor))

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message, attachments included."""
        return await self._at(mailbox, "read", lambda box: box.read(message))

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages of a conversation in all folders of mail, the oldest first."""
        return await self._at(mailbox, "thread", lambda box: box.thread(thread_id))

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Move a message to another folder, where it has another id."""
        await self._at(mailbox, "move", lambda box: box.move(message, folder), safe=False)

    async def ping(self) -> None:
        """Ask for a time zone: it proves reach and credentials, not the right to impersonate."""
        zones = GetServerTimeZones(protocol=self._ews.connections)
        await self._ews.call("ping", lambda: list(zones.call(timezones=[UTC])), safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        self._ews.close()

    async def _send(self, mime: bytes, mailbox: str) -> None:
        await self._at(mailbox, "send", lambda box: box.send(mime), safe=False)

    async def _at(
        self,
        mailbox: str,
        operation: str,
        act: Callable[[EwsMailbox], Result],
        *,
        safe: bool = True,
    ) -> Result:
        return await self._ews.call(
            operation, lambda: act(EwsMailbox(self._ews.account(mailbox))), safe=safe
        )
