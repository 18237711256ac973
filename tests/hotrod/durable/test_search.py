"""Deliveries are found by what ops know of them, and changed in bulk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable import search
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.durable.search import DeliveryFilter
from hotrod.errors import HotrodError
from tests.factories import delivery_row

pytestmark = pytest.mark.usefixtures("empty_inbox")

S = DeliveryState


async def stored(session: AsyncSession, *rows: Delivery) -> list[int]:
    for each in rows:
        session.add(each)
        await session.flush()
    return [each.identity for each in rows]


async def states(database: Database) -> dict[int | None, str]:
    async with database.transaction() as session:
        return dict((await session.exec(select(Delivery.id, Delivery.state))).all())


@pytest.mark.parametrize(
    ("matching", "other", "wanted"),
    [
        ({"state": S.DEAD}, {"state": S.DONE}, {"states": [S.DEAD]}),
        ({"state": S.HELD}, {"state": S.DONE}, {"states": [S.HELD, S.WAITING]}),
        ({"event": "quote.decided"}, {}, {"event": "quote.decided"}),
        ({"business_key": "teelixir"}, {}, {"business": "teelixir"}),
        ({"lane_rank": 0}, {"lane_rank": 1}, {"lane": Lane.URGENT}),
        ({"lane_rank": 2}, {"lane_rank": 1}, {"lane": "bulk"}),
        ({"ordering_key": "ticket:NL-7"}, {"ordering_key": "ticket:NL-77"}, {"ticket": "NL-7"}),
        ({"ordering_key": "run:7"}, {}, {"ticket": "run:7"}),
        ({"accepted_at": now() - timedelta(hours=3)}, {}, {"older_than": "2h"}),
        ({}, {"accepted_at": now() - timedelta(days=3)}, {"newer_than": "2d"}),
        ({"last_error": "50% Lost"}, {"last_error": "50 lost"}, {"error": "50% lost"}),
    ],
    ids=" ".join,
)
async def test_each_field_of_a_filter_narrows(
    session: AsyncSession, matching: dict[str, Any], other: dict[str, Any], wanted: dict[str, Any]
) -> None:
    (expected, _) = await stored(session, delivery_row(**matching), delivery_row(**other))
    wanted_filter = DeliveryFilter.model_validate(wanted)
    found = await search.find(session, wanted_filter, limit=10)
    assert [each.id for each in found] == [expected]
    assert await search.ids_of(session, wanted_filter) == [expected]
    assert sum((await search.tally(session, wanted_filter)).values()) == 1


async def test_all_fields_must_match(session: AsyncSession) -> None:
    await stored(session, delivery_row(event="a"), delivery_row(business_key="teelixir"))
    both = DeliveryFilter(event="a", business="teelixir")
    assert await search.find(session, both, limit=10) == []
    assert await search.tally(session, both) == {}


async def test_nothing_given_finds_every_state_the_newest_first(session: AsyncSession) -> None:
    ids = await stored(session, *(delivery_row(state) for state in S))
    found = await search.find(session, DeliveryFilter(), limit=100)
    assert [each.id for each in found] == ids[::-1]
    assert await search.ids_of(session, DeliveryFilter()) == ids
    assert await search.tally(session, DeliveryFilter()) == dict.fromkeys(S, 1)


async def test_pages_follow_each_other(session: AsyncSession) -> None:
    ids = await stored(session, *(delivery_row(state) for state in (*S, *S)))
    seen: list[int] = []
    while page := await search.find(
        session, DeliveryFilter(), limit=4, before_id=seen[-1] if seen else None
    ):
        seen += [each.identity for each in page]
    assert seen == ids[::-1]


async def test_ids_that_are_not_there_match_nothing(session: AsyncSession) -> None:
    (here,) = await stored(session, delivery_row())
    wanted = DeliveryFilter(ids=(here, here + 1, 2**63 - 1))
    assert await search.ids_of(session, wanted) == [here]


async def test_dead_letters_are_redriven_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_BATCH", 3)
    async with database.transaction() as session:
        dead = await stored(session, *(delivery_row(attempts=5) for _ in range(7)))
        others = await stored(
            session, delivery_row(S.DONE), delivery_row(S.DISCARDED), delivery_row(event="other")
        )
    wanted = DeliveryFilter(event="repair.requested")
    assert await search.redrive_all(database, wanted) == len(dead)
    now_in = await states(database)
    assert {now_in[each] for each in dead} == {S.WAITING}
    assert [now_in[each] for each in others] == [S.DONE, S.DISCARDED, S.DEAD]
    assert await search.redrive_all(database, wanted) == 0
    assert await search.redrive_all(database, DeliveryFilter(ids=(others[1],))) == 1


async def test_discarding_spares_what_workers_hold_and_what_was_held_behind(
    database: Database,
) -> None:
    async with database.transaction() as session:
        first, second = await stored(
            session,
            delivery_row(S.WAITING, ordering_key="k"),
            delivery_row(S.HELD, ordering_key="k"),
        )
        claimed, suspended, done = await stored(
            session,
            delivery_row(S.CLAIMED, worker="worker-1"),
            delivery_row(S.SUSPENDED),
            delivery_row(S.DONE),
        )
    assert await search.discard_all(database, DeliveryFilter(states=(S.WAITING,)), "a test") == 1
    now_in = await states(database)
    assert (now_in[first], now_in[second]) == (S.DISCARDED, S.WAITING)
    assert await search.discard_all(database, DeliveryFilter(), "another test") == 2
    now_in = await states(database)
    assert (now_in[second], now_in[suspended]) == (S.DISCARDED, S.DISCARDED)
    assert (now_in[claimed], now_in[done]) == (S.CLAIMED, S.DONE)
    async with database.transaction() as session:
        kept = await session.exec(select(Delivery).where(col(Delivery.id) == first))
        assert kept.one().last_error == "a test"


async def test_what_was_erased_is_not_counted_among_what_can_be_redriven(
    database: Database,
) -> None:
    discarded = DeliveryFilter(states=(S.DISCARDED,))
    async with database.transaction() as session:
        erased = delivery_row(S.DISCARDED, redacted_at=now())
        await stored(session, erased, delivery_row(S.DISCARDED))
        assert await search.tally(session, discarded.to_redrive()) == {S.DISCARDED: 1}
    assert await search.redrive_all(database, discarded) == 1


def change(what: str) -> Callable[[DeliveryFilter], DeliveryFilter]:
    return {"redrive": DeliveryFilter.to_redrive, "discard": DeliveryFilter.to_discard}[what]


@pytest.mark.parametrize(
    ("what", "state"), [("redrive", S.DONE), ("redrive", S.WAITING), ("discard", S.DONE)]
)
def test_states_that_can_not_be_changed_are_told(what: str, state: DeliveryState) -> None:
    with pytest.raises(HotrodError, match=f"{state} deliveries can't be {what}"):
        change(what)(DeliveryFilter(states=(state, S.DEAD)))


@pytest.mark.parametrize(
    "given",
    [
        {"older_than": "15"},
        {"older_than": "fortnight"},
        {"older_than": "-5m"},
        {"newer_than": "9999999d"},
        {"states": ["asleep"]},
        {"ids": [0]},
        {"ids": [2**63]},
        {"event": "a\x00b"},
        {"error": "x" * 201},
        {"colour": "red"},
    ],
)
def test_what_can_not_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DeliveryFilter.model_validate(given)


def test_blank_fields_of_a_form_are_not_given() -> None:
    blank: dict[str, Any] = {"event": "", "business": None, "states": [], "older_than": ""}
    assert DeliveryFilter.model_validate(blank).is_empty
