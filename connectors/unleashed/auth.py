"""The signature that Unleashed asks for on each request."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Generator

import httpx
from pydantic import SecretStr


class SignedQuery(httpx.Auth):
    """Signs the query string as it goes on the wire; the empty one when there is none.

    Neither method, path nor body is signed, and a signature never expires: whoever has read one
    can repeat it. Source: apidocs.unleashedsoftware.com, "Authentication".

    Args:
        api_id: names the account's access.
        api_key: signs; its characters are the key, although they look like Base64.
    """

    def __init__(self, api_id: str, api_key: SecretStr) -> None:
        self._api_id = api_id
        self._api_key = api_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add id and signature."""
        key = self._api_key.get_secret_value().encode()
        digest = hmac.new(key, request.url.query, hashlib.sha256).digest()
        request.headers["api-auth-id"] = self._api_id
        request.headers["api-auth-signature"] = base64.b64encode(digest).decode()
        yield request
