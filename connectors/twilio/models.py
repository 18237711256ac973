"""What Twilio answers."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from connectors.twilio.errors import OPT_OUT_CODES

FINAL_STATUSES = frozenset({"delivered", "read", "undelivered", "failed", "received", "canceled"})
"""After one of these nothing else comes, but callbacks that were late."""


def _moment(written: object) -> object:
    """Read a date as mails write it (RFC 2822)."""
    return parsedate_to_datetime(written) if isinstance(written, str) else written


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Message(BaseModel):
    """A text, one way or the other.

    Args:
        status: ``queued``, ``sent``, ``delivered`` and others, see "Message status values".
        sender: number; None while a messaging service chooses.
        date_sent: None before it went out.
        error_code: why it failed.
    """

    sid: str
    to: str
    sender: str | None = Field(None, alias="from")
    body: str
    status: str
    direction: str
    date_created: Moment
    date_sent: Moment | None = None
    error_code: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL_STATUSES

    @property
    def is_opted_out(self) -> bool:
        """Whether it failed because the person wants no texts."""
        return self.error_code in OPT_OUT_CODES


class MessagePage(BaseModel):
    """A page of texts."""

    messages: list[Message]
    next_page_uri: str | None = None


class Account(BaseModel):
    """Who we are: ``active``, ``suspended`` or ``closed``."""

    status: str
