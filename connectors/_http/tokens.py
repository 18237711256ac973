"""Tokens of OAuth 2, and where processes that share an account keep them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, SecretStr


class StoredToken(BaseModel):
    """A token for a while, and the right to have it renewed where there is one.

    Args:
        access: what requests carry.
        refresh: what it is renewed with; None: it is asked for anew.
        renew_at: some time before it ends.
        grant: fingerprint of the settings that it was got with; others don't use it.
    """

    access: SecretStr
    refresh: SecretStr | None
    renew_at: datetime
    grant: str


class TokenStore(Protocol):
    """Where tokens are kept."""

    async def read(self, account: str) -> StoredToken | None:
        """Return the token of an account; None: there is none yet."""

    async def write(self, account: str, token: StoredToken) -> None:
        """Keep the token of an account."""

    def renewing(self, account: str) -> AbstractAsyncContextManager[None]:
        """Let nobody else renew the token of an account in the block."""


class MemoryTokens:
    """A ``TokenStore`` for one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def read(self, account: str) -> StoredToken | None:
        """Return the token of an account."""
        return self._tokens.get(account)

    async def write(self, account: str, token: StoredToken) -> None:
        """Keep the token of an account."""
        self._tokens[account] = token

    @asynccontextmanager
    async def renewing(self, account: str) -> AsyncIterator[None]:
        """Let one task at a time renew the token of an account."""
        async with self._turns[account]:
            yield
