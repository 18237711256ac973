"""Tokens of OAuth 2 that a person has granted, kept fresh by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
from pydantic import BaseModel, SecretStr

from connectors._http.client import ServiceClient
from connectors._http.errors import NeedsReauthError

_MARGIN = timedelta(minutes=5)
_UNAUTHORIZED = 401


class StoredToken(BaseModel):
    """What a grant gives: a token for a while, and the right to have it renewed."""

    access: SecretStr
    refresh: SecretStr
    good_until: datetime


class TokenStore(Protocol):
    """Where tokens are kept, for all processes; encrypted at rest where it is a real one."""

    async def read(self, account: str) -> StoredToken | None:
        """Return the token of an account; None: nobody has granted one."""

    async def write(self, account: str, token: StoredToken) -> None:
        """Keep the token of an account."""

    def renewing(self, account: str) -> AbstractAsyncContextManager[None]:
        """Let nobody else renew the token of an account in the block."""


class TokenAnswer(BaseModel):
    """A token endpoint's answer (RFC 6749, 5.1); a new refresh token is there if it changes."""

    access_token: SecretStr
    expires_in: float
    refresh_token: SecretStr | None = None


class GrantedAuth(httpx.Auth):
    """Puts a granted token on requests, and has it renewed before it ends (RFC 6749, 6).

    A request refused with 401 is sent once more with a new token: 401 means it was not done.

    Args:
        account: whose token; also its name in the store.
        store: where tokens are.
        login: of the token service; its error table says which answers mean that the grant is
            over.
        token_path: where tokens are renewed, below the root of the token service.
        client_id: who we are.
        client_secret: the proof.
        clock: now; tests replace it.
    """

    def __init__(
        self,
        account: str,
        store: TokenStore,
        login: ServiceClient,
        token_path: str,
        *,
        client_id: str,
        client_secret: SecretStr,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = account
        self._store = store
        self._login = login
        self._token_path = token_path
        self._form = {"grant_type": "refresh_token", "client_id": client_id}
        self._secret = client_secret
        self._clock = clock

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token; when it is refused, renew it and send once more.

        Raises:
            NeedsReauthError: nobody has granted a token, or the grant is over.
            TransientError: the token service does not answer.
        """
        token = await self.token()
        request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            token = await self.token(refused=token)
            request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
            yield request

    async def token(self, refused: SecretStr | None = None) -> SecretStr:
        """Return a token that is good for a while yet, and is not the refused one."""
        found = await self._read()
        if self._is_good(found, refused):
            return found.access
        async with self._store.renewing(self._account):
            found = await self._read()  # another process may have renewed it meanwhile
            if self._is_good(found, refused):
                return found.access
            answer = await self._login.fetch(
                TokenAnswer,
                "renew_token",
                "POST",
                self._token_path,
                safe=True,
                data={
                    **self._form,
                    "client_secret": self._secret.get_secret_value(),
                    "refresh_token": found.refresh.get_secret_value(),
                },
            )
            renewed = StoredToken(
                access=answer.access_token,
                refresh=answer.refresh_token or found.refresh,
                good_until=self._clock() + timedelta(seconds=answer.expires_in),
            )
            await self._store.write(self._account, renewed)
            return renewed.access

    async def _read(self) -> StoredToken:
        found = await self._store.read(self._account)
        if found is None:
            raise self._login.error(NeedsReauthError, "token", "nobody has granted us access yet")
        return found

    def _is_good(self, token: StoredToken, refused: SecretStr | None) -> bool:
        return token.access != refused and token.good_until - _MARGIN > self._clock()
