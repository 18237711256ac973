"""How often watches look within the day's calls, and what of their sightings is news.

The calls are shared by weighted max-min fairness: who wants less than a fair share gets what is
wanted, and the others share the rest by priority. Source: Bertsekas and Gallager, "Data
Networks", 2nd ed., 6.5.2.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hotrod.watches.models import News, WatchKind

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PACE = timedelta(minutes=5)
"""Between two runs of the flow; no watch looks more often."""

_HOURS = 24
_SLACK = timedelta(minutes=1)  # a run that begins a little early must not skip a turn


@dataclass(frozen=True)
class Turn:
    """What decides when a watch looks next.

    Args:
        watch: its id.
        wanted: time between two looks, as it was asked for.
        priority: 1 to 9; its share of scarce calls, compared with the others'.
        is_urgent: goes before all that aren't.
        asked_at: its last call; None: it hasn't looked yet.
        retry_at: when it is tried again after a failed call; None: none failed.
    """

    watch: UUID
    wanted: timedelta
    priority: int = 1
    is_urgent: bool = False
    asked_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Sight:
    """A listing as a look found it; ``price`` is at the door, None: it can't be told."""

    reference: str
    title: str
    seller: str
    url: str
    price: Decimal | None
    matched: bool
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Earlier:
    """What is known of a listing from earlier looks."""

    matched: bool
    was_news: bool


def budget_of(calls_per_day: int, percent_for_sourcing: int) -> int:
    """Return how many of a day's calls the watches may make; one at least."""
    return max(1, calls_per_day * (100 - percent_for_sourcing) // 100)


def hourly_share(budget: int) -> int:
    """Return how many calls the watches may make in an hour; one at least.

    No burst takes the whole day's calls, and what is urgent waits an hour at most.
    """
    return max(1, budget // _HOURS)


def allowance(budget: int, last_hour: int, last_day: int) -> int:
    """Return how many calls may be made now.

    Windows slide, so that no day holds more than the budget, wherever it begins: eBay's begins at
    midnight of the West Coast.

    Args:
        budget: calls a day.
        last_hour: calls of the last hour.
        last_day: calls of the last 24 hours, those of the last hour included.
    """
    return max(0, min(budget - last_day, hourly_share(budget) - last_hour))


def plan(turns: Collection[Turn], budget: int) -> dict[UUID, timedelta]:
    """Return the interval at which each watch looks: as wanted, or stretched fairly.

    All intervals together need no more calls a day than there are.
    """
    left = float(min(budget, hourly_share(budget) * _HOURS))
    weights = sum(turn.priority for turn in turns)
    intervals = {}
    for turn in sorted(turns, key=lambda turn: (DAY / turn.wanted / turn.priority, turn.watch)):
        wanted = DAY / turn.wanted
        share = left * turn.priority / weights
        stretched = timedelta(seconds=math.ceil(DAY.total_seconds() / share))
        intervals[turn.watch] = turn.wanted if wanted <= share else stretched
        left -= min(wanted, share)
        weights -= turn.priority
    return intervals


def next_look(turn: Turn, interval: timedelta) -> datetime | None:
    """Return when a watch looks next; None: as soon as possible."""
    if turn.retry_at is not None:
        return turn.retry_at
    return turn.asked_at and turn.asked_at + interval


def due(turns: Iterable[Turn], intervals: Mapping[UUID, timedelta], at: datetime) -> Sequence[UUID]:
    """Return the watches whose turn it is: urgent ones first, then those that wait longest."""
    waiting = []
    for turn in turns:
        moment = next_look(turn, intervals[turn.watch])
        if moment is None or moment <= at + _SLACK:
            rank = moment.timestamp() if moment else -math.inf
            waiting.append((not turn.is_urgent, rank, turn.watch))
    return [watch for _, _, watch in sorted(waiting)]


def is_urgent(kind: str, *, is_low: bool) -> bool:
    """Tell whether a watch goes first: an auction won't wait, nor a part that runs low."""
    return kind == WatchKind.ENDING_AUCTION or (kind == WatchKind.PRICE_BELOW and is_low)


def ending_within(interval: timedelta) -> timedelta:
    """Return how long before its end an auction is told of: time for two looks, an hour at least.

    So none ends between two looks, however far the intervals are stretched.
    """
    return max(HOUR, 2 * interval)


def retry_after(interval: timedelta, told: float | None, *, is_passing: bool) -> timedelta:
    """Return how long a watch rests after a failed call.

    Args:
        interval: of the watch.
        told: seconds that eBay asked for, or None.
        is_passing: whether the reason may be gone soon; else it keeps its interval.
    """
    rest = min(interval, PACE) if is_passing else interval
    return max(rest, timedelta(seconds=told or 0.0))


def is_within(kind: str, at_most: Decimal | None, price: Decimal | None) -> bool:
    """Tell whether a listing is within a watch's limit.

    A price that can't be told is below no limit, but doesn't hide a new listing or an auction.
    """
    if at_most is None:
        return True
    if price is None:
        return kind != WatchKind.PRICE_BELOW
    return price <= at_most


def news_of(
    kind: str, sight: Sight, earlier: Earlier | None, *, is_first: bool, was_listed_before: bool
) -> News | None:
    """Return what is news of a listing that a look found, or None.

    The first look for new listings learns silently what is there; a price or an auction's end is
    news at once. A price is news each time it falls below the limit, the others once an item.

    Args:
        kind: of the watch.
        sight: as the listing is now.
        earlier: what is known of it; None: it is seen for the first time.
        is_first: whether it is the watch's first look.
        was_listed_before: whether its seller had a listing of the same title that is gone.
    """
    if not sight.matched:
        return None
    match kind:
        case WatchKind.PRICE_BELOW:
            return None if earlier and earlier.matched else News.PRICE_FELL
        case WatchKind.ENDING_AUCTION:
            return None if earlier and earlier.was_news else News.ENDING
        case _:
            if is_first or earlier:
                return None
            return News.RELISTED if was_listed_before else News.NEW_LISTING


def interval_in_words(interval: timedelta, wanted: timedelta) -> str:
    """Return how often a watch looks, e.g. ``every 45 min (wanted: 5 min)``."""
    words = f"every {_in_words(interval)}"
    return words if interval <= wanted else f"{words} (wanted: {_in_words(wanted)})"


def _in_words(span: timedelta) -> str:
    minutes = math.ceil(span / timedelta(minutes=1))
    if minutes < 2 * 60:
        return f"{minutes} min"
    hours = minutes / 60
    return f"{hours:.1f}".removesuffix(".0") + " h"
