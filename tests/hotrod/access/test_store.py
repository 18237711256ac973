"""API keys: made once, kept as hashes, revoked for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.access import store
from hotrod.access.models import Scope
from hotrod.access.store import authenticate, create_key, list_keys, revoke_key
from hotrod.db.columns import now
from hotrod.errors import NotFoundError


async def test_a_key_opens_and_is_not_stored(session: AsyncSession) -> None:
    plain = await create_key(session, "web form", [Scope.TICKETS_WRITE], "noizylab")
    key = await authenticate(session, plain)
    assert key is not None
    assert (key.name, key.scopes, key.business_key) == ("web form", ["tickets:write"], "noizylab")
    assert plain.startswith(f"hrf_{key.prefix}_")
    assert plain.rsplit("_", 1)[1] not in key.model_dump_json()


async def test_nothing_else_opens(session: AsyncSession) -> None:
    plain = await create_key(session, "web form", [Scope.ADMIN])
    prefix = plain.split("_")[1]
    for wrong in ("", prefix, plain[:-1], plain + "A", plain.upper(), f"hrf_{prefix}_" + "A" * 43):
        assert await authenticate(session, wrong) is None, wrong


async def test_a_revoked_key_stays_shut(session: AsyncSession) -> None:
    plain = await create_key(session, "web form", [Scope.ADMIN])
    prefix = plain.split("_")[1]
    await revoke_key(session, prefix)
    assert await authenticate(session, plain) is None
    (key,) = [key for key in await list_keys(session) if key.prefix == prefix]
    first = key.revoked_at
    await revoke_key(session, prefix)
    assert first is not None
    assert key.revoked_at == first
    with pytest.raises(NotFoundError):
        await revoke_key(session, "0000000000")


async def test_use_is_noted_once_a_minute(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await create_key(session, "web form", [Scope.ADMIN])
    start = now()
    noted = []
    for seconds in (0, 59, 61):
        monkeypatch.setattr(store, "now", lambda s=seconds: start + timedelta(seconds=s))
        key = await authenticate(session, plain)
        assert key is not None
        await session.refresh(key)
        assert key.last_used_at is not None
        noted.append((key.last_used_at - start).total_seconds())
    assert noted == [0, 0, 61]


async def test_the_newest_key_is_listed_first(session: AsyncSession) -> None:
    for name in ("older", "newer"):
        await create_key(session, name, [Scope.ADMIN])
    assert [key.name for key in await list_keys(session)][:2] == ["newer", "older"]
