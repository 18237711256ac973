"""Who we are: credentials on requests, and tokens kept fresh."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import BaseModel, SecretStr

from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import Cures, NeedsReauthError, Problem
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy

_MARGIN_SECONDS = 120.0


class BearerAuth(httpx.Auth):
    """Puts a fixed token on each request."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class TokenAnswer(BaseModel):
    """A token endpoint's answer (RFC 6749, 5.1); a new refresh token is there if it changes."""

    access_token: SecretStr
    expires_in: float
    refresh_token: SecretStr | None = None


class _Kept(BaseModel):
    """A token as it lies in the store.

    Args:
        access: what requests carry.
        refresh: what it is renewed with; None: it is asked for anew.
        renew_at: some time before it ends.
        grant: fingerprint of the settings that it was got with; others don't use it.
    """

    access: str
    refresh: str | None
    renew_at: datetime
    grant: str


class _Fault(BaseModel):
    error: str = ""


class OAuthTokens:
    """The tokens of one account, renewed before they end by one process at a time.

    With a refresh token they act for the person who granted it (RFC 6749, 6), without one for
    ourselves (client credentials, 4.4). They are kept in the shared store, with the refresh
    token that the service gave last.

    A token service has limits of its own: asking it takes nothing from the API's pace, and is
    recorded as a call of its own, ``token``. It needs no pace either: it is asked only for a call
    that has no token, or none that is taken, and by one process at a time.

    Args:
        account: name of the account in errors and in the store.
        login_url: root of the token service.
        token_path: where tokens are given, below the root.
        client_id: who we are.
        client_secret: the proof.
        timeout_seconds: longest wait for the token service.
        scope: what the token is for; empty: what was granted.
        refresh_token: what a person granted; None: the token is ours.
        by_header: whether id and secret go into a Basic header instead of the form.
        cures: the service's own sentences for ops.
        shared: with the other processes that use the account.
        retry: when asking for a token is tried again.
        clock: now; tests replace it.
    """

    def __init__(  # noqa: PLR0913 - the parts of an OAuth 2 client
        self,
        account: str,
        login_url: str,
        token_path: str,
        *,
        client_id: str,
        client_secret: SecretStr,
        timeout_seconds: float,
        scope: str = "",
        refresh_token: SecretStr | None = None,
        by_header: bool = False,
        cures: Cures | None = None,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        shared = shared or Shared()
        self._account = account
        self._path = token_path
        self._store = shared.tokens
        self._granted = refresh_token.get_secret_value() if refresh_token else None
        self._clock = clock
        self._form = {"scope": scope} if scope else {}
        secrets = [client_secret, *([refresh_token] if refresh_token else [])]
        if not by_header:
            self._form["client_id"] = client_id
            self._form["client_secret"] = client_secret.get_secret_value()
        self._grant = _fingerprint(client_id, scope, *(s.get_secret_value() for s in secrets))
        self._login = ServiceClient(
            account,
            login_url,
            timeout_seconds=timeout_seconds,
            auth=httpx.BasicAuth(client_id, client_secret.get_secret_value())
            if by_header
            else None,
            table=dict.fromkeys((400, 401, 403, 404), NeedsReauthError),
            cures=cures,
            read_problem=_read_fault,
            redact=Redactor(secrets),
            shared=Shared(recorder=shared.recorder),
            retry=retry,
        )

    async def token(self, refused: SecretStr | None = None) -> SecretStr:
        """Return a token that is good for a while yet, and is not the refused one.

        Raises:
            NeedsReauthError: the token service refuses our credentials, or the grant is over.
            TransientError: the token service does not answer.
        """
        found = await self._good_one(refused)
        if found is None:
            async with self._store.renewing(self._account):
                # Of several that need a new token, in whatever process, the first gets it.
                found = await self._good_one(refused) or await self._renew()
        return SecretStr(found.access)

    async def aclose(self) -> None:
        """Close the connections to the token service."""
        await self._login.aclose()

    async def _good_one(self, refused: SecretStr | None) -> _Kept | None:
        kept = await self._kept()
        if kept is None or kept.renew_at <= self._clock():
            return None
        return None if refused and kept.access == refused.get_secret_value() else kept

    async def _kept(self) -> _Kept | None:
        text = await self._store.read(self._account)
        kept = _Kept.model_validate_json(text) if text else None
        return kept if kept and kept.grant == self._grant else None

    async def _renew(self) -> _Kept:
        kept = await self._kept()
        refresh = kept.refresh if kept else self._granted
        form = {**self._form, "grant_type": "client_credentials"}
        if refresh is not None:
            form |= {"grant_type": "refresh_token", "refresh_token": refresh}
        answer = await self._login.fetch(
            TokenAnswer, "token", "POST", self._path, safe=True, data=form
        )
        margin = min(_MARGIN_SECONDS, answer.expires_in / 2)
        given = answer.refresh_token
        renewed = _Kept(
            access=answer.access_token.get_secret_value(),
            refresh=given.get_secret_value() if given else refresh,
            renew_at=self._clock() + timedelta(seconds=answer.expires_in - margin),
            grant=self._grant,
        )
        await self._store.write(self._account, renewed.model_dump_json())
        return renewed


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _read_fault(response: httpx.Response) -> Problem:
    """Read the code of RFC 6749, 5.2; the vendor's text is long and names tenants."""
    try:
        return Problem(_Fault.model_validate_json(response.content).error)
    except ValueError:
        return Problem()
