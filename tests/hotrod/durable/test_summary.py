"""The inbox and the ledger in figures."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable import summary as module
from hotrod.durable.inbox import COUNTED_AT_MOST
from hotrod.durable.models import DeliveryState, Effect, EffectState, Lane
from hotrod.durable.open_effects import count_open_effects, effects_in, open_effects
from hotrod.durable.summary import Rate, summary
from tests.factories import delivery_row
from tests.hotrod.durable.test_search import stored

pytestmark = pytest.mark.usefixtures("empty_inbox")

S = DeliveryState


async def test_an_empty_inbox(session: AsyncSession) -> None:
    found = await summary(session)
    assert (found.groups, found.oldest_seconds) == ((), {})
    assert found.accepted == found.done == found.dead == Rate(0, 0, 0)


async def test_deliveries_are_counted_by_state_lane_business_and_event(
    session: AsyncSession,
) -> None:
    await stored(
        session,
        *(delivery_row(S.WAITING, lane_rank=rank) for rank in (0, 1, 1)),
        delivery_row(S.WAITING, business_key="teelixir"),
        delivery_row(S.WAITING, event="quote.decided"),
        *(delivery_row(state) for state in S if state != S.WAITING),
    )
    found = await summary(session)
    waiting = {
        (group.lane, group.business, group.event): group.count
        for group in found.groups
        if group.state == S.WAITING
    }
    assert waiting == {
        (Lane.URGENT, "noizylab", "repair.requested"): 1,
        (Lane.NORMAL, "noizylab", "repair.requested"): 2,
        (Lane.NORMAL, "noizylab", "quote.decided"): 1,
        (Lane.NORMAL, "teelixir", "repair.requested"): 1,
    }
    counts = {state: found.count(state) for state in S}
    assert counts == {**dict.fromkeys(S, 1), S.WAITING: 5, S.DONE: 0, S.DISCARDED: 0}


async def test_the_age_of_the_oldest_in_each_state(session: AsyncSession) -> None:
    minutes = {S.HELD: 5, S.WAITING: 4, S.CLAIMED: 3, S.SUSPENDED: 2, S.DEAD: 1}
    for state, age in minutes.items():
        long_ago = now() - timedelta(minutes=age)
        await stored(session, delivery_row(state, accepted_at=long_ago), delivery_row(state))
    ages = (await summary(session)).oldest_seconds
    assert {state: round(age / 60) for state, age in ages.items()} == minutes


async def test_what_came_and_went_lately(session: AsyncSession) -> None:
    for age in (timedelta(0), timedelta(minutes=30), timedelta(hours=20), timedelta(days=2)):
        moment = now() - age
        await stored(
            session,
            delivery_row(S.DONE, accepted_at=moment, finished_at=moment),
            delivery_row(S.DONE, accepted_at=now() - timedelta(days=9), finished_at=moment),
            delivery_row(S.DEAD, accepted_at=moment, finished_at=moment),
        )
    found = await summary(session)
    assert found.accepted == Rate(2, 4, 6)
    assert found.done == Rate(2, 4, 6)
    assert found.dead == Rate(1, 2, 3)


async def test_large_counts_stop_somewhere(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"LIMIT {COUNTED_AT_MOST}" in module._GROUPS
    few = module._GROUPS.replace(f"LIMIT {COUNTED_AT_MOST}", "LIMIT 2")
    monkeypatch.setattr(module, "_GROUPS", few)
    await stored(session, *(delivery_row(state) for state in (S.WAITING, S.HELD, S.DEAD) * 3))
    found = await summary(session)
    assert [found.count(state) for state in (S.WAITING, S.HELD, S.DEAD)] == [2, 2, 2]


@pytest.mark.usefixtures("no_effects")
async def test_acts_that_wait_for_a_person(session: AsyncSession) -> None:
    ages = {"claimed": 0, "hanging": 5, "unknown": 3, "fresh unknown": 0, "done": 9}
    states = {"unknown": "unknown", "fresh unknown": "unknown", "done": "done"}
    prefix = uuid4().hex
    for name, minutes in ages.items():
        moment = now() - timedelta(minutes=minutes)
        state = states.get(name, "claimed")
        session.add(Effect(key=f"{prefix} {name}", state=state, claimed_at=moment))
    await session.flush()

    def names(rows: object) -> list[str]:
        return [each.key.removeprefix(f"{prefix} ") for each in rows]  # type: ignore[attr-defined]

    expected = ["hanging", "unknown", "fresh unknown"]
    assert names(await open_effects(session, limit=10)) == expected
    assert names(await open_effects(session, limit=1)) == expected[:1]
    assert names(await effects_in(session, [EffectState.DONE], limit=10)) == ["done"]
    counts = await count_open_effects(session)
    assert counts == {EffectState.CLAIMED: 2, EffectState.UNKNOWN: 2}
