"""What the clients of Google's APIs have in common: who we are, and an end."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import Cures, ErrorTable
from connectors._http.google import GoogleApi
from connectors._http.retry import RetryPolicy


class GoogleClient:
    """A client of one of Google's APIs; which one, its class says, as ``GoogleApi`` wants it.

    Args:
        base_url: root of all of Google's APIs; empty: the API's own host.
        login_url: root of the token service.
        client_id: of the OAuth client.
        client_secret: its secret.
        refresh_token: what the account's owner granted to the client.
        timeout_seconds: longest wait for each of connect, write and read.
        shared: with the other processes that use the account.
        retry: when what changes nothing is tried again.
    """

    _service: ClassVar[str]
    _name: ClassVar[str]
    _version: ClassVar[str]
    _path: ClassVar[str] = ""
    _table: ClassVar[ErrorTable]
    _cures: ClassVar[Cures]
    _has_one_limit: ClassVar[bool] = True

    def __init__(
        self,
        *,
        base_url: str,
        login_url: str,
        client_id: str,
        client_secret: SecretStr,
        refresh_token: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._google: GoogleApi[Any] = GoogleApi(
            self._service,
            self._name,
            self._version,
            base_url=base_url,
            path=self._path,
            login_url=login_url,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            timeout_seconds=timeout_seconds,
            table=self._table,
            cures=self._cures,
            has_one_limit=self._has_one_limit,
            shared=shared,
            retry=retry,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._google.aclose()
