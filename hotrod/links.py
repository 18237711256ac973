"""Signed links for customers: no login, nothing to guess, nothing secret inside.

The forms of our own pages are signed the same way: ``ops_form`` names the key that loaded them.

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

Purpose = Literal["status", "view", "quote", "approval", "purchase", "ops_form"]
Choice = Literal["approve", "decline"]


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


class CustomerLinks:
    """The links that customers get, as the gateway serves them.

    Args:
        signer: makes the tokens.
        public_url: root of the gateway as customers reach it, without a trailing slash.
    """

    def __init__(self, signer: LinkSigner, public_url: str) -> None:
        self._signer = signer
        self._public_url = public_url

    def status_url(self, ticket_id: UUID) -> str:
        """Return the link to a ticket's status page."""
        return f"{self._public_url}/r/{self._signer.sign('status', ticket_id)}"

    def view_url(self, ticket_id: UUID) -> str:
        """Return the link to the same page without a way to decide, for people of ours."""
        return f"{self._public_url}/v/{self._signer.sign('view', ticket_id)}"

    def decision_url(self, quote_id: UUID, choice: Choice) -> str:
        """Return the link to the page on which a quote is decided."""
        return f"{self._public_url}/q/{self._signer.sign('quote', quote_id)}?choice={choice}"

    def approval_url(self, ask_id: UUID) -> str:
        """Return a manager's own link to the page on which a question is answered."""
        return f"{self._public_url}/a/{self._signer.sign('approval', ask_id)}"

    def purchase_url(self, purchase_id: UUID) -> str:
        """Return the link to the page on which somebody says that a purchase was made."""
        return f"{self._public_url}/p/{self._signer.sign('purchase', purchase_id)}"
