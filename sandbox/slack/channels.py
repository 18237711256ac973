"""Slack's channels and what was posted to them."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_KEPT = 2000

_NAME = re.compile(r"#[\w-]{1,80}")
_ID = re.compile(r"[CDGU][A-Z0-9]{6,20}")


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """One message; ``ts`` is its id within the channel."""

    channel: str
    channel_name: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    thread_ts: str | None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Channels:
    """The latest messages of all channels, oldest first. Every well-formed channel exists."""

    def __init__(self) -> None:
        self._kept: deque[PostedMessage] = deque(maxlen=MAX_KEPT)
        self._serial = itertools.count(1)

    def id_of(self, channel: str) -> str | None:
        """Return a channel's id, given its id or ``#name``; None: there can't be such a one."""
        if _ID.fullmatch(channel):
            return channel
        if _NAME.fullmatch(channel):
            return "C" + hashlib.sha256(channel.lower().encode()).hexdigest()[:10].upper()
        return None

    def next_ts(self) -> str:
        """Return a timestamp that no other message has."""
        return f"{int(time.time())}.{next(self._serial) % 1_000_000:06d}"

    def add(self, message: PostedMessage) -> None:
        """Keep a message."""
        self._kept.append(message)

    def messages(self) -> list[PostedMessage]:
        """Return the messages kept, oldest first."""
        return list(self._kept)

    def clear(self) -> None:
        """Forget all messages."""
        self._kept.clear()
