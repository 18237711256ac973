"""When the transport itself tries again, and how long it waits before."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors._http.errors import ConnectorError, RateLimitedError, TransientError


@dataclass(frozen=True)
class RetryPolicy:
    """Tries a safe call three times: waits 1 s, then 2 s, and up to half of it more by chance.

    A Retry-After of the service is waited out instead when it is short; a longer one is left to
    the caller. A write is only tried again when the service said by Retry-After that it did not
    take it.

    Args:
        tries: calls in all, the first included.
        first_wait_seconds: doubles with each try.
        longest_wait_seconds: a longer Retry-After is not waited out.
        sleep: waits; tests replace it.
        chance: a number from 0 to 1; tests replace it.
    """

    tries: int = 3
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def wait_seconds(self, tried: int, error: ConnectorError, *, safe: bool) -> float | None:
        """Return how long to wait before the next try; None: there is none.

        Args:
            tried: calls made so far.
            error: how the last one failed.
            safe: repeating the call changes nothing.
        """
        told = error.retry_after_seconds
        limited = isinstance(error, RateLimitedError)
        if tried >= self.tries or not (limited or isinstance(error, TransientError)):
            return None
        if not safe and not (limited and told is not None):
            return None
        if told is not None:
            return told if told <= self.longest_wait_seconds else None
        return self.first_wait_seconds * 2.0 ** (tried - 1) * (1 + self.chance() / 2)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date; None if unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
    return seconds if 0 <= seconds < float("inf") else None
