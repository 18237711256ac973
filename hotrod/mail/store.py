"""Read and write the messages that we send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from hotrod.db.columns import now
from hotrod.db.rows import insert_once
from hotrod.mail.models import Message

T = TypeVar("T")


async def find_message(session: AsyncSession, effect_key: str) -> Message | None:
    """Return the message with this effect key, or None."""
    found = await session.exec(select(Message).where(Message.effect_key == effect_key))
    return found.first()


async def add_message(session: AsyncSession, message: Message) -> Message:
    """Store a message to be sent; the stored one when its key is there already."""
    if await insert_once(session, message, unique="effect_key"):
        return message
    found = await session.exec(select(Message).where(Message.effect_key == message.effect_key))
    return found.one()


async def mark_sent(session: AsyncSession, message_id: UUID) -> None:
    """Note that the mail service has taken a message."""
    await session.exec(
        update(Message)
        .where(col(Message.id) == message_id, col(Message.sent_at).is_(None))
        .values(sent_at=now())
    )


async def thread(session: AsyncSession, ticket_id: UUID) -> Sequence[str]:
    """Return the Message-IDs of a ticket's sent mail, oldest first, for ``References``."""
    found = await session.exec(_sent(select(Message.message_id), ticket_id))
    return found.all()


async def sent_mails(session: AsyncSession, ticket_id: UUID) -> Sequence[Message]:
    """Return the mails that a ticket's customer has been sent, oldest first."""
    found = await session.exec(_sent(select(Message), ticket_id))
    return found.all()


def _sent(wanted: SelectOfScalar[T], ticket_id: UUID) -> SelectOfScalar[T]:
    of_ticket = wanted.where(Message.ticket_id == ticket_id, col(Message.sent_at).is_not(None))
    return of_ticket.order_by(col(Message.sent_at))
