"""How mail leaves, whatever carries it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connectors.mail.models import SentLookup


class MailTransport(Protocol):
    """Sends finished messages, and tells afterwards whether one was sent.

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
