"""What the mail services answer."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel


class SentLookup(Enum):
    """What a mailbox says about a message that may have been sent from it."""

    FOUND = "found"
    """The message was sent: its copy is kept."""
    ABSENT = "absent"
    """There is no copy, or not yet: Exchange keeps it some seconds after it took the message."""
    UNKNOWABLE = "unknowable"
    """This transport has no way to tell."""


class SentItem(BaseModel):
    """A message in Graph's Sent Items; only its id is asked for."""

    id: str


class SentItems(BaseModel):
    """A page of Graph's Sent Items."""

    value: list[SentItem]


class GraphFault(BaseModel):
    """The inside of Graph's error body."""

    code: str = ""
    message: str = ""


class GraphFaultBody(BaseModel):
    """Graph's error body, ``{"error": {"code", "message", ...}}``."""

    error: GraphFault
