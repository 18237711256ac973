"""Tokens of OAuth 2, and where processes that share an account keep them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from pydantic import SecretStr


class TokenSource(Protocol):
    """Whose tokens the calls of a service carry."""

    async def token(self, refused: SecretStr | None = None) -> SecretStr:
        """Return a token that is good for a while yet, and is not the refused one."""


class TokenStore(Protocol):
    """Where tokens are kept."""

    async def read(self, account: str) -> str | None:
        """Return what was written for an account; None: nothing yet."""

    async def write(self, account: str, token: str) -> None:
        """Keep a token, which is secret, for an account."""

    def renewing(self, account: str) -> AbstractAsyncContextManager[None]:
        """Let nobody else renew the token of an account in the block."""


class MemoryTokens:
    """A ``TokenStore`` for one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def read(self, account: str) -> str | None:
        """Return the token of an account."""
        return self._tokens.get(account)

    async def write(self, account: str, token: str) -> None:
        """Keep the token of an account."""
        self._tokens[account] = token

    @asynccontextmanager
    async def renewing(self, account: str) -> AsyncIterator[None]:
        """Let one task at a time renew the token of an account."""
        async with self._turns[account]:
            yield
