"""HubSpot's webhooks: who sent them, and what they tell.

Source: HubSpot, "Validating requests" (signature v3) and "Webhooks".
"""

from __future__ import annotations

import base64
import hmac
import re

from pydantic import SecretStr, TypeAdapter, ValidationError

from connectors._http.webhook import Sender, is_same
from connectors.hubspot.models import WebhookEvent

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"

_SENDER = Sender(
    "hubspot",
    "Set HOTROD_HUBSPOT__CLIENT_SECRET to the client secret of the app, and "
    "HOTROD_GATEWAY__PUBLIC_URL to the root of the URL that HubSpot calls.",
)
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_EVENTS = TypeAdapter(list[WebhookEvent])


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    signature: str,
    timestamp: str,
    client_secret: SecretStr,
    now: float | None = None,
) -> None:
    """Check that HubSpot sent a request within the last five minutes.

    Args:
        method: HTTP method.
        url: the whole public one with its query, as HubSpot has it; behind a proxy, rebuild it.
        body: raw.
        signature: header ``X-HubSpot-Signature-v3``.
        timestamp: header ``X-HubSpot-Request-Timestamp``, in milliseconds.
        client_secret: of the app.
        now: in seconds since the epoch; None: by the clock.

    Raises:
        UnverifiedWebhookError: HubSpot didn't; or there is no secret.
    """
    key = _SENDER.key(client_secret)
    _SENDER.check_age(timestamp, now, per_second=1000)
    signed_url = _DECODED.sub(lambda found: chr(int(found[1], 16)), url)
    source = method.encode() + signed_url.encode() + body + timestamp.encode()
    if not is_same(base64.b64encode(hmac.digest(key, source, "sha256")), signature):
        raise _SENDER.refusal("HubSpot has not signed it")


def read_events(body: bytes) -> list[WebhookEvent]:
    """Read the events of a request that was verified.

    Raises:
        ValueError: the body holds no events.
    """
    try:
        return _EVENTS.validate_json(body)
    except ValidationError as mismatch:
        faults = sorted({fault["type"] for fault in mismatch.errors()})
    raise ValueError(f"The body holds no events: {', '.join(faults)}.")
