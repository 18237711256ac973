"""What a browser does with a push message: RFC 8291, over RFC 8188 with a single record."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT_BYTES, _SIZE_BYTES, _KEY_BYTES = 16, 4, 65
_LAST_RECORD = 2


class UnreadableError(ValueError):
    """A message that a browser drops: it is not for its keys, or not of this form."""


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key's public point, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Read a message with the keys of the subscription it was sent to.

    Raises:
        UnreadableError: it can't be.
    """
    start = _SALT_BYTES + _SIZE_BYTES + 1
    salt, size = body[:_SALT_BYTES], int.from_bytes(body[_SALT_BYTES : start - 1], "big")
    theirs, record = body[start : start + _KEY_BYTES], body[start + _KEY_BYTES :]
    if body[start - 1 : start] != bytes([_KEY_BYTES]) or not 0 < len(record) <= size:
        raise UnreadableError("not one record of aes128gcm")
    try:
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        secret = key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\0" + public_bytes(key) + theirs
        seed = _derive(secret, auth, info, 32)
        cipher = AESGCM(_derive(seed, salt, b"Content-Encoding: aes128gcm\0", 16))
        nonce = _derive(seed, salt, b"Content-Encoding: nonce\0", 12)
        padded = cipher.decrypt(nonce, record, None).rstrip(b"\0")
    except (ValueError, InvalidTag) as error:
        raise UnreadableError("not for these keys") from error
    if padded[-1:] != bytes([_LAST_RECORD]):
        raise UnreadableError("not the last record")
    return padded[:-1]


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
