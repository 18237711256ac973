"""Signed links for customers: no login, nothing to guess, nothing secret inside.

Signatures are HMAC by itsdangerous. A link names a row; what it may do is decided by the state
of that row, so a quote's link can decide once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import SecretStr

from hotrod.errors import LinkError

Purpose = Literal["status", "quote"]


class LinkSigner:
    """Makes and checks the tokens of customers' links.

    Args:
        secret: the system's secret key; changing it voids all links.
    """

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret

    def sign(self, purpose: Purpose, subject_id: UUID) -> str:
        """Return a token for a URL path."""
        return self._serializer(purpose).dumps(subject_id.hex)

    def read(self, purpose: Purpose, token: str, *, max_age: timedelta | None = None) -> UUID:
        """Return the id that a token names.

        Raises:
            LinkError: the token was altered, is too old, or was made for another purpose.
        """
        seconds = None if max_age is None else int(max_age.total_seconds())
        try:
            return UUID(self._serializer(purpose).loads(token, max_age=seconds))
        except (BadSignature, ValueError, AttributeError, TypeError):
            raise LinkError("this link is not valid") from None

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret.get_secret_value(), salt=f"hotrod.{purpose}")
