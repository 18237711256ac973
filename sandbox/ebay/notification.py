"""The Notification API: signed deliveries, the key that proves them, and the challenge.

Source: eBay, Notification API v1, getPublicKey, and the event notification SDKs: the header
holds Base64 of a JSON object; the signature is ECDSA with SHA-1 over the body as it was sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import APIRouter, Depends

from sandbox.ebay.clock import written
from sandbox.ebay.errors import EbayError
from sandbox.ebay.quotas import counted
from sandbox.ebay.tokens import PUBLIC, needs
from sandbox.state import State

_SHA1 = ec.ECDSA(hashes.SHA1())  # noqa: S303 - eBay's choice

router = APIRouter(dependencies=[Depends(needs(PUBLIC)), Depends(counted("commerce.notification"))])


@dataclass(frozen=True)
class SigningKey:
    """A key that deliveries are signed with."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> str:
        """The public half as eBay writes it: PEM without line breaks."""
        pem = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.decode().replace("\n", "")

    def sign(self, body: bytes) -> str:
        """Return the header of a delivery."""
        signature = base64.b64encode(self.private.sign(body, _SHA1)).decode()
        signed = {"alg": "ECDSA", "kid": self.id, "signature": signature, "digest": "SHA1"}
        return base64.b64encode(json.dumps(signed).encode()).decode()


class SigningKeys:
    """The key in use, and those before it: deliveries may come late."""

    def __init__(self) -> None:
        self._kept: dict[str, SigningKey] = {}

    def current(self) -> SigningKey:
        """Return the key in use."""
        return next(reversed(self._kept.values())) if self._kept else self.change()

    def change(self) -> SigningKey:
        """Sign with a new key from now on."""
        key = SigningKey()
        self._kept[key.id] = key
        return key

    def get(self, key_id: str) -> SigningKey | None:
        """Return a key."""
        return self._kept.get(key_id)

    def clear(self) -> None:
        """Keep them: clients may have cached them."""


@router.get("/public_key/{key_id}")
async def get_public_key(key_id: str, state: State) -> dict[str, str]:
    """Return the key that deliveries are verified with."""
    key = state.store(SigningKeys).get(key_id)
    if key is None:
        raise EbayError(195001)
    return {"key": key.public, "algorithm": "ECDSA", "digest": "SHA1"}


def write_event(
    topic: str, data: dict[str, Any], notification_id: str, at: datetime, attempt: int
) -> bytes:
    """Write the body of a delivery."""
    event = {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": notification_id,
            "eventDate": written(at),
            "publishDate": written(at),
            "publishAttemptCount": attempt,
            "data": data,
        },
    }
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def new_challenge() -> str:
    """Return a code that an endpoint is to answer."""
    return secrets.token_hex(32)


def right_answer(code: str, verification_token: str, endpoint: str) -> str:
    """Return what an endpoint must answer to a challenge."""
    return hashlib.sha256(f"{code}{verification_token}{endpoint}".encode()).hexdigest()
