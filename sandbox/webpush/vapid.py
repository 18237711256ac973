"""Who sends: the signed token of RFC 8292, checked."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST_LIFE = 24 * 60 * 60

_HALF = 32
_PARAMETER = re.compile(r"\s*([tk])=([A-Za-z0-9_.-]+)\s*", re.ASCII)


class VapidError(Exception):
    """A sender that is not let in; ``is_missing``: it didn't say who it is."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        self.is_missing = is_missing
        super().__init__(message)


def sender_of(authorization: str, origin: str) -> str:
    """Return the public key of who signed a request, as it was shown.

    Args:
        authorization: the header.
        origin: of the push service; the token must be for it.

    Raises:
        VapidError: it isn't signed, not for this origin, or not for now.
    """
    scheme, _, rest = authorization.partition(" ")
    found = [_PARAMETER.fullmatch(part) for part in rest.split(",")]
    shown = {one[1]: one[2] for one in found if one}
    if scheme.lower() != "vapid" or shown.keys() != {"t", "k"}:
        raise VapidError("The request lacks its VAPID credentials", is_missing=True)
    try:
        signed, _, signature = shown["t"].rpartition(".")
        header, claims = (json.loads(unpadded(part)) for part in signed.split("."))
        _verify(shown["k"], signed, unpadded(signature))
        algorithm, audience = header["alg"], claims["aud"]
        life = float(claims["exp"]) - time.time()
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, InvalidSignature):
        raise VapidError("The VAPID token is not signed by its key") from None
    if algorithm != "ES256":
        raise VapidError("The VAPID token is not signed by ES256")
    if audience != origin:
        raise VapidError("The VAPID token is for another origin")
    if not 0 < life <= LONGEST_LIFE:
        raise VapidError("The VAPID token has ended, or is to last longer than a day")
    return shown["k"].rstrip("=")


def unpadded(text: str) -> bytes:
    """Read URL-safe Base64 without its padding.

    Raises:
        ValueError: it isn't that.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error


def _verify(key: str, signed: str, signature: bytes) -> None:
    if len(signature) != 2 * _HALF:
        raise InvalidSignature
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(key))
    r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
    point.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))
