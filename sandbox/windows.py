"""How often a service lets itself be asked: it really answers 429 past its limit."""

from __future__ import annotations

from collections import deque
from time import monotonic


class RateLimit:
    """At most so many calls in any window of so many seconds.

    Args:
        calls: allowed in a window.
        seconds: length of the window.
    """

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls = calls
        self.seconds = seconds
        self._taken: deque[float] = deque()

    def take(self) -> float | None:
        """Take one call; None: it is allowed, otherwise the seconds until the next one is."""
        now = monotonic()
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) >= self.calls:
            return self._taken[0] + self.seconds - now
        self._taken.append(now)
        return None

    @property
    def remaining(self) -> int:
        """Calls that are still allowed in this window."""
        since = monotonic() - self.seconds
        return self.calls - sum(moment > since for moment in self._taken)

    def clear(self) -> None:
        """Forget what was taken."""
        self._taken.clear()
