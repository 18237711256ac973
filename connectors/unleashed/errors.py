"""The error table of Unleashed, with cures for ops."""

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

_USED_UP = "allowance_used_up"
_TOO_MANY = 429


class AllowanceUsedUpError(RateLimitedError):
    """The account's calls of this month are used up; all are refused until the next begins.

    Source: the vendor's "Understanding your API usage limits", which tells no status: a 429
    that doesn't say when to come back is taken for it.
    """

    default_cure: ClassVar[str] = (
        "Look at the API usage in Unleashed under Integration; the allowance is given anew on "
        "the 1st at 00:00 UTC. Until then buy more calls, or pause the deployments that sync."
    )


TABLE: ErrorTable = {_USED_UP: AllowanceUsedUpError}

CURES: Cures = {
    NeedsReauthError: (
        "Copy id and key from Integration > Unleashed API Access to HOTROD_UNLEASHED__API_ID and "
        "HOTROD_UNLEASHED__API_KEY."
    ),
    RejectedError: (
        "Read the reason; products, warehouses and suppliers that are named must be there in "
        "Unleashed."
    ),
    ServiceNotFoundError: "Look for it in Unleashed; if all is missing, check "
    "HOTROD_UNLEASHED__BASE_URL.",
    UnknownOutcomeError: "Look in Unleashed by the GUID; with the same one, repeating is safe.",
}


class _Fault(BaseModel):
    description: str = ""

    model_config = {"alias_generator": str.title}


def read_problem(response: httpx.Response) -> Problem:
    """Read the reason from an answer, and whether the allowance is used up."""
    is_end = response.status_code == _TOO_MANY and "retry-after" not in response.headers
    try:
        text = _Fault.model_validate_json(response.content).description
    except ValueError:
        text = ""
    return Problem(_USED_UP if is_end else "", text)
