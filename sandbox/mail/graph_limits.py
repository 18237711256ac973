"""Who may ask Graph, and how often: 10,000 calls in ten minutes for each mailbox.

Source: "Microsoft Graph service-specific throttling limits", Outlook. Its other limits, four calls
at a time and 150 MB sent in five minutes, are not played; nor are those of subscriptions.
"""

from __future__ import annotations

import math

from fastapi import Request

from sandbox.mail.graph_call import GraphError, mailbox_of
from sandbox.mail.tokens import Tokens
from sandbox.state import State
from sandbox.windows import RateLimit

CALLS, SECONDS = 10_000, 600.0


class MailboxLimits:
    """How often the application may ask for each mailbox; one doesn't wait for another."""

    def __init__(self) -> None:
        self._limits: dict[str, RateLimit] = {}

    def of(self, mailbox: str) -> RateLimit:
        """Return how often may be asked for a mailbox."""
        return self._limits.setdefault(mailbox, RateLimit(CALLS, SECONDS))

    def clear(self) -> None:
        """Forget the calls."""
        self._limits.clear()


async def enter(request: Request, state: State) -> None:
    """Let a call in, or refuse it; for use with ``Depends``.

    Raises:
        GraphError: 401, 404 when its mailbox can't be one, or 429.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
    if not state.store(Tokens).is_good(token):
        text = "Access token has expired or is not yet valid."
        raise GraphError(401, "InvalidAuthenticationToken", text)
    if user := request.path_params.get("user"):
        wait = state.store(MailboxLimits).of(mailbox_of(user)).take()
        if wait is not None:
            text = "Application is over its request limit for this mailbox."
            raise GraphError(429, "ApplicationThrottled", text, str(math.ceil(wait)))
