"""Slack's channels and what was posted to them."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.windows import RateLimit

MAX_KEPT = 2000
BURST = 300
"""One message a second and channel on average; Slack bears bursts, and doesn't say how long."""

_NAME = re.compile(r"#[\w-]{1,80}")
_ID = re.compile(r"[CDGU][A-Z0-9]{6,20}")

Blocks = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """One message; ``ts`` is its id within the channel."""

    channel: str
    channel_name: str
    ts: str
    text: str
    blocks: Blocks
    attachments: list[dict[str, Any]]
    thread_ts: str | None
    metadata: dict[str, Any] | None = None
    edited_ts: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def buttons(self) -> list[tuple[str, dict[str, Any]]]:
        """Return its buttons, each with the id of its block."""
        return [
            (str(block.get("block_id", f"b{place}")), element)
            for place, block in enumerate(self.blocks)
            if block.get("type") == "actions" and isinstance(block.get("elements"), list)
            for element in block["elements"]
            if isinstance(element, dict) and element.get("type") == "button"
        ]


class Channels:
    """The latest messages of all channels, oldest first. Every well-formed channel exists."""

    def __init__(self) -> None:
        self._kept: deque[PostedMessage] = deque(maxlen=MAX_KEPT)
        self._serial = itertools.count(1)
        self._limits: dict[str, RateLimit] = {}
        self.names: dict[str, str] = {}
        self.clear()

    def id_of(self, channel: str) -> str | None:
        """Return a channel's id, given its id or ``#name``; None: there can't be such a one."""
        if _ID.fullmatch(channel):
            return channel
        if _NAME.fullmatch(channel):
            made = "C" + hashlib.sha256(channel.lower().encode()).hexdigest()[:10].upper()
            self.names.setdefault(made, channel.removeprefix("#").lower())
            return made
        return None

    def next_ts(self) -> str:
        """Return a timestamp that no other message has."""
        return f"{int(time.time())}.{next(self._serial) % 1_000_000:06d}"

    def limit_of(self, channel: str) -> RateLimit:
        """Return how fast may be posted to a channel."""
        return self._limits.setdefault(channel, RateLimit(BURST, float(BURST)))

    def add(self, message: PostedMessage) -> None:
        """Keep a message."""
        self._kept.append(message)

    def messages(self) -> list[PostedMessage]:
        """Return the messages kept, oldest first."""
        return list(self._kept)

    def get(self, channel: str, ts: str) -> PostedMessage | None:
        """Return a message."""
        return next((one for one in self._kept if (one.channel, one.ts) == (channel, ts)), None)

    def edit(self, message: PostedMessage, **changes: object) -> PostedMessage:
        """Change a message."""
        edited = replace(message, edited_ts=self.next_ts(), **changes)  # type: ignore[arg-type]
        self._kept[self._kept.index(message)] = edited
        return edited

    def remove(self, message: PostedMessage) -> None:
        """Delete a message."""
        self._kept.remove(message)

    def clear(self) -> None:
        """Forget all messages."""
        self._kept.clear()
        self._limits.clear()
        self.names.clear()
        self.id_of("#general")
