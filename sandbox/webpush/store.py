"""Subscriptions of browsers, and what was pushed to them."""

from __future__ import annotations

import base64
import random
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.webpush.encryption import public_bytes
from sandbox.windows import RateLimit

MAX_KEPT = 2000
MAX_SUBSCRIPTIONS = 500
CALLS, SECONDS = 100, 60.0
"""Ours: push services have limits, and don't tell them."""

Standing = Literal["subscribed", "expired", "unsubscribed"]


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(kw_only=True)
class Subscription:
    """A browser's wish to be told; only it holds the private key.

    Args:
        server_key: the public key that pushes to it must be signed with, URL-safe Base64 without
            padding; None: whoever signs.
    """

    server_key: str | None = None
    standing: Standing = "subscribed"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def drawn(cls, dice: random.Random) -> Subscription:
        """Return one whose keys are known to everybody who has the same dice: it is played."""
        return cls(
            token=_base64(dice.randbytes(24)),
            key=ec.derive_private_key(dice.randrange(1, 2**255), ec.SECP256R1()),
            auth=dice.randbytes(16),
        )

    @property
    def path(self) -> str:
        """Path of its endpoint, below the stand-in's."""
        return f"/push/{self.token}"

    @property
    def keys(self) -> dict[str, str]:
        """What a sender needs to encrypt for it, as browsers write it."""
        return {"p256dh": _base64(public_bytes(self.key)), "auth": _base64(self.auth)}


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """A message; ``text`` None: the browser couldn't read it."""

    subscription: str
    text: str | None
    ttl: int
    urgency: str
    topic: str | None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Pushes:
    """The subscriptions, and the latest messages, oldest first."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._kept: deque[Pushed] = deque(maxlen=MAX_KEPT)
        self.limit = RateLimit(CALLS, SECONDS)

    def subscribe(self, server_key: str | None = None) -> Subscription:
        """Subscribe another browser."""
        return self.keep(Subscription(server_key=server_key))

    def keep(self, subscription: Subscription) -> Subscription:
        """Keep a subscription; past the most there can be, the oldest one is forgotten."""
        self._subscriptions[subscription.token] = subscription
        if len(self._subscriptions) > MAX_SUBSCRIPTIONS:
            del self._subscriptions[next(iter(self._subscriptions))]
        return subscription

    def subscription(self, token: str) -> Subscription | None:
        """Return a subscription; None: there was never one."""
        return self._subscriptions.get(token)

    def subscriptions(self) -> list[Subscription]:
        """Return the subscriptions, oldest first."""
        return list(self._subscriptions.values())

    def add(self, message: Pushed) -> None:
        """Keep a message in place of the one with the same topic, if it has one."""
        for older in self.all():
            same = (older.subscription, older.topic) == (message.subscription, message.topic)
            if message.topic is not None and same:
                self._kept.remove(older)
        self._kept.append(message)

    def all(self) -> list[Pushed]:
        """Return the messages, oldest first."""
        return list(self._kept)

    def remove(self, message_id: str) -> None:
        """Delete a message, if it is there."""
        for message in [one for one in self._kept if one.id == message_id]:
            self._kept.remove(message)

    def clear(self) -> None:
        """Forget the messages, and subscriptions that have ended; the others' keys are held."""
        self._kept.clear()
        self._subscriptions = {
            one.token: one for one in self.subscriptions() if one.standing == "subscribed"
        }
        self.limit.clear()
