"""Tokens of OAuth 2, sealed, and renewed by one process at a time."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from hotrod.db.engine import Database
from hotrod.db.rows import insert_once
from hotrod.services.models import ServiceToken


class SharedTokens:
    """Keeps tokens encrypted (Fernet: AES-128 in CBC mode, HMAC-SHA256).

    Their key is made from the system's secret key, which isn't in the database. What was sealed
    with another one counts as not there: it is asked for again.

    Args:
        database: where they are kept.
        secret_key: of the system.
    """

    def __init__(self, database: Database, secret_key: SecretStr) -> None:
        self._database = database
        derive = HKDF(SHA256(), length=32, salt=None, info=b"hotrod service tokens")
        key = derive.derive(secret_key.get_secret_value().encode())
        self._seal = Fernet(base64.urlsafe_b64encode(key))
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def read(self, account: str) -> str | None:
        """Return what was written for an account; None: nothing that can be read."""
        async with self._database.transaction() as session:
            row = await session.get(ServiceToken, account)
        try:
            return None if row is None else self._seal.decrypt(row.sealed).decode()
        except InvalidToken:
            return None

    async def write(self, account: str, token: str) -> None:
        """Keep a token for an account."""
        row = ServiceToken(account=account, sealed=self._seal.encrypt(token.encode()))
        async with self._database.transaction() as session:
            if not await insert_once(session, row, unique="account"):
                await session.merge(row)

    @asynccontextmanager
    async def renewing(self, account: str) -> AsyncIterator[None]:
        """Let nobody else renew the token of an account in the block, in whatever process."""
        # Here they wait for each other without a connection, which the first of them needs.
        async with self._turns[account], self._database.exclusively(f"token:{account}"):
            yield
