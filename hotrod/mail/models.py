"""Mail that we sent, one row per message, joined to its ticket."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from hotrod.db.columns import long_text, primary_key, timestamp


class Message(SQLModel, table=True):
    """One outgoing message; ``sent_at`` is set once the mail service has taken it."""

    __tablename__ = "messages"

    id: UUID = primary_key()
    ticket_id: UUID | None = Field(default=None, foreign_key="tickets.id", index=True)
    kind: str = Field(max_length=40, description="acknowledgement, quote, reminder_24h, ...")
    effect_key: str = Field(max_length=200, unique=True, description="See hotrod/keys.py.")
    message_id: str = Field(max_length=200, unique=True, description="With angle brackets.")
    sender: str = Field(max_length=254)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=300)
    text: str = long_text()
    html: str = long_text()
    created_at: datetime = timestamp()
    sent_at: datetime | None = timestamp(optional=True)
