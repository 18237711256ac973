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

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.db.engine import Database, Transactions, try_to_lock
from hotrod.db.rows import insert_once
from hotrod.durable.models import Effect, EffectState
from hotrod.errors import HotrodError, NotFoundError


class Found(Enum):
    """What a look-up at the provider says of an act whose outcome is unknown."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWABLE = "unknowable"


async def harmless_to_repeat() -> Found:
    """Stand for the look-up of an act that may as well be done twice, and say so by its name."""
    return Found.NOT_DONE


class UnknownEffectError(HotrodError):
    """An act may or may not have happened, and the provider can't tell; a person must."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"the outcome of {key} is unknown; find out, then `hotrod effects confirm` or `repeat` "
            "it"
        )


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
        look_up: asks the provider whether an earlier attempt succeeded; ``harmless_to_repeat``
            where that doesn't matter.
        refused: exceptions of the act which say that surely nothing happened; the act is free
            to be tried again.

    Raises:
        UnknownEffectError: an earlier attempt's outcome can't be known.
    """
    async with database.exclusively(key) as transaction:
        async with transaction() as session:
            earlier = await _claim(session, key)
        if earlier is not None:
            if earlier.state == EffectState.DONE:
                return Performed(earlier.outcome, again=True)
            found = await look_up()
            if found is Found.DONE:
                await _settle(transaction, key, EffectState.DONE, {"found": True})
                return Performed({"found": True}, again=True)
            if found is Found.UNKNOWABLE:
                await _settle(transaction, key, EffectState.UNKNOWN, {})
                raise UnknownEffectError(key)
            await _claim_again(transaction, key)
        try:
            outcome = await act()
        except refused:
            await _forget(transaction, key)
            raise
        await _settle(transaction, key, EffectState.DONE, outcome)
        return Performed(outcome, again=False)


async def outcome_of(session: AsyncSession, key: str) -> dict[str, Any]:
    """Return what was kept of an act that was done; nothing, of one that wasn't (yet)."""
    row = await session.get(Effect, key)
    return row.outcome if row is not None and row.state == EffectState.DONE else {}


async def state_of(session: AsyncSession, key: str) -> EffectState | None:
    """Return what is known about an act; None: it was never begun, or surely not done."""
    row = await session.get(Effect, key, populate_existing=True)
    return None if row is None else EffectState(row.state)


async def confirm(session: AsyncSession, key: str) -> None:
    """Record that an act of unknown outcome has happened: somebody has looked.

    Raises:
        NotFoundError: there is no such act.
        HotrodError: its outcome is known, or it is being done right now.
    """
    row = await _open_effect(session, key)
    row.state = EffectState.DONE
    row.outcome = {"confirmed": True}
    row.finished_at = now()
    session.add(row)


async def repeat(session: AsyncSession, key: str) -> None:
    """Let an act of unknown outcome be done again: somebody has looked, and it hasn't happened.

    Raises:
        NotFoundError: there is no such act.
        HotrodError: its outcome is known, or it is being done right now.
    """
    await session.delete(await _open_effect(session, key))


async def _open_effect(session: AsyncSession, key: str) -> Effect:
    if not await try_to_lock(session, key):
        raise HotrodError(f"{key} is being done right now; look again in a minute")
    row = await session.get(Effect, key, with_for_update=True)
    if row is None:
        raise NotFoundError("effect", key)
    if row.state == EffectState.DONE:
        raise HotrodError(f"{key} was done; there is nothing to decide")
    return row


async def _claim(session: AsyncSession, key: str) -> Effect | None:
    """Claim the key; return the earlier claim when there is one."""
    if await insert_once(session, Effect(key=key, state=EffectState.CLAIMED), unique="key"):
        return None
    return (await session.exec(select(Effect).where(Effect.key == key))).one()


async def _claim_again(transaction: Transactions, key: str) -> None:
    async with transaction() as session:
        await session.exec(
            update(Effect)
            .where(col(Effect.key) == key)
            .values(state=EffectState.CLAIMED, attempts=Effect.attempts + 1, claimed_at=now())
        )


async def _settle(
    transaction: Transactions, key: str, state: EffectState, outcome: dict[str, Any]
) -> None:
    async with transaction() as session:
        await session.exec(
            update(Effect)
            .where(col(Effect.key) == key)
            .values(state=state, outcome=outcome, finished_at=now())
        )


async def _forget(transaction: Transactions, key: str) -> None:
    async with transaction() as session:
        row = await session.get(Effect, key)
        if row is not None and row.state == EffectState.CLAIMED:
            await session.delete(row)
