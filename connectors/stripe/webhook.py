"""What Stripe tells by webhook: is it Stripe, and is it new.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

from __future__ import annotations

import hashlib
import hmac
import time

from pydantic import SecretStr

from connectors.stripe.models import Event

SIGNATURE_HEADER = "Stripe-Signature"
TOLERANCE_SECONDS = 300.0


class SignatureError(ValueError):
    """It is not from Stripe, or too old, or signed for another endpoint."""


def verify(body: bytes, signature: str, secret: SecretStr, *, now: float | None = None) -> None:
    """Check who has sent a request, and when.

    Args:
        body: as it came, byte by byte.
        signature: header ``Stripe-Signature``: ``t=...``, and a ``v1=...`` for each secret while
            one is being replaced.
        secret: of our endpoint, ``whsec_...``.
        now: in seconds since the epoch; None: by the clock.

    Raises:
        SignatureError: it is not signed, or differently, or five minutes away from now.
    """
    parts = [part.strip().partition("=") for part in signature.split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"]
    if not (moment.isascii() and moment.isdecimal() and given):
        raise SignatureError("there is no signature of the form t=...,v1=...")
    key = secret.get_secret_value().encode()
    expected = hmac.new(key, f"{moment}.".encode() + body, hashlib.sha256).hexdigest().encode()
    right = [hmac.compare_digest(one.encode(), expected) for one in given]
    if not any(right):
        raise SignatureError(
            "Stripe has not signed this body for this endpoint; check HOTROD_STRIPE__WEBHOOK_SECRET"
        )
    if abs((time.time() if now is None else now) - int(moment)) > TOLERANCE_SECONDS:
        raise SignatureError("it was signed more than five minutes ago, or the clock is wrong")


def read_event(body: bytes) -> Event:
    """Read the event of a request.

    Raises:
        ValueError: it is none.
    """
    return Event.model_validate_json(body)
