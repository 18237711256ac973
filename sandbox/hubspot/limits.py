"""Who may ask, and how often: 100 calls in 10 seconds, and 5 searches a second."""

from __future__ import annotations

from fastapi import Request

from sandbox.credentials import CREDENTIALS, same
from sandbox.hubspot.errors import HubSpotError, RateLimitError
from sandbox.state import State
from sandbox.windows import RateLimit

CALLS, SECONDS = 100, 10.0
SEARCHES = 5


class Limits:
    """How often the account may be used; searches are counted apart, and tell no headers."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the calls, and return to the limits of a small account."""
        self.allow(CALLS, SEARCHES)

    def allow(self, calls: int, searches: int) -> None:
        """Set other limits: calls in 10 seconds, searches in one."""
        self.calls = RateLimit(calls, SECONDS)
        self.searches = RateLimit(searches, 1.0)

    def headers(self) -> dict[str, str]:
        """Tell the limit, as answers do."""
        return {
            "X-HubSpot-RateLimit-Max": str(self.calls.calls),
            "X-HubSpot-RateLimit-Remaining": str(max(self.calls.remaining, 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(self.calls.seconds * 1000)),
            "X-HubSpot-RateLimit-Daily": "250000",
        }


async def enter(request: Request, state: State) -> None:
    """Let a call in, or refuse it; for use with ``Depends``.

    Raises:
        HubSpotError: the token is wrong, or calls come too often.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        text = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        raise HubSpotError(401, text)
    if not same(token, CREDENTIALS.hubspot_token):
        text = "Authentication credentials are invalid."
        raise HubSpotError(401, text)
    limits = state.store(Limits)
    if request.url.path.endswith("/search"):
        if limits.searches.take() is not None:
            raise RateLimitError("SECONDLY")
    elif limits.calls.take() is not None:
        raise RateLimitError("TEN_SECONDLY_ROLLING", limits.headers())
