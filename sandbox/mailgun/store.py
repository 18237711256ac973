"""The mails that were handed over."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.credentials import CREDENTIALS
from sandbox.windows import RateLimit

MAX_KEPT = 2000
CALLS, SECONDS = 300, 60.0


def _new_id() -> str:
    return f"<{uuid.uuid4().hex}@{CREDENTIALS.mailgun_domain}>"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail; ``to`` holds all who get it, copies included."""

    sender: str
    to: Sequence[str]
    subject: str
    text: str = ""
    html: str = ""
    files: Sequence[str] = ()
    id: str = field(default_factory=_new_id)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Mails:
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
