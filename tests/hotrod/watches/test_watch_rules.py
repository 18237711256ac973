"""The rules of watches: calls are shared fairly and never exceeded; news is told once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.watches.models import News, WatchKind
from hotrod.watches.rules import (
    DAY,
    HOUR,
    PACE,
    Earlier,
    Sight,
    Turn,
    allowance,
    budget_of,
    due,
    ending_within,
    hourly_share,
    interval_in_words,
    is_urgent,
    is_within,
    news_of,
    next_look,
    plan,
    retry_after,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUDGETS = st.integers(1, 5000)
TURNS = st.lists(
    st.builds(
        Turn,
        watch=st.uuids(),
        wanted=st.integers(1, 3000).map(lambda steps: steps * PACE),
        priority=st.integers(1, 9),
        is_urgent=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda turn: turn.watch,
)


def turn(number: int, minutes: int = 5, priority: int = 1, *, urgent: bool = False) -> Turn:
    return Turn(UUID(int=number), timedelta(minutes=minutes), priority, urgent)


def rate(interval: timedelta) -> float:
    return DAY / interval


@given(TURNS, BUDGETS)
def test_planned_calls_fit_into_the_budget_and_nobody_gets_more_than_wanted(
    turns: list[Turn], budget: int
) -> None:
    intervals = plan(turns, budget)
    assert set(intervals) == {one.watch for one in turns}
    assert sum(rate(one) for one in intervals.values()) <= budget * (1 + 1e-9)
    assert all(intervals[one.watch] >= one.wanted for one in turns)


@given(TURNS, BUDGETS)
def test_all_get_what_they_want_when_it_fits(turns: list[Turn], budget: int) -> None:
    wanted = sum(rate(one.wanted) for one in turns)
    room = min(budget, hourly_share(budget) * 24)
    if wanted <= room * (1 - 1e-9):
        assert plan(turns, budget) == {one.watch: one.wanted for one in turns}


@given(TURNS, BUDGETS)
def test_a_stretched_watch_gets_no_less_by_priority_than_any_other(
    turns: list[Turn], budget: int
) -> None:
    intervals = plan(turns, budget)
    for one in turns:
        if intervals[one.watch] > one.wanted:
            share = rate(intervals[one.watch] - timedelta(seconds=1)) / one.priority
            most = max(rate(intervals[other.watch]) / other.priority for other in turns)
            assert share >= most * (1 - 1e-9)


@given(TURNS, BUDGETS)
def test_calls_are_not_left_over_while_somebody_waits_longer_than_wanted(
    turns: list[Turn], budget: int
) -> None:
    intervals = plan(turns, budget)
    if any(intervals[one.watch] > one.wanted for one in turns):
        room = min(budget, hourly_share(budget) * 24)
        rounded_up = sum(rate(one) ** 2 / DAY.total_seconds() for one in intervals.values())
        assert sum(rate(one) for one in intervals.values()) >= room - 2 * rounded_up - 1e-6


def test_double_priority_gets_double_the_calls() -> None:
    intervals = plan([turn(1, priority=1), turn(2, priority=2)], 72)
    assert intervals == {UUID(int=1): HOUR, UUID(int=2): HOUR / 2}


@given(BUDGETS, st.integers(0, 6000), st.integers(0, 6000))
def test_what_is_allowed_fits_into_hour_and_day(budget: int, hour: int, earlier: int) -> None:
    allowed = allowance(budget, hour, hour + earlier)
    assert allowed >= 0
    if allowed:
        assert hour + earlier + allowed <= budget
        assert hour + allowed <= hourly_share(budget)


@pytest.mark.parametrize("start", [NOON, NOON.replace(hour=6, minute=58)])
def test_fifty_watches_at_200_calls_a_day_never_call_more(start: datetime) -> None:
    budget = budget_of(200, 20)
    assert budget == 160
    watches = {number: turn(number, urgent=number == 50) for number in range(1, 51)}
    made: list[tuple[datetime, int]] = []
    moment, end = start, start + 4 * DAY
    while moment < end:
        intervals = plan(watches.values(), budget)
        last_day = [at for at, _ in made if at > moment - DAY]
        last_hour = [at for at in last_day if at > moment - HOUR]
        may = allowance(budget, len(last_hour), len(last_day))
        for watch in due(watches.values(), intervals, moment)[:may]:
            made.append((moment, watch.int))
            old = watches[watch.int]
            watches[watch.int] = Turn(
                watch, old.wanted, old.priority, old.is_urgent, asked_at=moment
            )
        moment += PACE

    for first, _ in made:
        assert sum(first <= at < first + DAY for at, _ in made) <= budget
    assert len(made) >= 0.9 * 4 * (budget // 24 * 24), "the calls are used"
    looks = Counter(number for _, number in made)
    assert min(looks.values()) >= max(looks.values()) - 2, "each has its turn"
    assert made[0][1] == 50, "what is urgent goes first"


def test_urgent_ones_go_first_then_those_that_wait_longest() -> None:
    at = NOON
    hour_ago, earlier = at - HOUR, at - 2 * HOUR
    turns = [
        Turn(UUID(int=1), PACE, asked_at=hour_ago),
        Turn(UUID(int=2), PACE, asked_at=earlier),
        Turn(UUID(int=3), PACE),
        Turn(UUID(int=4), PACE, is_urgent=True, asked_at=hour_ago),
        Turn(UUID(int=5), PACE, asked_at=at),
        Turn(UUID(int=6), PACE, asked_at=earlier, retry_at=at + HOUR),
    ]
    found = due(turns, plan(turns, 5000), at)
    assert [one.int for one in found] == [4, 3, 2, 1]


def test_a_run_that_begins_a_little_early_skips_no_turn() -> None:
    one = Turn(UUID(int=1), PACE, asked_at=NOON)
    early = NOON + PACE - timedelta(seconds=20)
    assert due([one], {one.watch: PACE}, early) == [one.watch]
    assert due([one], {one.watch: PACE}, early - timedelta(minutes=1)) == []


def test_a_failed_call_is_tried_again_before_the_interval_ends_or_when_ebay_says() -> None:
    day = timedelta(days=1)
    assert retry_after(day, None, is_passing=True) == PACE
    assert retry_after(day, 7200.0, is_passing=True) == 2 * HOUR
    assert retry_after(day, None, is_passing=False) == day
    failed = Turn(UUID(int=1), day, asked_at=NOON, retry_at=NOON + PACE)
    assert next_look(failed, day) == NOON + PACE


@given(st.integers(300, 10**6))
def test_no_auction_ends_between_two_looks(seconds: int) -> None:
    interval = timedelta(seconds=seconds)
    assert ending_within(interval) >= max(interval, HOUR)


@pytest.mark.parametrize(
    ("kind", "is_low", "urgent"),
    [
        (WatchKind.ENDING_AUCTION, False, True),
        (WatchKind.PRICE_BELOW, True, True),
        (WatchKind.PRICE_BELOW, False, False),
        (WatchKind.NEW_LISTING, True, False),
    ],
)
def test_auctions_and_prices_of_low_parts_are_urgent(
    kind: WatchKind, *, is_low: bool, urgent: bool
) -> None:
    assert is_urgent(kind, is_low=is_low) is urgent


def test_an_unknown_price_is_below_no_limit_but_hides_no_new_listing() -> None:
    limit = Decimal(40)
    assert not is_within(WatchKind.PRICE_BELOW, limit, None)
    assert is_within(WatchKind.NEW_LISTING, limit, None)
    assert is_within(WatchKind.PRICE_BELOW, limit, limit)
    assert not is_within(WatchKind.NEW_LISTING, limit, limit + 1)
    assert is_within(WatchKind.NEW_LISTING, None, Decimal(10**6))


@given(st.lists(st.booleans(), max_size=30))
def test_a_price_is_news_once_for_each_fall_below_the_limit(matches: list[bool]) -> None:
    earlier, told = None, 0
    for matched in matches:
        sight = Sight("1", "HDMI", "ann", "", Decimal(1), matched)
        why = news_of(
            WatchKind.PRICE_BELOW, sight, earlier, is_first=False, was_listed_before=False
        )
        told += why is News.PRICE_FELL
        earlier = Earlier(matched, was_news=told > 0)
    falls = zip([False, *matches], matches, strict=False)
    assert told == sum(now_below and not before for before, now_below in falls)


@given(
    kind=st.sampled_from([WatchKind.NEW_LISTING, WatchKind.ENDING_AUCTION]),
    matches=st.lists(st.booleans(), min_size=1, max_size=10),
    relisted=st.booleans(),
)
def test_a_listing_or_an_auction_is_news_once_at_most(
    kind: WatchKind, matches: list[bool], *, relisted: bool
) -> None:
    earlier, told = None, []
    for place, matched in enumerate(matches):
        sight = Sight("1", "HDMI", "ann", "", None, matched)
        why = news_of(kind, sight, earlier, is_first=place == 0, was_listed_before=relisted)
        told += [why] if why else []
        earlier = Earlier(matched, was_news=bool(told))
    assert len(told) <= 1
    if kind is WatchKind.NEW_LISTING:
        assert told == [], "the first look learned it silently"
    else:
        assert bool(told) == any(matches)


@pytest.mark.parametrize(("relisted", "why"), [(False, News.NEW_LISTING), (True, News.RELISTED)])
def test_a_listing_never_seen_is_new_or_relisted(*, relisted: bool, why: News) -> None:
    sight = Sight("1", "HDMI", "ann", "", None, matched=True)
    kind = WatchKind.NEW_LISTING
    found = news_of(kind, sight, None, is_first=False, was_listed_before=relisted)
    assert found is why


def test_an_interval_is_told_with_what_was_wanted_when_it_is_longer() -> None:
    assert interval_in_words(PACE, PACE) == "every 5 min"
    assert interval_in_words(45 * timedelta(minutes=1), PACE) == "every 45 min (wanted: 5 min)"
    assert interval_in_words(8 * HOUR, 2 * HOUR) == "every 8 h (wanted: 2 h)"
    assert interval_in_words(2.5 * HOUR, HOUR) == "every 2.5 h (wanted: 60 min)"
