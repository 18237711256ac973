"""The effects ledger: once, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotrod.db.engine import Database
from hotrod.durable.effects import Found, UnknownEffectError, perform
from hotrod.durable.models import Effect, EffectState


class Died(BaseException):
    """The process was killed here."""


class RefusedError(Exception):
    """The provider refused; nothing happened."""


class Provider:
    """Something that counts how often the act was really done."""

    def __init__(self) -> None:
        self.done = 0

    def acting(self, fate: str) -> Callable[[], Awaitable[dict[str, Any]]]:
        async def act() -> dict[str, Any]:
            if fate == "dies before":
                raise Died
            if fate == "refused":
                raise RefusedError
            self.done += 1
            if fate == "dies after":
                raise Died
            return {"n": self.done}

        return act

    async def look_up(self) -> Found:
        return Found.DONE if self.done else Found.NOT_DONE


async def unknowable() -> Found:
    return Found.UNKNOWABLE


async def must_not_be_asked() -> Found:
    pytest.fail("nothing is unknown, so nothing is looked up")


async def test_done_once_and_remembered(rolled_back: Database) -> None:
    provider, key = Provider(), uuid4().hex
    first = await perform(rolled_back, key, provider.acting("works"), must_not_be_asked)
    again = await perform(rolled_back, key, provider.acting("works"), must_not_be_asked)
    assert (first.outcome, first.again) == ({"n": 1}, False)
    assert (again.outcome, again.again) == ({"n": 1}, True)
    assert provider.done == 1


async def test_refused_is_free_to_be_tried_again(rolled_back: Database) -> None:
    provider, key = Provider(), uuid4().hex
    with pytest.raises(RefusedError):
        await perform(
            rolled_back, key, provider.acting("refused"), must_not_be_asked, refused=(RefusedError,)
        )
    await perform(rolled_back, key, provider.acting("works"), must_not_be_asked)
    assert provider.done == 1


async def test_what_nobody_can_know_waits_for_a_person(rolled_back: Database) -> None:
    provider, key = Provider(), uuid4().hex
    with pytest.raises(Died):
        await perform(rolled_back, key, provider.acting("dies after"), unknowable)
    for _ in range(2):
        with pytest.raises(UnknownEffectError, match="`hotrod effects confirm` or `repeat`"):
            await perform(rolled_back, key, provider.acting("works"), unknowable)
    assert provider.done == 1
    async with rolled_back.transaction() as session:
        row = await session.get(Effect, key)
        assert row is not None
        assert row.state == EffectState.UNKNOWN


async def test_of_two_attempts_at_the_same_time_one_acts(database: Database) -> None:
    provider, key = Provider(), uuid4().hex

    async def slow() -> dict[str, Any]:
        provider.done += 1
        await asyncio.sleep(0.2)
        return {}

    outcomes = await asyncio.gather(
        *(perform(database, key, slow, must_not_be_asked) for _ in range(3))
    )
    assert provider.done == 1
    assert sorted(outcome.again for outcome in outcomes) == [False, True, True]
    async with database.transaction() as session:
        await session.delete(await session.get(Effect, key))


FATES = ["works", "dies before", "dies after", "refused"]


@given(fates=st.lists(st.sampled_from(FATES), max_size=5))
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_exactly_once_in_the_end_whatever_happened_before(
    rolled_back: Database, fates: list[str]
) -> None:
    provider, key = Provider(), uuid4().hex
    for fate in [*fates, "works"]:
        try:
            await perform(
                rolled_back, key, provider.acting(fate), provider.look_up, refused=(RefusedError,)
            )
        except (Died, RefusedError):
            continue
    assert provider.done == 1
