"""How any mail goes out: composed once, stored, and sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from connectors.mail.models import SentLookup
from hotrod.durable.effects import Found, perform
from hotrod.errors import HotrodError
from hotrod.keys import message_id
from hotrod.mail.compose import ComposedMail
from hotrod.mail.mime import build_mime
from hotrod.mail.models import Message
from hotrod.mail.rules import Address
from hotrod.mail.store import add_message, find_message, mark_sent
from tasks._policy import REFUSED
from tasks._resources import resources

_FOUND = {
    SentLookup.FOUND: Found.DONE,
    SentLookup.ABSENT: Found.NOT_DONE,
    SentLookup.UNKNOWABLE: Found.UNKNOWABLE,
}


@dataclass(frozen=True)
class Letter:
    """A mail to be sent.

    Args:
        key: of the effect, see ``hotrod/keys.py``.
        kind: what it is, e.g. ``quote``.
        sender: the From line.
        recipient: the To line.
        reply_to: where answers go, when not to the sender.
        ticket_id: of the ticket that it is about, if it is about one.
        references: Message-IDs of earlier mail in the thread, the oldest first.
        headers: further headers.
    """

    key: str
    kind: str
    sender: Address
    recipient: Address
    reply_to: str | None = None
    ticket_id: UUID | None = None
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class UnwantedLetterError(HotrodError):
    """A mail was to be sent that isn't wanted any more; nothing was sent."""


async def always() -> bool:
    """Stand for the look whether a mail is still wanted, of one that always is."""
    return True


async def send_once(
    letter: Letter,
    compose: Callable[[], ComposedMail],
    is_wanted: Callable[[], Awaitable[bool]] = always,
) -> bool:
    """Compose a mail unless that was done before, and send it unless that was done before.

    Args:
        letter: to whom, and how.
        compose: writes it.
        is_wanted: looks, right before it is sent, whether it still is to be.

    Returns:
        whether there was anything to do.

    Raises:
        UnwantedLetterError: it isn't wanted any more, and was never sent.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        message = await find_message(session, letter.key)
        if message is not None and message.sent_at is not None:
            return False
        if message is None:
            message = await add_message(session, _draft(letter, compose()))
    mime = build_mime(
        sender=letter.sender,
        reply_to=letter.reply_to,
        recipient=Address(letter.recipient.name, message.recipient),
        subject=message.subject,
        text=message.text,
        html=message.html,
        message_id=message.message_id,
        references=[known for known in letter.references if known != message.message_id],
        headers=letter.headers,
        date=message.created_at,
    )
    mailbox = str(kit.company.hub_mailbox)
    sent_id, recipients = message.message_id, [message.recipient]

    async def act() -> dict[str, Any]:
        if not await is_wanted():
            raise UnwantedLetterError(f"{letter.kind} isn't wanted any more")
        sender = letter.sender.email
        await kit.mail.send(mime, mailbox=mailbox, sender=sender, recipients=recipients)
        return {"message_id": sent_id}

    async def look_up() -> Found:
        found = await kit.mail.find_sent(sent_id, mailbox=mailbox)
        if found is SentLookup.ABSENT:  # Exchange files the copy some time after it took the mail
            await asyncio.sleep(kit.settings.mail.filing_seconds)
            found = await kit.mail.find_sent(sent_id, mailbox=mailbox)
        return _FOUND[found]

    refused = (*REFUSED, UnwantedLetterError)
    await perform(kit.database, letter.key, act, look_up, refused=refused)
    async with kit.database.transaction() as session:
        await mark_sent(session, message.id)
    return True


def _draft(letter: Letter, mail: ComposedMail) -> Message:
    return Message(
        ticket_id=letter.ticket_id,
        kind=letter.kind,
        effect_key=letter.key,
        message_id=message_id(letter.key, letter.sender.domain),
        sender=letter.sender.email,
        recipient=letter.recipient.email,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
    )
