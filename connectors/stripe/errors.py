"""The error table of Stripe, with cures for ops.

Source: docs.stripe.com/error-codes, /declines/codes, /error-low-level.
"""

from __future__ import annotations

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


class DeclinedError(RejectedError):
    """The bank refused the card; the code says why, see Stripe's decline codes."""

    default_cure = "Ask the customer for another card or another way to pay."


class WrongStateError(RejectedError):
    """The payment is past that: captured, canceled, refunded or expired already."""

    default_cure = "Read the payment again; it may be done already."


class ReusedKeyError(RejectedError):
    """The idempotency key was used for something else within 24 hours."""

    default_cure = "Two different acts have the same key; correct how it is made."


TABLE: ErrorTable = {
    "card_error": DeclinedError,
    "idempotency_error": ReusedKeyError,
    "api_error": TransientError,
    "rate_limit": RateLimitedError,
    "lock_timeout": RateLimitedError,
    "idempotency_key_in_use": TransientError,
    "resource_missing": ServiceNotFoundError,
    "api_key_expired": NeedsReauthError,
    "platform_api_key_expired": NeedsReauthError,
    "secret_key_required": NeedsReauthError,
    "testmode_charges_only": NeedsReauthError,
    "livemode_mismatch": NeedsReauthError,
    "charge_already_captured": WrongStateError,
    "charge_already_refunded": WrongStateError,
    "charge_expired_for_capture": WrongStateError,
    "payment_intent_unexpected_state": WrongStateError,
    "intent_invalid_state": WrongStateError,
}
"""By code, or else by type; all others say by their status that the request is wrong.

A key that is in use belongs to an earlier attempt which is still under way: of a write, that is
an unknown outcome.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Set HOTROD_STRIPE__API_KEY to a secret key of the account that may do this, live or test "
        "as the payments are."
    ),
    ServiceNotFoundError: (
        "Check HOTROD_STRIPE__BASE_URL and the id; live and test keys don't see each other's."
    ),
    RejectedError: "Correct the request; Stripe's dashboard shows it under Developers > Logs.",
    UnknownOutcomeError: (
        "Do the same once more with the same idempotency key within 24 hours, which does nothing "
        "twice; later, look in Stripe's dashboard first."
    ),
}


class _Fault(BaseModel):
    type: str | None = None
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class _Body(BaseModel):
    error: _Fault


def read_problem(response: httpx.Response) -> Problem:
    """Read what the error table knows: the code, or else the type; a bank's reason goes along."""
    try:
        fault = _Body.model_validate_json(response.content).error
    except ValueError:
        return Problem()
    known = next((one for one in (fault.code, fault.type) if one in TABLE), fault.code) or ""
    words = dict.fromkeys((fault.code, fault.decline_code, fault.message))
    return Problem(known, " ".join(word for word in words if word and word != known))
