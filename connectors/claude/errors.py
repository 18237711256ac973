"""The error table of Anthropic's API, with cures for ops."""

from __future__ import annotations

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors.claude.models import Usage

TABLE: ErrorTable = {
    "enforced_spend_limit_reached": RejectedError,
    "contract_spend_limit_reached": RejectedError,
    "invalid_request_error": RejectedError,
    "authentication_error": NeedsReauthError,
    "billing_error": RejectedError,
    "permission_error": NeedsReauthError,
    "not_found_error": ServiceNotFoundError,
    "request_too_large": RejectedError,
    "rate_limit_error": RateLimitedError,
    "api_error": TransientError,
    "timeout_error": TransientError,
    "overloaded_error": TransientError,
    529: TransientError,
}
"""Codes, and types for streams and batches, whose errors come without a status of their own.

The spend limits come as a 429, but are about money, not pace; 529 is an overload.
Source: https://platform.claude.com/docs/en/api/errors
"""

CURES: Cures = {
    NeedsReauthError: "Make a new key in the Anthropic console and set HOTROD_CLAUDE__API_KEY.",
    UnknownOutcomeError: "Look for the batch in the Anthropic console before it is sent again.",
    RejectedError: (
        "Check HOTROD_CLAUDE__MODEL, and credit and spend limits in the Anthropic console."
    ),
}

LONGER_ANSWER = "Raise HOTROD_CLAUDE__MAX_OUTPUT_TOKENS."
SHORTER_QUESTION = "Ask with less text, or fewer pictures."
READ_THE_REQUEST = "A person has to do what was asked of the model."


class UnusableAnswerError(RejectedError):
    """The model answered, and was paid for it, but not in the shape that was asked for.

    Args:
        service: as in ``ConnectorError``, like all but the last.
        operation: what was asked.
        message: what is wrong with the answer.
        cure: what a person can do.
        retry_after_seconds: always None.
        usage: what the answer took, for the budget.
    """

    def __init__(
        self,
        service: str,
        operation: str,
        message: str,
        cure: str | None,
        retry_after_seconds: float | None,
        usage: Usage,
    ) -> None:
        super().__init__(service, operation, message, cure, retry_after_seconds)
        self.args = (*self.args, usage)
        self.usage = usage
