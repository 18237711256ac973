"""The error table of Slack, with cures for ops."""

from __future__ import annotations

from connectors._http.client import Cures
from connectors._http.errors import (
    ErrorTable,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)

TABLE: ErrorTable = {
    "not_authed": NeedsReauthError,
    "invalid_auth": NeedsReauthError,
    "account_inactive": NeedsReauthError,
    "token_revoked": NeedsReauthError,
    "token_expired": NeedsReauthError,
    "missing_scope": NeedsReauthError,
    "ratelimited": RateLimitedError,
    "rate_limited": RateLimitedError,
    "fatal_error": TransientError,
    "internal_error": TransientError,
    "service_unavailable": TransientError,
}
"""Codes of ``ok: false``; all others say that the request is wrong. Source: each method's page.

``fatal_error`` and ``internal_error`` may come after the act: "some aspect of the operation
succeeded before the error was raised". On a write they are an unknown outcome.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Reinstall the app in the workspace with the scope chat:write and set "
        "HOTROD_SLACK__BOT_TOKEN."
    ),
    RejectedError: (
        "Check that the channel in HOTROD_SLACK__CHANNEL exists, is not archived, and has the "
        "bot as a member."
    ),
    ServiceNotFoundError: "Check HOTROD_SLACK__BASE_URL.",
    UnknownOutcomeError: "Look in the channel whether the message is there.",
}
