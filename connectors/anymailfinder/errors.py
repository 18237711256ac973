"""The error table of Anymail Finder, with cures for ops."""

from __future__ import annotations

from typing import ClassVar

import httpx
from pydantic import BaseModel

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)


class CreditsUsedUpError(RejectedError):
    """The account has no credits left; nothing is found until there are more."""

    default_cure: ClassVar[str] = (
        "Buy credits in the Anymail Finder account, or pause the deployments that look for "
        "addresses until the next billing period."
    )


TABLE: ErrorTable = {402: CreditsUsedUpError, "server_busy": RateLimitedError}
"""``server_busy`` (a 503) says that the request waited in a queue and was not served."""

CURES: Cures = {
    NeedsReauthError: (
        "Copy the API key from the settings of the Anymail Finder account to "
        "HOTROD_ANYMAILFINDER__API_KEY."
    ),
    RejectedError: "Give a person's full name, and the domain or the name of a company.",
    ServiceNotFoundError: "Check HOTROD_ANYMAILFINDER__BASE_URL; it has no version in it.",
    UnknownOutcomeError: "Ask again; at worst a second verification is charged.",
}


class _Fault(BaseModel):
    error: str = ""


def read_problem(response: httpx.Response) -> Problem:
    """Read the code of a refusal; the words beside it may repeat whom we looked for."""
    try:
        return Problem(_Fault.model_validate_json(response.content).error)
    except ValueError:
        return Problem()
