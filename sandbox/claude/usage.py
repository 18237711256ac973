"""What is kept of Claude calls: the exchanges for the page, and the rate window."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.claude.diagnosis import Diagnosis, split_request
from sandbox.claude.request import CreateMessage

MAX_KEPT = 500
WINDOW = timedelta(minutes=1)
REQUESTS_PER_WINDOW = 4000
INPUT_TOKENS_PER_WINDOW = 10_000_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answered call."""

    message: CreateMessage
    diagnosis: Diagnosis
    answer: dict[str, Any]
    request_id: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def problem(self) -> str:
        """The customer's own words."""
        return split_request(self.message.text())[1].strip()


class Exchanges:
    """The latest exchanges, newest first."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=MAX_KEPT)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        self._kept.appendleft(exchange)

    def clear(self) -> None:
        """Forget all exchanges."""
        self._kept.clear()


class RateWindow:
    """What may still be asked within the current minute, as the rate headers tell it."""

    def __init__(self) -> None:
        self._start_anew(datetime.now(UTC))

    def take(self, input_tokens: int) -> bool:
        """Use up one request and its tokens, if the window still holds them."""
        now = datetime.now(UTC)
        if now >= self._ends:
            self._start_anew(now)
        if self._requests < 1 or self._input_tokens < input_tokens:
            return False
        self._requests -= 1
        self._input_tokens -= input_tokens
        return True

    def wait(self) -> str:
        """Return the whole seconds until the window ends, for retry-after."""
        return str(max(1, int((self._ends - datetime.now(UTC)).total_seconds()) + 1))

    def headers(self) -> dict[str, str]:
        """Return the rate headers of an answer."""
        ends = self._ends.strftime("%Y-%m-%dT%H:%M:%SZ")
        start = "anthropic-ratelimit"
        return {
            f"{start}-requests-limit": str(REQUESTS_PER_WINDOW),
            f"{start}-requests-remaining": str(self._requests),
            f"{start}-requests-reset": ends,
            f"{start}-input-tokens-limit": str(INPUT_TOKENS_PER_WINDOW),
            f"{start}-input-tokens-remaining": str(self._input_tokens),
            f"{start}-input-tokens-reset": ends,
        }

    def clear(self) -> None:
        """Begin a new window."""
        self._start_anew(datetime.now(UTC))

    def _start_anew(self, now: datetime) -> None:
        self._ends = now + WINDOW
        self._requests = REQUESTS_PER_WINDOW
        self._input_tokens = INPUT_TOKENS_PER_WINDOW
