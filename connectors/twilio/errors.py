"""The error table of Twilio, with cures for ops.

Source: twilio.com/docs/api/errors, by number.
"""

from __future__ import annotations

import re

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
    TransientError,
    UnknownOutcomeError,
)

_NUMBER = re.compile(r"\+?\d[\d()\s.-]{5,}[\dX]")


class OptedOutError(RejectedError):
    """The person has said STOP to our sender; only they can take it back, by START."""

    default_cure = "Mark the customer as not wanting texts; reach them by mail."


class UnreachableNumberError(RejectedError):
    """The number takes no texts: it is none, a landline, or where we may not send."""

    default_cure = "Correct the customer's number, or reach them by mail."


OPT_OUT_CODES = frozenset({21610, 63014})
"""By which a refusal, or a text that failed later, says that the person wants none from us."""

TABLE: ErrorTable = {
    "20003": NeedsReauthError,
    "20005": NeedsReauthError,
    "20008": NeedsReauthError,
    "20404": ServiceNotFoundError,
    "14107": RateLimitedError,
    "20429": RateLimitedError,
    "21611": RateLimitedError,
    "63018": RateLimitedError,
    "63038": RateLimitedError,
    "20500": TransientError,
    "20503": TransientError,
    "21211": UnreachableNumberError,
    "21214": UnreachableNumberError,
    "21217": UnreachableNumberError,
    "21408": UnreachableNumberError,
    "21612": UnreachableNumberError,
    "21614": UnreachableNumberError,
    **{str(code): OptedOutError for code in OPT_OUT_CODES},
}
"""Numbered codes; all others go by their status, most of them 400: the request is wrong."""

CURES: Cures = {
    NeedsReauthError: (
        "Set HOTROD_TWILIO__ACCOUNT_SID and HOTROD_TWILIO__AUTH_TOKEN as the console shows them; "
        "look there whether the account is active."
    ),
    RejectedError: (
        "Look the number up at twilio.com/docs/api/errors; check that HOTROD_TWILIO__SENDER is a "
        "number or service of this account."
    ),
    RateLimitedError: "It is tried again later; if it lasts, send less at a time.",
    ServiceNotFoundError: (
        "Check HOTROD_TWILIO__BASE_URL and HOTROD_TWILIO__ACCOUNT_SID; a text may be deleted."
    ),
    UnknownOutcomeError: "Look in the console's message log whether the text is there.",
}


class _Fault(BaseModel):
    code: int | None = None
    message: str = ""


def read_problem(response: httpx.Response) -> Problem:
    """Read number and text of a refusal; telephone numbers in it are masked."""
    try:
        fault = _Fault.model_validate_json(response.content)
    except ValueError:
        return Problem()
    return Problem(str(fault.code or ""), _NUMBER.sub("[number]", fault.message))
