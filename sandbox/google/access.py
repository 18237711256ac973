"""Who may call, and how often."""

from __future__ import annotations

from fastapi import Request

from sandbox.google.errors import GoogleError
from sandbox.google.tokens import GoogleTokens
from sandbox.state import SandboxState, State
from sandbox.windows import RateLimit


class Quotas:
    """What one user may ask in a minute.

    Drive counts in units since May 2026, and has not published what each call costs; this is
    the number of calls that it allowed before. Sheets counts reads and writes apart.
    """

    def __init__(self) -> None:
        self.drive = RateLimit(12_000, 60)
        self.sheets_reads = RateLimit(60, 60)
        self.sheets_writes = RateLimit(60, 60)

    def clear(self) -> None:
        """Forget what was taken."""
        for quota in (self.drive, self.sheets_reads, self.sheets_writes):
            quota.clear()


def for_drive(request: Request, state: State) -> None:
    """Let a call of Drive through.

    Raises:
        GoogleError: 401 or 403.
    """
    _authenticate(request, state)
    if state.store(Quotas).drive.take() is not None:
        raise GoogleError(403, "User Rate Limit Exceeded", "userRateLimitExceeded")


def for_sheets(request: Request, state: State) -> None:
    """Let a call of Sheets through.

    Raises:
        GoogleError: 401 or 429.
    """
    _authenticate(request, state, is_newer=True)
    quotas = state.store(Quotas)
    reads = request.method == "GET"
    if (quotas.sheets_reads if reads else quotas.sheets_writes).take() is not None:
        kind = "Read" if reads else "Write"
        text = f"Quota exceeded for quota metric '{kind} requests' per minute per user."
        raise GoogleError(429, text, "RATE_LIMIT_EXCEEDED", is_newer=True)


def _authenticate(request: Request, state: SandboxState, *, is_newer: bool = False) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not state.store(GoogleTokens).is_good(token):
        raise GoogleError(
            401,
            "Request had invalid authentication credentials.",
            "ACCESS_TOKEN_EXPIRED" if is_newer else "authError",
            location="Authorization",
            is_newer=is_newer,
        )
