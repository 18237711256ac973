from __future__ import annotations

import pytest

from connectors._http.breaker import Breaker, MemoryBreakers
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryBreakers:
    return MemoryBreakers()


def error(kind: type[ConnectorError] = TransientError) -> ConnectorError:
    return kind("s", "o", "m")


async def open_(breaker: Breaker) -> None:
    for _ in range(5):
        await breaker.enter("o")
        await breaker.failed(error())


async def is_open(breaker: Breaker) -> bool:
    try:
        await breaker.enter("o")
    except TransientError:
        return True
    return False


async def test_five_failures_in_a_row_open_it_for_all(store: MemoryBreakers, clock: Clock) -> None:
    ours, theirs = Breaker("s", store, clock), Breaker("s", store, clock)
    await open_(ours)
    for breaker in (ours, theirs):
        with pytest.raises(TransientError, match="left alone for 2 s") as caught:
            await breaker.enter("post")
        assert caught.value.retry_after_seconds == 2.0
    assert not await is_open(Breaker("another", store, clock))


async def test_after_the_rest_one_probe_goes_through_and_closes_it(
    store: MemoryBreakers, clock: Clock
) -> None:
    ours, theirs = Breaker("s", store, clock), Breaker("s", store, clock)
    await open_(ours)
    clock.now += 2
    assert not await is_open(theirs)
    assert await is_open(ours)
    await theirs.succeeded()
    assert not await is_open(ours)


async def test_a_probe_that_fails_doubles_the_rest(store: MemoryBreakers, clock: Clock) -> None:
    breaker = Breaker("s", store, clock)
    await open_(breaker)
    for rest in (2, 4, 8, 16, 32, 60, 60):
        clock.now += rest - 1
        assert await is_open(breaker)
        clock.now += 1
        assert not await is_open(breaker)
        await breaker.failed(error())


async def test_a_probe_that_died_is_followed_by_another(
    store: MemoryBreakers, clock: Clock
) -> None:
    breaker = Breaker("s", store, clock)
    await open_(breaker)
    clock.now += 2
    assert not await is_open(breaker)
    assert await is_open(breaker)
    clock.now += 2
    assert not await is_open(breaker)


@pytest.mark.parametrize("kind", [NeedsReauthError, RateLimitedError, RejectedError])
async def test_an_answer_is_no_failure(
    store: MemoryBreakers, clock: Clock, kind: type[ConnectorError]
) -> None:
    breaker = Breaker("s", store, clock)
    for _ in range(3):
        for _ in range(4):
            await breaker.failed(error(UnknownOutcomeError))
        await breaker.failed(error(kind))
    assert not await is_open(breaker)
