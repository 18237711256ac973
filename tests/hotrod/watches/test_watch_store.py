"""What is kept of watches: calls that count whatever happens, and news that is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.watches.digests import gather, note_told, read_digest
from hotrod.watches.models import Watch, WatchCall, WatchKind
from hotrod.watches.rules import PACE, Sight
from hotrod.watches.store import (
    add_watch,
    calls_made,
    claim_call,
    find_due,
    find_watch,
    note_failure,
    note_sights,
    remove_watch,
    set_active,
    sightings,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUDGET = 240  # 10 an hour


@pytest.fixture(autouse=True)
async def no_other_watches(session: AsyncSession) -> None:
    await session.exec(delete(WatchCall))
    await session.exec(delete(Watch))


async def added(session: AsyncSession, name: str = "Ports", **more: Any) -> Watch:
    usual: dict[str, Any] = {
        "kind": WatchKind.NEW_LISTING,
        "business_key": "noizylab",
        "words": "HDMI",
    }
    usual |= {"currency": "CAD", "wanted_minutes": 5, "created_by": "test"}
    watch = Watch(name=name, **{**usual, **more})
    await add_watch(session, watch)
    return watch


def sight(reference: str, *, matched: bool = True, title: str = "HDMI port") -> Sight:
    return Sight(reference, title, "ann", "https://example.com/1", Decimal("9.99"), matched)


async def looked(session: AsyncSession, watch: Watch, *found: Sight, complete: bool = True) -> int:
    return await note_sights(session, watch.id, found, NOON, is_complete=complete)


async def test_no_more_is_claimed_than_an_hour_and_a_day_allow(session: AsyncSession) -> None:
    watch = await added(session)
    claims = [await claim_call(session, watch.id, BUDGET, NOON) for _ in range(12)]
    assert [bool(claim) for claim in claims] == [True] * 10 + [False] * 2
    assert await find_due(session, BUDGET, NOON + PACE) == []
    later = NOON + timedelta(minutes=61)
    assert await find_due(session, BUDGET, later) == [watch.id]
    assert await claim_call(session, watch.id, 10, later) is None, "the day's budget is used"
    assert await claim_call(session, watch.id, 10, NOON + timedelta(hours=25)) is not None


async def test_calls_count_after_their_watch_is_removed(session: AsyncSession) -> None:
    watch = await added(session)
    assert await claim_call(session, watch.id, BUDGET, NOON) is not None
    await remove_watch(session, "Ports")
    await session.flush()
    assert (await calls_made(session, NOON)).last_hour == 1
    assert await claim_call(session, watch.id, BUDGET, NOON) is None


async def test_a_paused_watch_neither_calls_nor_is_due(session: AsyncSession) -> None:
    watch = await added(session)
    await set_active(session, "Ports", active=False)
    assert await find_due(session, BUDGET, NOON) == []
    assert await claim_call(session, watch.id, BUDGET, NOON) is None
    assert await looked(session, watch, sight("1")) == 0
    await set_active(session, "Ports", active=True)
    assert await find_due(session, BUDGET, NOON) == [watch.id]


async def test_a_failed_look_is_due_when_it_was_said_and_a_good_one_forgets_it(
    session: AsyncSession,
) -> None:
    watch = await added(session, wanted_minutes=600)
    await claim_call(session, watch.id, BUDGET, NOON)
    await note_failure(session, watch.id, "it is away", NOON + 2 * PACE)
    assert await find_due(session, BUDGET, NOON + PACE) == []
    assert await find_due(session, BUDGET, NOON + 2 * PACE) == [watch.id]
    await looked(session, watch)
    found = (await find_watch(session, "Ports")).watch
    assert (found.error, found.retry_at) == ("", None)


async def test_a_price_that_left_the_results_is_news_when_it_comes_back(
    session: AsyncSession,
) -> None:
    watch = await added(session, kind=WatchKind.PRICE_BELOW, at_most=Decimal(10))
    assert await looked(session, watch, sight("1")) == 1
    assert await looked(session, watch, sight("2"), complete=False) == 1
    assert await looked(session, watch, sight("1")) == 0, "it may have been on a page not read"
    assert await looked(session, watch) == 0
    assert await looked(session, watch, sight("1"), sight("2")) == 2


async def test_two_listings_of_a_title_at_once_are_both_new(session: AsyncSession) -> None:
    watch = await added(session)
    await looked(session, watch)
    await looked(session, watch, sight("1"), sight("2"))
    await looked(session, watch, sight("3"))
    seen = {row.reference: row.news for row in await sightings(session, watch.id, limit=10)}
    assert seen == {"1": "new listing", "2": "new listing", "3": "relisted"}


async def test_a_message_keeps_what_is_in_it_until_it_is_told(session: AsyncSession) -> None:
    watch = await added(session, kind=WatchKind.ENDING_AUCTION)
    other = await added(session, "Fans", kind=WatchKind.ENDING_AUCTION)
    for_sofia = await added(session, "Her own", kind=WatchKind.ENDING_AUCTION, recipient="sofia")
    await looked(session, watch, sight("1"))
    await looked(session, other, sight("1"))
    await looked(session, for_sofia, sight("1"))
    first = await gather(session)
    told = {tuple(sorted(one.watch.name for one in await read_digest(session, d))) for d in first}
    assert told == {("Fans", "Ports"), ("Her own",)}

    await looked(session, watch, sight("2"))
    both = await gather(session)
    assert set(first) < set(both)
    assert len(both) == 3
    for digest in first:
        await note_told(session, digest, NOON)
        assert await read_digest(session, digest) == []
    assert await gather(session) == [digest for digest in both if digest not in first]


async def test_a_name_is_taken_once_and_a_stranger_not_found(session: AsyncSession) -> None:
    await added(session)
    with pytest.raises(InvalidInputError, match="Choose another"):
        await added(session)
    with pytest.raises(NotFoundError):
        await find_watch(session, "Nobody's")


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": ""},
        {"kind": WatchKind.PRICE_BELOW},
        {"by_mail": False},
        {"wanted_minutes": 0},
        {"priority": 10},
    ],
)
async def test_the_database_refuses_a_watch_that_can_not_work(
    session: AsyncSession, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        await added(session, **wrong)
