"""Make, find, list and revoke API keys."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.access.models import ApiKey, Scope
from hotrod.access.rules import check_key_name, hash_key, key_prefix, make_key
from hotrod.db.columns import now
from hotrod.errors import NotFoundError

_USE_NOTED_EVERY = timedelta(minutes=1)


async def create_key(
    session: AsyncSession, name: str, scopes: Sequence[Scope], business_key: str | None = None
) -> str:
    """Store a new key and return it in plain; it can't be read again.

    Args:
        session: within a transaction.
        name: who uses it.
        scopes: what it may do.
        business_key: the one business that it may touch; None: all.

    Raises:
        InvalidInputError: the name is empty, too long, or holds control characters.
    """
    check_key_name(name)
    new = make_key()
    session.add(
        ApiKey(
            name=name,
            prefix=new.prefix,
            secret_hash=new.secret_hash,
            scopes=[scope.value for scope in scopes],
            business_key=business_key,
        )
    )
    await session.flush()
    return new.plaintext


async def authenticate(session: AsyncSession, plaintext: str) -> ApiKey | None:
    """Return the key that a caller showed, or None when it isn't good (any more)."""
    prefix = key_prefix(plaintext)
    if prefix is None:
        return None
    found = await session.exec(select(ApiKey).where(ApiKey.prefix == prefix))
    key = found.first()
    if key is None or not hmac.compare_digest(key.secret_hash, hash_key(plaintext)):
        return None
    if key.revoked_at is not None:
        return None
    moment = now()
    await session.exec(
        update(ApiKey)
        .where(
            col(ApiKey.id) == key.id,
            or_(
                col(ApiKey.last_used_at).is_(None),
                col(ApiKey.last_used_at) < moment - _USE_NOTED_EVERY,
            ),
        )
        .values(last_used_at=moment)
    )
    return key


async def list_keys(session: AsyncSession) -> Sequence[ApiKey]:
    """Return all keys, the newest first."""
    found = await session.exec(select(ApiKey).order_by(col(ApiKey.created_at).desc()))
    return found.all()


async def revoke_key(session: AsyncSession, prefix: str) -> None:
    """Make a key worthless; revoking it again changes nothing.

    Raises:
        NotFoundError: there is no key with this prefix.
    """
    found = await session.exec(select(ApiKey).where(ApiKey.prefix == prefix))
    key = found.first()
    if key is None:
        raise NotFoundError("API key", prefix)
    key.revoked_at = key.revoked_at or now()
    session.add(key)
