"""Lines of settings for the channels that the stand-ins play."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.channels.client import ApprisePoster
from sandbox.webpush.store import Pushes, Subscription

VAPID = "3q2-796tvu_erb7v3q2-796tvu_erb7v3q2-796tvu8"
"""A private key: 32 bytes that are known to everybody."""

LINES = {
    "discord": "discord://100000000000000001/sandbox-token",
    "mailgun": "mailgun://shop@mg.sandbox.example.com/sandbox-key/ann@example.org?format=text",
    "sendgrid": "sendgrid://sandbox-key:shop@example.com/ann@example.org?format=text",
}


def web_push_line(subscription: Subscription, vapid: str = VAPID) -> str:
    keys, asked = subscription.keys, f"vapid={vapid}&contact=ops@example.com"
    return f"webpush://{keys['p256dh']}:{keys['auth']}@push.example{subscription.path}?{asked}"


def poster_of(stand_ins: Any, more: dict[str, str] | None = None, **given: Any) -> ApprisePoster:
    """Return a poster that differs from the shop's by its settings alone."""
    subscription = stand_ins.sandbox.state.store(Pushes).subscribe()
    urls = {**LINES, "webpush": web_push_line(subscription), **(more or {})}
    return ApprisePoster(
        urls={name: SecretStr(url) for name, url in urls.items()},
        addresses={scheme: f"{stand_ins.url}/{scheme}" for scheme in (*LINES, "webpush")},
        **{"timeout_seconds": 5.0, **given},
    )
