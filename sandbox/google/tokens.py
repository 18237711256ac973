"""The access tokens that Google's APIs must be shown."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(seconds=3599)


class GoogleTokens:
    """The tokens issued, and until when each is good."""

    def __init__(self) -> None:
        self.lifetime = LIFETIME
        self._good_until: dict[str, datetime] = {}

    def issue(self) -> str:
        """Return a new token."""
        token = "ya29." + secrets.token_urlsafe(48)
        self._good_until[token] = datetime.now(UTC) + self.lifetime
        return token

    def is_good(self, token: str) -> bool:
        """Whether a token was issued here and has not expired."""
        good_until = self._good_until.get(token)
        return good_until is not None and datetime.now(UTC) < good_until

    def expire_all(self) -> None:
        """Make every token issued so far expire now."""
        self._good_until.clear()

    def clear(self) -> None:
        """Keep them: clients hold them."""
