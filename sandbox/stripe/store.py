"""What Stripe remembers: sessions, payment intents, refunds, events, and keys against repeats."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass
from typing import Any

from sandbox.credentials import CREDENTIALS
from sandbox.deliveries import Delivery, Outbox
from sandbox.windows import RateLimit

API_VERSION = "2026-10-28.endive"
CALLS_PER_SECOND = 25
KEY_SECONDS = 24 * 3600
MAX_KEPT = 5000

Resource = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """An answer that a key brings back, and what was asked for it."""

    fingerprint: str
    status: int
    body: Resource
    request_id: str
    at: float


class Payments:
    """All of an account, the oldest first."""

    def __init__(self) -> None:
        self._resources: dict[str, dict[str, Resource]] = {}
        self._serial = itertools.count(1)
        self.keys: dict[str, Kept] = {}
        self.webhook_url = ""
        self.outbox = Outbox()
        self.limit = RateLimit(CALLS_PER_SECOND, 1.0)

    def new_id(self, prefix: str) -> str:
        """Make an id that no other has, of Stripe's form."""
        seed = f"{prefix}{next(self._serial)}{time.time_ns()}"
        return f"{prefix}_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"

    def add(self, resource: Resource) -> Resource:
        """Keep a resource; the oldest of its kind leave."""
        kept = self._resources.setdefault(resource["object"], {})
        kept[resource["id"]] = resource
        while len(kept) > MAX_KEPT:
            del kept[next(iter(kept))]
        return resource

    def get(self, kind: str, resource_id: str) -> Resource | None:
        """Return a resource of a kind."""
        return self._resources.get(kind, {}).get(resource_id)

    def all(self, kind: str) -> list[Resource]:
        """Return the resources of a kind, the oldest first."""
        return list(self._resources.get(kind, {}).values())

    def happened(self, kind: str, resource: Resource) -> None:
        """Keep an event with the resource as it is now, and owe its delivery."""
        event: Resource = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": json.loads(json.dumps(resource))},
            "livemode": False,
            "pending_webhooks": 1 if self.webhook_url else 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.add(event)
        if self.webhook_url:
            self.owe(event)

    def owe(self, event: Resource) -> None:
        """Let an event wait for its delivery, once more if need be."""
        body = json.dumps(event, indent=2).encode()
        self.outbox.add(
            Delivery(
                name=f"{event['type']} {event['id']}",
                url=self.webhook_url,
                body=body,
                headers=lambda: {
                    "Content-Type": "application/json; charset=utf-8",
                    "Stripe-Signature": signature(body, int(time.time())),
                },
            )
        )

    def clear(self) -> None:
        """Forget it all."""
        self._resources.clear()
        self.keys.clear()
        self.webhook_url = ""
        self.outbox.clear()
        self.limit.clear()


def signature(body: bytes, moment: int) -> str:
    """Sign a delivery, as of a moment in seconds since the epoch."""
    key = CREDENTIALS.stripe_webhook_secret.encode()
    digest = hmac.new(key, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
