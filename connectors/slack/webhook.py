"""What Slack sends when a person presses a button: is it Slack, is it new, what was pressed.

Source: docs.slack.dev, "Verifying requests from Slack" and "block_actions payload".
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, SecretStr

from connectors._http.webhook import Sender, is_same

SIGNATURE_HEADER = "X-Slack-Signature"
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"

_SENDER = Sender(
    "slack", "Set HOTROD_SLACK__SIGNING_SECRET to the signing secret, from Basic Information."
)


def verify(
    body: bytes,
    timestamp: str,
    signature: str,
    signing_secret: SecretStr,
    *,
    now: float | None = None,
) -> None:
    """Check who has sent a request, and when.

    Args:
        body: as it came, byte by byte.
        timestamp: header ``X-Slack-Request-Timestamp``.
        signature: header ``X-Slack-Signature``, ``v0=...``.
        signing_secret: of the app.
        now: in seconds since the epoch; None: by the clock.

    Raises:
        UnverifiedWebhookError: it is not signed, or differently, or more than five minutes away
            from now; or there is no secret.
    """
    key = _SENDER.key(signing_secret)
    _SENDER.check_age(timestamp, now)
    digest = hmac.new(key, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    if not is_same(signature, f"v0={digest}"):
        raise _SENDER.refusal("Slack has not signed it")


class Person(BaseModel):
    """Who pressed."""

    id: str
    username: str = ""


class Place(BaseModel):
    """Which message has the button."""

    channel_id: str
    message_ts: str


class Action(BaseModel):
    """Which button was pressed; ``action_ts`` differs from press to press."""

    action_id: str
    value: str = ""
    action_ts: str


class Interaction(BaseModel):
    """A press of a button."""

    type: Literal["block_actions"]
    user: Person
    container: Place
    actions: list[Action] = Field(min_length=1)
    response_url: str = Field("", repr=False)


def read_interaction(body: bytes) -> Interaction:
    """Read the body of a request to the app's interactivity URL.

    Raises:
        ValueError: it tells no press of a button in a message.
    """
    (payload,) = parse_qs(body.decode()).get("payload", [""])
    return Interaction.model_validate_json(payload)
