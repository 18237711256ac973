"""How often an app may use each method in a workspace. Source: Slack, "Rate limits", and theirs."""

from __future__ import annotations

from sandbox.windows import RateLimit

TIER_2, TIER_3 = 20, 50
MINUTE = 60.0
CALLS = {
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.list": TIER_2,
}
"""Calls a minute. ``chat.postMessage`` is counted by channel, ``auth.test`` as good as not."""


class MethodLimits:
    """The calls of the last minute, by method. A tier's bursts are borne by nothing here."""

    def __init__(self) -> None:
        self.clear()

    def of(self, method: str) -> RateLimit | None:
        """Return a method's limit; None: it has none."""
        return self._limits.get(method)

    def clear(self) -> None:
        """Forget the calls."""
        self._limits = {method: RateLimit(calls, MINUTE) for method, calls in CALLS.items()}
