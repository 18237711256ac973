"""The one place where keys of outward effects and deliveries are made.

A key is built from stable ids only, never from text that people see, so that the same act
has the same key in every attempt, on every machine.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID


def mail_key(kind: str, subject_id: UUID) -> str:
    """Return the key of a mail: at most one of a kind per ticket, quote or other subject."""
    return f"mail:{kind}:{subject_id}"


def slack_key(kind: str, subject_id: UUID) -> str:
    """Return the key of a Slack message: at most one of a kind per subject."""
    return f"slack:{kind}:{subject_id}"


def bid_key(purchase_id: UUID) -> str:
    """Return the key of a bid in an auction: one for a purchase."""
    return f"bid:{purchase_id}"


def alert_key(kind: str, about: str, moment: datetime) -> str:
    """Return the key of an alert: at most one of a kind about the same thing in a minute."""
    return f"alert:{kind}:{about}:{moment:%Y-%m-%dT%H:%M}"


def lasting_alert_key(kind: str, about: str) -> str:
    """Return the key of an alert that is sent once: one of a kind about the same thing, ever."""
    return f"alert:{kind}:{about}"


def message_id(effect_key: str, domain: str) -> str:
    """Return the Message-ID (RFC 5322 3.6.4) of the mail with this effect key.

    Derived, so that a mail whose fate is unknown can be looked up at the provider.
    """
    return f"<{hashlib.sha256(effect_key.encode()).hexdigest()[:40]}@{domain}>"


def body_hash(body: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of a JSON value, the same for the same value in any key order."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
