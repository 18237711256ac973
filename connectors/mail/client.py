"""How mail leaves and comes in, whatever carries it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary, SentLookup


class MailReader(Protocol):
    """Reads mailboxes, and puts messages in their place."""

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the folders of a mailbox.

        Raises:
            ConnectorError: the mailbox could not be read.
        """

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return a page of what came into a folder since a cursor.

        Args:
            mailbox: its address.
            folder: a role (``inbox``, ``sent``, ...), or the id of a folder.
            cursor: of the page before; None: from the first message on.

        Raises:
            CursorExpiredError: the service doesn't know the cursor any more: begin with None.
            ConnectorError: the folder could not be read.
        """

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message, attachments included.

        Args:
            message: its ``MailSummary.id``.
            mailbox: where it lies.

        Raises:
            ServiceNotFoundError: it isn't there any more.
            ConnectorError: it could not be read.
        """

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages of a conversation in all folders, the oldest first.

        Raises:
            ConnectorError: the mailbox could not be read.
        """

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Move a message to another folder; arguments as for ``read`` and ``fetch``.

        Raises:
            ServiceNotFoundError: the message or the folder isn't there.
            ConnectorError: it was not moved, for the reason that the class says.
        """


class MailTransport(MailReader, Protocol):
    """Sends finished messages, tells afterwards whether one was sent, and reads mailboxes.

    A transport belongs to one event loop; its connections are opened when first needed.
    """

    async def send(
        self, mime: bytes, *, mailbox: str, sender: str, recipients: Sequence[str]
    ) -> None:
        """Send a message once; returns when the mail service has taken it.

        Args:
            mime: the message (RFC 5322), Message-ID included.
            mailbox: address of the mailbox it is sent from, where bounces come back.
            sender: address in its From header: the mailbox, or an alias of it.
            recipients: all who get it.

        Raises:
            UnknownOutcomeError: it may have been sent; look with ``find_sent`` before repeating.
            ConnectorError: it was not sent, for the reason that the class says.
        """

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look in a mailbox for the kept copy of a message.

        Args:
            message_id: its Message-ID, angle brackets included.
            mailbox: address of the mailbox it was sent from.

        Raises:
            ConnectorError: the mailbox could not be searched.
        """

    async def ping(self) -> None:
        """Check that the service is reached and takes our credentials.

        Raises:
            ConnectorError: it does not.
        """

    async def aclose(self) -> None:
        """Close all connections."""
