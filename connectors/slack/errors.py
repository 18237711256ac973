"""The error table of Slack, with cures for ops."""

from __future__ import annotations

import httpx

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
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
    "no_permission": NeedsReauthError,
    "not_allowed_token_type": NeedsReauthError,
    "access_denied": NeedsReauthError,
    "ekm_access_denied": NeedsReauthError,
    "org_login_required": NeedsReauthError,
    "team_access_not_granted": NeedsReauthError,
    "ratelimited": RateLimitedError,
    "rate_limited": RateLimitedError,
    "message_limit_exceeded": RateLimitedError,
    "message_not_found": ServiceNotFoundError,
    "expired_url": ServiceNotFoundError,
    "used_url": ServiceNotFoundError,
    "fatal_error": TransientError,
    "internal_error": TransientError,
    "request_timeout": TransientError,
    "service_unavailable": TransientError,
    "team_added_to_org": TransientError,
}
"""Codes of ``ok: false``; all others say that the request is wrong. Source: each method's page.

``fatal_error`` and ``internal_error`` may come after the act: "some aspect of the operation
succeeded before the error was raised". On a write they are an unknown outcome.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Reinstall the app in the workspace with the scopes chat:write, channels:read and "
        "channels:history (groups:read and groups:history for private channels), and set "
        "HOTROD_SLACK__BOT_TOKEN."
    ),
    RejectedError: (
        "Check that the channel in HOTROD_SLACK__CHANNEL exists, is not archived, and has the "
        "bot as a member."
    ),
    ServiceNotFoundError: (
        "The message was deleted, or is too old to be answered; if it always fails, check "
        "HOTROD_SLACK__BASE_URL."
    ),
    UnknownOutcomeError: "Look in the channel whether the message is there.",
}


def read_answer(response: httpx.Response) -> Problem:
    """Read the refusal of a ``response_url``: a code as bare text."""
    text = response.text.strip()
    return Problem(text if text in TABLE else "")
