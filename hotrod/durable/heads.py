"""One after another: who is at the head of an ordering key, and how the next one gets there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import TextClause, text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable.models import Delivery

CHANNEL = "hotrod_inbox"
_LOCKS = 4_207_112  # advisory locks of two numbers: this one, and the hash of the ordering key
TRY_KEY = f"pg_try_advisory_xact_lock({_LOCKS}, hashtext(:key))"
"""SQL: lock the ordering key :key until the transaction ends, unless another one holds it."""


@lru_cache(256)
def _text(statement: str) -> TextClause:
    """Return a statement, its parameters found once."""
    return text(statement)


async def execute(session: AsyncSession, statement: str, /, **parameters: object) -> Any:  # noqa: ANN401 - rows of any shape
    """Execute SQL with parameters in the session's transaction."""
    return await session.exec(cast("Any", _text(statement)), params=parameters)


async def deliveries(
    session: AsyncSession, statement: str, /, **parameters: object
) -> list[Delivery]:
    """Execute SQL that returns rows of the inbox, and return them as they are now."""
    found = await session.exec(
        cast("Any", select(Delivery).from_statement(_text(statement))),
        params=parameters,
        execution_options={"populate_existing": True},
    )
    return list(found.scalars())


async def lock_key(session: AsyncSession, ordering_key: str) -> None:
    """Lock an ordering key until the transaction ends.

    A statement of its own: what follows must see what the lock's last holder has committed.
    """
    await execute(
        session, f"SELECT pg_advisory_xact_lock({_LOCKS}, hashtext(:key))", key=ordering_key
    )


async def lock_keys(session: AsyncSession, ids: Sequence[int]) -> list[str]:
    """Lock the ordering keys of deliveries until the transaction ends, and return them.

    In the order of their locks, so that two callers never wait for each other.
    """
    locked = await execute(
        session,
        f"""
        SELECT ordering_key, pg_advisory_xact_lock({_LOCKS}, hashtext(ordering_key)) FROM (
            SELECT ordering_key FROM inbox WHERE id = ANY(:ids) GROUP BY ordering_key
            ORDER BY hashtext(ordering_key), ordering_key OFFSET 0) AS keys
        """,
        ids=list(ids),
    )
    return [row[0] for row in locked]


async def promote(session: AsyncSession, keys: Sequence[str]) -> None:
    """Let the oldest held delivery of each key be claimed, unless another one is at the head.

    The caller holds the locks of the keys.
    """
    promoted = await execute(
        session,
        """
        UPDATE inbox SET state = 'waiting' FROM (
            SELECT next.id FROM unnest(CAST(:keys AS text[])) AS key, LATERAL (
                SELECT id FROM inbox WHERE ordering_key = key AND state = 'held'
                ORDER BY id LIMIT 1) AS next
            WHERE NOT EXISTS (
                SELECT FROM inbox AS head
                WHERE head.ordering_key = key AND head.state IN ('waiting', 'claimed'))) AS next
        WHERE inbox.id = next.id
        """,
        keys=list(keys),
    )
    if promoted.rowcount:
        await execute(session, f"SELECT pg_notify('{CHANNEL}', '')")
