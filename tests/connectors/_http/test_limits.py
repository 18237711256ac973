from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._http.limits import Limiters, MemoryLimiter, Rate, Window


@given(
    calls=st.integers(1, 6),
    seconds=st.floats(0.5, 20),
    gaps=st.lists(st.floats(0, 15), max_size=60),
)
def test_no_window_ever_holds_more_than_the_rate_allows(
    calls: int, seconds: float, gaps: list[float]
) -> None:
    window, now, made = Window(Rate(calls, seconds)), 0.0, list[float]()
    for gap in gaps:
        now += gap
        moment = window.next(now)
        assert moment >= now
        window.take(moment)
        made.append(moment)
    for place, moment in enumerate(made):
        assert sum(moment <= other < moment + seconds for other in made[place:]) <= calls


@given(
    calls=st.integers(1, 6),
    seconds=st.floats(0.5, 20),
    took=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=60),
)
def test_no_window_of_the_service_holds_more_however_late_calls_arrive(
    calls: int, seconds: float, took: list[tuple[float, float]]
) -> None:
    window, now, arrived = Window(Rate(calls, seconds)), 0.0, list[float]()
    for after, part in took:
        moment = window.next(now)
        window.take(moment)
        arrived.append(moment + after * part)
        now = moment + after
        window.answered(after, now)
    for place, moment in enumerate(arrived):
        assert sum(moment <= other < moment + seconds for other in arrived[place:]) <= calls


def test_a_late_call_counts_once_among_those_that_wait() -> None:
    window = Window(Rate(3, 10.0))
    for moment in (0.0, 1.0, 1.0, 10.2):  # the last one waits for its moment
        window.take(moment)

    window.answered(5.0, 6.0)

    assert list(window.taken) == [1.0, 6.0, 10.2]


def test_who_always_calls_uses_nearly_all_of_it() -> None:
    window, moment = Window(Rate(100, 10.0)), 0.0
    for _ in range(10_000):
        moment = window.next(moment)
        window.take(moment)
    assert 10_000 / moment > 0.95 * 100 / 10.0


async def test_what_would_wait_too_long_reserves_nothing() -> None:
    now = 0.0
    limiter = MemoryLimiter(Rate(1, 10.0), clock=lambda: now)
    assert await limiter.reserve(1.0) == 0.0
    for _ in range(3):
        assert await limiter.reserve(1.0) == pytest.approx(10.2)
    now = 10.2
    assert await limiter.reserve(1.0) == 0.0


async def test_the_service_may_say_so() -> None:
    now = 100.0
    limiter = MemoryLimiter(Rate(5, 1.0), clock=lambda: now)
    await limiter.pause(30.0)
    await limiter.pause(10.0)
    assert await limiter.reserve(1.0) == 30.0
    await limiter.learn(Rate(1, 60.0))
    now = 130.0
    assert await limiter.reserve(1.0) == 0.0
    assert await limiter.reserve(1.0) > 60.0


async def test_no_pause_is_longer_than_an_hour() -> None:
    limiter = MemoryLimiter(Rate(5, 1.0), clock=lambda: 0.0)
    await limiter.pause(31_536_000.0)
    assert await limiter.reserve(1.0) == 3600.0


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_a_rate_that_is_none(calls: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="no rate"):
        Rate(calls, seconds)


async def test_of_several_limiters_the_slowest_sets_the_pace() -> None:
    now = 0.0
    day, second = (MemoryLimiter(rate, lambda: now) for rate in (Rate(2, 100.0), Rate(1, 1.0)))
    both = Limiters(day, second)

    assert await both.reserve(5.0) == 0.0
    assert await both.reserve(5.0) == pytest.approx(1.02)
    assert await both.reserve(5.0) > 100.0
    now = 1.02
    assert await second.reserve(5.0) == pytest.approx(1.02)  # the refused call took nothing here


async def test_several_limiters_pause_together_and_the_first_one_learns() -> None:
    now = 0.0
    both = Limiters(*(MemoryLimiter(rate, lambda: now) for rate in (Rate(1, 9.0), Rate(9, 1.0))))

    await both.answered(after=1.0)
    await both.learn(Rate(2, 9.0))
    await both.pause(30.0)
    assert await both.reserve(60.0) == 30.0
    assert await both.reserve(60.0) == 30.0
    assert await both.reserve(60.0) == pytest.approx(30.0 + 9.18)
