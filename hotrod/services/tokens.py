"""Tokens of OAuth 2, sealed, and renewed by one process at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from hotrod.db.engine import Database
from hotrod.db.rows import insert_once
from hotrod.services.models import ServiceToken
from hotrod.services.seals import Seal


class SharedTokens:
    """Keeps tokens sealed; what was sealed with another key is asked for again.

    Args:
        database: where they are kept.
        secret_key: of the system.
    """

    def __init__(self, database: Database, secret_key: SecretStr) -> None:
        self._database = database
        self._seal = Seal(secret_key)
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def read(self, account: str) -> str | None:
        """Return what was written for an account; None: nothing that can be read."""
        async with self._database.transaction() as session:
            row = await session.get(ServiceToken, account)
        return None if row is None else self._seal.open(row.sealed)

    async def write(self, account: str, token: str) -> None:
        """Keep a token for an account."""
        row = ServiceToken(account=account, sealed=self._seal.close(token))
        async with self._database.transaction() as session:
            if not await insert_once(session, row, unique="account"):
                await session.merge(row)

    @asynccontextmanager
    async def renewing(self, account: str) -> AsyncIterator[None]:
        """Let nobody else renew the token of an account in the block, in whatever process."""
        # Here they wait for each other without a connection, which the first of them needs.
        async with self._turns[account], self._database.exclusively(f"token:{account}"):
            yield
