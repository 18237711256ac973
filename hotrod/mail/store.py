"""Read and write the messages that we send."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.mail.models import Message


async def find_message(session: AsyncSession, effect_key: str) -> Message | None:
    """Return the message with this effect key, or None."""
    found = await session.exec(select(Message).where(Message.effect_key == effect_key))
    return found.first()


async def add_message(session: AsyncSession, message: Message) -> Message:
    """Store a message to be sent; the stored one when its key is there already."""
    await session.exec(
        insert(Message)
        .values(**message.model_dump())
        .on_conflict_do_nothing(index_elements=["effect_key"])
    )
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
    return [message.message_id for message in await sent_mails(session, ticket_id)]


async def sent_mails(session: AsyncSession, ticket_id: UUID) -> Sequence[Message]:
    """Return the mails that a ticket's customer has been sent, oldest first."""
    found = await session.exec(
        select(Message)
        .where(Message.ticket_id == ticket_id, col(Message.sent_at).is_not(None))
        .order_by(col(Message.sent_at))
    )
    return found.all()
