"""Secrets of others, encrypted before they are kept."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr


class Seal:
    """Encrypts what the database keeps (Fernet: AES-128 in CBC mode, HMAC-SHA256).

    Args:
        secret_key: of the system, from which the key is made; it isn't in the database.
    """

    def __init__(self, secret_key: SecretStr) -> None:
        derive = HKDF(SHA256(), length=32, salt=None, info=b"hotrod service tokens")
        key = derive.derive(secret_key.get_secret_value().encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, secret: str) -> bytes:
        """Return a secret as it is kept."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str | None:
        """Return what was sealed; None: it was altered, or sealed with another key."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None
