"""The key of n8n's public API."""

from __future__ import annotations

from collections.abc import Generator

import httpx
from pydantic import SecretStr


class ApiKey(httpx.Auth):
    """Puts the key on each request."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["X-N8N-API-KEY"] = self._key.get_secret_value()
        yield request
