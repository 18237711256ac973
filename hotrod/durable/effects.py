"""The effects ledger: an outward act is claimed before and recorded after.

When the process dies in between, nobody knows whether the act happened. Then it is looked up
at the provider; where that can't be done it stays *unknown* and waits for a person. It is never
repeated blindly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable.models import Effect, EffectState
from hotrod.errors import HotrodError


class Found(Enum):
    """What a look-up at the provider says of an act whose outcome is unknown."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWABLE = "unknowable"


class UnknownEffectError(HotrodError):
    """An act may or may not have happened, and the provider can't tell; a person must."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the outcome of {key} is unknown; find out, then confirm or repeat it")


@dataclass(frozen=True)
class Performed:
    """The outcome of an act; ``again`` when it had been done before."""

    outcome: dict[str, Any]
    again: bool


async def perform(
    database: Database,
    key: str,
    act: Callable[[], Awaitable[dict[str, Any]]],
    look_up: Callable[[], Awaitable[Found]],
    *,
    refused: tuple[type[Exception], ...] = (),
) -> Performed:
    """Do an outward act once, whatever happened in earlier attempts, or happens beside.

    Args:
        database: where the ledger is.
        key: from ``hotrod/keys.py``.
        act: does it, and returns what is worth keeping. An exception leaves the outcome unknown,
            unless it is one of ``refused``.
        look_up: asks the provider whether an earlier attempt succeeded.
        refused: exceptions of the act which say that surely nothing happened; the act is free
            to be tried again.

    Raises:
        UnknownEffectError: an earlier attempt's outcome can't be known.
    """
    async with database.exclusively(key):
        async with database.transaction() as session:
            earlier = await _claim(session, key)
        if earlier is not None:
            if earlier.state == EffectState.DONE:
                return Performed(earlier.outcome, again=True)
            found = await look_up()
            if found is Found.DONE:
                await _settle(database, key, EffectState.DONE, {"found": True})
                return Performed({"found": True}, again=True)
            if found is Found.UNKNOWABLE:
                await _settle(database, key, EffectState.UNKNOWN, {})
                raise UnknownEffectError(key)
            await _claim_again(database, key)
        try:
            outcome = await act()
        except refused:
            await _forget(database, key)
            raise
        await _settle(database, key, EffectState.DONE, outcome)
        return Performed(outcome, again=False)


async def _claim(session: AsyncSession, key: str) -> Effect | None:
    """Claim the key; return the earlier claim when there is one."""
    claimed = await session.exec(
        insert(Effect)
        .values(key=key, state=EffectState.CLAIMED, attempts=1, outcome={}, claimed_at=now())
        .on_conflict_do_nothing()
        .returning(col(Effect.key))
    )
    if claimed.first() is not None:
        return None
    return (await session.exec(select(Effect).where(Effect.key == key))).one()


async def _claim_again(database: Database, key: str) -> None:
    async with database.transaction() as session:
        await session.exec(
            update(Effect)
            .where(col(Effect.key) == key)
            .values(state=EffectState.CLAIMED, attempts=Effect.attempts + 1, claimed_at=now())
        )


async def _settle(
    database: Database, key: str, state: EffectState, outcome: dict[str, Any]
) -> None:
    async with database.transaction() as session:
        await session.exec(
            update(Effect)
            .where(col(Effect.key) == key)
            .values(state=state, outcome=outcome, finished_at=now())
        )


async def _forget(database: Database, key: str) -> None:
    async with database.transaction() as session:
        row = await session.get(Effect, key)
        if row is not None and row.state == EffectState.CLAIMED:
            await session.delete(row)
