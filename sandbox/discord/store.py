"""What was posted by the webhook."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.windows import RateLimit

MAX_KEPT = 2000
CALLS, SECONDS = 5, 2.0


@dataclass(frozen=True, slots=True)
class Post:
    """One message."""

    number: int
    username: str
    content: str
    embeds: list[dict[str, Any]]
    at: datetime


class Posts:
    """The latest messages, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Post] = deque(maxlen=MAX_KEPT)
        self._numbers = itertools.count(1)
        self.limit = RateLimit(CALLS, SECONDS)

    def add(
        self,
        username: str,
        content: str,
        embeds: list[dict[str, Any]],
        at: datetime | None = None,
    ) -> None:
        """Keep a message; without a moment it was posted now."""
        moment = at or datetime.now(UTC)
        self._kept.append(Post(next(self._numbers), username, content, embeds, moment))

    def all(self) -> list[Post]:
        """Return the messages, oldest first."""
        return list(self._kept)

    def remove(self, number: int) -> None:
        """Delete a message, if it is there."""
        for post in [one for one in self._kept if one.number == number]:
            self._kept.remove(post)

    def clear(self) -> None:
        """Forget all messages."""
        self._kept.clear()
        self._numbers = itertools.count(1)
        self.limit.clear()
