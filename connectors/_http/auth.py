"""Who we are: credentials on requests, and tokens kept fresh."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator

import httpx
from pydantic import BaseModel, SecretStr

from connectors._http.client import Cures, Problem, ServiceClient
from connectors._http.errors import NeedsReauthError
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy

_MARGIN_SECONDS = 120.0
_UNAUTHORIZED = 401


class BearerAuth(httpx.Auth):
    """Puts a fixed token on each request."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class Token(BaseModel):
    """A token endpoint's answer (RFC 6749, 5.1)."""

    access_token: SecretStr
    expires_in: float


class _Fault(BaseModel):
    error: str = ""


class ClientCredentialsAuth(httpx.Auth):
    """OAuth 2 client credentials (RFC 6749, 4.4): the token is ours, not a user's.

    The token is kept until shortly before it expires, and renewed by one request at a time. A
    request refused with 401 is sent once more with a new token: 401 means it was not done.

    Args:
        service: name used in errors.
        login_url: root of the token service.
        token_path: where tokens are given, below the root.
        client_id: who we are.
        client_secret: the proof.
        scope: what the token is for.
        timeout_seconds: longest wait for the token service.
        cures: the service's own sentences for ops.
        retry: when asking for a token is tried again.
        clock: seconds that only grow; tests replace it.
    """

    def __init__(  # noqa: PLR0913 - the parts of an OAuth 2 client
        self,
        service: str,
        login_url: str,
        token_path: str,
        *,
        client_id: str,
        client_secret: SecretStr,
        scope: str,
        timeout_seconds: float,
        cures: Cures | None = None,
        retry: RetryPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_path = token_path
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope}
        self._secret = client_secret
        self._clock = clock
        self._login = ServiceClient(
            service,
            login_url,
            timeout_seconds=timeout_seconds,
            table=dict.fromkeys((400, 401, 403, 404), NeedsReauthError),
            cures=cures,
            read_problem=_read_fault,
            redact=Redactor([client_secret]),
            retry=retry,
        )
        self._token = SecretStr("")
        self._good_until = float("-inf")
        self._renewal = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token; when it is refused, renew it and send once more.

        Raises:
            NeedsReauthError: the token service refuses our credentials.
            TransientError: the token service does not answer.
        """
        token = await self.token()
        _authorize(request, token)
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            _authorize(request, await self.token(refused=token))
            yield request

    async def token(self, refused: SecretStr | None = None) -> SecretStr:
        """Return a token that is good for a while yet, and is not the refused one."""
        async with self._renewal:
            # Of several requests refused with one token, only the first renews it.
            if self._clock() >= self._good_until or self._token == refused:
                answer = await self._login.fetch(
                    Token,
                    "token",
                    "POST",
                    self._token_path,
                    safe=True,
                    data={**self._form, "client_secret": self._secret.get_secret_value()},
                )
                margin = min(_MARGIN_SECONDS, answer.expires_in / 2)
                self._token = answer.access_token
                self._good_until = self._clock() + answer.expires_in - margin
            return self._token

    async def aclose(self) -> None:
        """Close the connections to the token service."""
        await self._login.aclose()


def _authorize(request: httpx.Request, token: SecretStr) -> None:
    request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"


def _read_fault(response: httpx.Response) -> Problem:
    """Read the code of RFC 6749, 5.2; the vendor's text is long and names tenants."""
    try:
        return Problem(_Fault.model_validate_json(response.content).error)
    except ValueError:
        return Problem()
