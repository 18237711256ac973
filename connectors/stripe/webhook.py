"""What Stripe tells by webhook: is it Stripe, and is it new.

Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
"""

from __future__ import annotations

import hashlib
import hmac

from pydantic import SecretStr

from connectors._http.webhook import Sender, is_same
from connectors.stripe.models import Event

SIGNATURE_HEADER = "Stripe-Signature"

_SENDER = Sender(
    "stripe", "Set HOTROD_STRIPE__WEBHOOK_SECRET to the signing secret of this endpoint."
)


def verify(body: bytes, signature: str, secret: SecretStr, *, now: float | None = None) -> None:
    """Check who has sent a request, and when.

    Args:
        body: as it came, byte by byte.
        signature: header ``Stripe-Signature``: ``t=...``, and a ``v1=...`` for each secret while
            one is being replaced.
        secret: of our endpoint, ``whsec_...``.
        now: in seconds since the epoch; None: by the clock.

    Raises:
        UnverifiedWebhookError: it is not signed, or differently, or more than five minutes away
            from now; or there is no secret.
    """
    key = _SENDER.key(secret)
    parts = [part.strip().partition("=") for part in signature.split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"]
    _SENDER.check_age(moment, now)
    expected = hmac.new(key, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    if not any(is_same(one, expected) for one in given):
        raise _SENDER.refusal("Stripe has not signed it for this endpoint")


def read_event(body: bytes) -> Event:
    """Read the event of a request.

    Raises:
        ValueError: it is none.
    """
    return Event.model_validate_json(body)
