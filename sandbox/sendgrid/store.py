"""The mails that were handed over."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.windows import RateLimit

MAX_KEPT = 2000
CALLS, SECONDS = 600, 60.0
"""Ours: SendGrid tells its limit in headers, and in no page."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One personalization of what was sent; ``to`` holds all who get it, copies included."""

    sender: str
    to: Sequence[str]
    subject: str
    content: str
    files: Sequence[str] = ()
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Sent:
    """The latest mails, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Mail] = deque(maxlen=MAX_KEPT)
        self.limit = RateLimit(CALLS, SECONDS)

    def add(self, mail: Mail) -> None:
        """Keep a mail."""
        self._kept.append(mail)

    def all(self) -> list[Mail]:
        """Return the mails, oldest first."""
        return list(self._kept)

    def remove(self, mail_id: str) -> None:
        """Delete a mail, if it is there."""
        for mail in [one for one in self._kept if one.id == mail_id]:
            self._kept.remove(mail)

    def clear(self) -> None:
        """Forget all mails."""
        self._kept.clear()
        self.limit.clear()
