"""What Slack is told, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field


@dataclass(frozen=True)
class Mark:
    """What a message carries unseen, so that it is found again ("message metadata").

    Args:
        event_type: kind of marks, in snake_case.
        payload: names one message; at most some kB, and nothing that is secret.
    """

    event_type: str
    payload: Mapping[str, str]


class Answer(BaseModel):
    """What every answer holds: a failure is an HTTP 200 with ``ok: false`` and a code."""

    ok: bool
    error: str = ""


class PostAnswer(Answer):
    """Answer of ``chat.postMessage``; channel and time stamp are there when ``ok``."""

    channel: str = ""
    ts: str = ""


class Cursor(BaseModel):
    """Where the next page begins; empty: this is the last one."""

    next_cursor: str = ""


class PagedAnswer(Answer):
    """Answer with a page of a list."""

    response_metadata: Cursor = Cursor()

    @property
    def cursor(self) -> str | None:
        """Where the next page begins; None: this is the last one."""
        return self.response_metadata.next_cursor or None


class Metadata(BaseModel):
    """A mark, as it is read."""

    event_type: str
    event_payload: dict[str, object]


class Message(BaseModel):
    """A message as a channel's history shows it."""

    ts: str
    text: str = ""
    metadata: Metadata | None = None

    def carries(self, mark: Mark) -> bool:
        """Tell whether it has a mark; it may say more."""
        seen = self.metadata
        return (
            seen is not None
            and seen.event_type == mark.event_type
            and mark.payload.items() <= seen.event_payload.items()
        )


class HistoryAnswer(PagedAnswer):
    """Answer of ``conversations.history``, newest first."""

    messages: list[Message] = Field(default_factory=list)


class Channel(BaseModel):
    """A channel, by id and by name without ``#``."""

    id: str
    name: str = ""


class ChannelsAnswer(PagedAnswer):
    """Answer of ``conversations.list``."""

    channels: list[Channel] = Field(default_factory=list)


class PostedMessage(BaseModel):
    """A message that stands in a channel; ``ts`` is its id there."""

    channel: str
    ts: str
