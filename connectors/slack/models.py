"""What Slack answers."""

from __future__ import annotations

from pydantic import BaseModel


class Answer(BaseModel):
    """What every answer holds: a failure is an HTTP 200 with ``ok: false`` and a code."""

    ok: bool
    error: str = ""


class PostAnswer(Answer):
    """Answer of ``chat.postMessage``; channel and time stamp are there when ``ok``."""

    channel: str = ""
    ts: str = ""


class PostedMessage(BaseModel):
    """A message that stands in a channel; ``ts`` is its id there."""

    channel: str
    ts: str
