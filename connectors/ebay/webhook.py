"""eBay's deliveries: whether one is eBay's, and the answer to its challenge.

Source: https://developer.ebay.com/api-docs/commerce/notification/overview.html and eBay's
event-notification SDKs. The signature says nothing about time: a repeated delivery is told by its
``notificationId``. A bad signature is answered with 412, as the SDKs do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, ValidationError

from connectors._http.webhook import Sender
from connectors.ebay.models import PublicKey

HEADER = "X-EBAY-SIGNATURE"

_LONGEST_HEADER = 4096
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - eBay's choice
    "SHA256": hashes.SHA256(),
}
_SENDER = Sender(
    "ebay", "If it is eBay's, let the proxy pass its headers and its body on unchanged."
)
_NEW_WAY = "See by eBay's event-notification SDKs whether it signs in a new way."


class Signature(BaseModel):
    """What the header says; ``kid`` names the key by which it is checked."""

    kid: str
    signature: str
    alg: Literal["ecdsa", "ECDSA"] = "ECDSA"


def read_signature(header: str | None) -> Signature:
    """Read the header of a delivery, which names the key to verify it with.

    Raises:
        UnverifiedWebhookError: there is none, or it can't be read.
    """
    if not header:
        raise _SENDER.refusal(f"it has no {HEADER} header")
    if len(header) > _LONGEST_HEADER:
        raise _SENDER.refusal(f"its {HEADER} header is too long")
    try:
        return Signature.model_validate_json(base64.b64decode(header, validate=True))
    except (binascii.Error, ValidationError, ValueError):
        raise _SENDER.refusal(f"its {HEADER} header can't be read") from None


def verify(body: bytes, signature: Signature, key: PublicKey) -> None:
    """Check that a delivery is eBay's.

    Args:
        body: as it came, byte for byte.
        signature: by ``read_signature``.
        key: by ``EbayClient.get_public_key(signature.kid)``; it says which digest is used, so
            that a sender can't choose a weaker one.

    Raises:
        UnverifiedWebhookError: it isn't, or the key is none that eBay signs with.
    """
    digest = _DIGESTS.get(key.digest.upper().replace("-", ""))
    if digest is None:
        raise _SENDER.refusal(f"the key's digest {key.digest!r} is not known", _NEW_WAY)
    try:
        signed = base64.b64decode(signature.signature, validate=True)
        _read_key(key.key).verify(signed, body, ec.ECDSA(digest))
    except (binascii.Error, ValueError, InvalidSignature):
        raise _SENDER.refusal("the signature doesn't fit the body") from None


def answer_challenge(code: str, verification_token: str, endpoint: str) -> str:
    """Return the proof that we know the token of an endpoint of ours.

    It is answered to ``GET ?challenge_code=...`` as ``{"challengeResponse": ...}``.

    Args:
        code: from the query.
        verification_token: that was given to eBay with the endpoint; 32 to 80 characters.
        endpoint: its URL, letter for letter as given to eBay.

    Raises:
        UnverifiedWebhookError: there is no token.
    """
    if not verification_token.strip():
        raise _SENDER.refusal(
            "there is no token to answer its challenge by",
            "Give the endpoint the verification token that eBay has for it.",
        )
    return hashlib.sha256(f"{code}{verification_token}{endpoint}".encode()).hexdigest()


def _read_key(text: str) -> ec.EllipticCurvePublicKey:
    inner = text.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "")
    try:
        key = load_der_public_key(base64.b64decode("".join(inner.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise _SENDER.refusal("the key can't be read", _NEW_WAY) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _SENDER.refusal("the key is none of an elliptic curve", _NEW_WAY)
    return key
