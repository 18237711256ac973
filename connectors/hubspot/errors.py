"""The error table of HubSpot, with cures for ops, and its error bodies read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

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
from connectors._http.retry import retry_after_seconds


class UnknownPropertyError(RejectedError):
    """Some properties aren't defined; whatever has one of them is refused.

    ``names`` are theirs.
    """

    names: frozenset[str] = frozenset()


TABLE: ErrorTable = {
    "INVALID_AUTHENTICATION": NeedsReauthError,
    "EXPIRED_AUTHENTICATION": NeedsReauthError,
    "MISSING_SCOPES": NeedsReauthError,
    "OBJECT_NOT_FOUND": ServiceNotFoundError,
    "RATE_LIMITS": RateLimitedError,
    423: RateLimitedError,
    477: RateLimitedError,
    **dict.fromkeys((521, 522, 523, 524), TransientError),
}
"""Categories and statuses that HubSpot has of its own.

423 means that the records are locked for two seconds, 477 that the account moves to another data
center for up to a day; nothing was done. 521 to 524 are Cloudflare's before it, whose server is
down or too slow for a moment. Source: HubSpot, "Error handling".
"""

CURES: Cures = {
    NeedsReauthError: (
        "In HubSpot, check that the private app has the scopes for contacts, companies, deals and "
        "their schemas, and set its token in HOTROD_HUBSPOT__ACCESS_TOKEN."
    ),
    RateLimitedError: (
        "It is tried again later; if it lasts, see in HubSpot which app uses up the account's "
        "limit, and lower HOTROD_HUBSPOT__CALLS_PER_10_SECONDS."
    ),
    UnknownPropertyError: (
        "Define the property in HubSpot, as `ensure_properties` does, or leave it out."
    ),
    RejectedError: "Correct the row by the codes and properties that are named, and send it again.",
    ServiceNotFoundError: (
        "Check that the record is there and was not merged, and HOTROD_HUBSPOT__BASE_URL."
    ),
    TransientError: "It is tried again; if it lasts, look at status.hubspot.com.",
    UnknownOutcomeError: "Look at the record in HubSpot before it is tried again.",
}

_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3600.0}
"""By the policy that a 429 names; the daily one ends at the account's midnight."""

_LOCKED, _LOCKED_SECONDS = 423, 2.0
_EMBEDDED = "Property values were not valid: "
_UNKNOWN = "PROPERTY_DOESNT_EXIST"


class ErrorDetail(BaseModel):
    """One of the things that are wrong."""

    code: str = ""
    context: dict[str, list[str]] = Field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The properties that it is about."""
        return self.context.get("propertyName", [])

    def __str__(self) -> str:
        """The code with its properties; values are left out, they are people's."""
        return f"{self.code} ({', '.join(self.names)})" if self.names else self.code


class ErrorBody(BaseModel):
    """What HubSpot says about a failure; each field may be missing."""

    category: str = ""
    message: str = ""
    context: dict[str, list[str]] = Field(default_factory=dict)
    errors: list[ErrorDetail] = Field(default_factory=list)
    policy: str = Field("", alias="policyName")

    @property
    def details(self) -> list[ErrorDetail]:
        """What is wrong, by codes; older answers have them in their message only."""
        found = [one for one in self.errors if one.code]
        if found or not self.message.startswith(_EMBEDDED):
            return found
        return _embedded(self.message.removeprefix(_EMBEDDED))

    @property
    def problem(self) -> Problem:
        """The category, and what is wrong: each code once, without codes the message."""
        codes = dict.fromkeys(map(str, self.details))
        return Problem(self.category, "; ".join(codes) or self.message)

    @property
    def unknown_properties(self) -> frozenset[str]:
        """Names of properties that aren't defined."""
        return frozenset(name for one in self.details if one.code == _UNKNOWN for name in one.names)


class _Embedded(BaseModel):
    error: str
    name: str = ""


def read_body(body: bytes | str) -> ErrorBody:
    """Read an error's body; an empty one when it can't be read."""
    try:
        return ErrorBody.model_validate_json(body)
    except ValidationError:
        return ErrorBody()


def wait_seconds(status: int, headers: Mapping[str, str], body: ErrorBody) -> float | None:
    """Return how long HubSpot wants us to stay away; None: it doesn't say."""
    told = retry_after_seconds(headers.get("retry-after"))
    if told is not None:
        return told
    return _LOCKED_SECONDS if status == _LOCKED else _WAITS.get(body.policy)


def _embedded(text: str) -> list[ErrorDetail]:
    try:
        found = [_Embedded.model_validate(one) for one in json.loads(text)]
    except (ValueError, TypeError):
        return []
    return [
        ErrorDetail(code=one.error, context={"propertyName": [one.name]} if one.name else {})
        for one in found
    ]
