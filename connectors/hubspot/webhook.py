"""HubSpot's webhooks: who sent them, and what they tell.

Source: HubSpot, "Validating requests" (signature v3) and "Webhooks".
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from collections.abc import Callable

from pydantic import SecretStr, TypeAdapter, ValidationError

from connectors.hubspot.models import WebhookEvent

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"

OLDEST_MS = 5 * 60 * 1000

_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_EVENTS = TypeAdapter(list[WebhookEvent])


class WebhookRefusedError(Exception):
    """A request is not from HubSpot, or too old, or not to be read; answer it with 401 or 400."""


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    signature: str,
    timestamp: str,
    client_secret: SecretStr,
    clock: Callable[[], float] = time.time,
) -> None:
    """Check that HubSpot sent a request within the last five minutes.

    Args:
        method: HTTP method.
        url: the whole public one with its query, as HubSpot has it; behind a proxy, rebuild it.
        body: raw.
        signature: header ``X-HubSpot-Signature-v3``.
        timestamp: header ``X-HubSpot-Request-Timestamp``, in milliseconds.
        client_secret: of the app.
        clock: seconds since the epoch; tests replace it.

    Raises:
        WebhookRefusedError: it isn't; the message says why.
    """
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise WebhookRefusedError(f"{TIMESTAMP_HEADER} is missing, or no number.")
    if abs(clock() * 1000 - int(timestamp[:20])) > OLDEST_MS:
        raise WebhookRefusedError(f"{TIMESTAMP_HEADER} is more than five minutes away.")
    signed_url = _DECODED.sub(lambda found: chr(int(found[1], 16)), url)
    source = method.encode() + signed_url.encode() + body + timestamp.encode()
    digest = hmac.digest(client_secret.get_secret_value().encode(), source, "sha256")
    if not hmac.compare_digest(base64.b64encode(digest), signature.encode()):
        raise WebhookRefusedError(
            f"{SIGNATURE_HEADER} is wrong: check HOTROD_HUBSPOT__CLIENT_SECRET, and that the URL "
            "is the public one that HubSpot calls."
        )


def read_events(body: bytes) -> list[WebhookEvent]:
    """Read the events of a request that was verified.

    Raises:
        WebhookRefusedError: the body holds no events.
    """
    try:
        return _EVENTS.validate_json(body)
    except ValidationError as mismatch:
        faults = sorted({fault["type"] for fault in mismatch.errors()})
    raise WebhookRefusedError(f"The body holds no events: {', '.join(faults)}.")
