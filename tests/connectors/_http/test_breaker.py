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


async def fail(breaker: Breaker, kind: type[ConnectorError] = TransientError) -> None:
    await breaker.failed(error(kind), await breaker.enter("o"))


async def succeed(breaker: Breaker) -> None:
    await breaker.succeeded(await breaker.enter("o"))


async def open_(breaker: Breaker) -> None:
    for _ in range(5):
        await fail(breaker)


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


async def test_a_success_of_anybody_ends_the_row(store: MemoryBreakers, clock: Clock) -> None:
    for _ in range(3):
        for _ in range(4):
            await fail(Breaker("s", store, clock))
        await succeed(Breaker("s", store, clock))
    assert not await is_open(Breaker("s", store, clock))


async def test_failures_far_apart_are_no_row(store: MemoryBreakers, clock: Clock) -> None:
    breaker = Breaker("s", store, clock)
    for _ in range(20):
        await fail(breaker)
        clock.now += 61
    assert not await is_open(breaker)


async def test_what_was_under_way_when_it_opened_changes_nothing(
    store: MemoryBreakers, clock: Clock
) -> None:
    breaker = Breaker("s", store, clock)
    entries = [await breaker.enter("o") for _ in range(20)]
    for entry in entries:
        await breaker.failed(error(), entry)
    clock.now += 2
    assert not await is_open(breaker)


async def test_after_the_rest_one_probe_goes_through_and_closes_it(
    store: MemoryBreakers, clock: Clock
) -> None:
    ours, theirs = Breaker("s", store, clock), Breaker("s", store, clock)
    await open_(ours)
    clock.now += 2
    probe = await theirs.enter("o")
    assert probe.is_probe
    assert await is_open(ours)
    await theirs.succeeded(probe)
    assert not await is_open(ours)


async def test_a_probe_that_fails_doubles_the_rest(store: MemoryBreakers, clock: Clock) -> None:
    breaker = Breaker("s", store, clock)
    await open_(breaker)
    for rest in (2, 4, 8, 16, 32, 60, 60):
        clock.now += rest - 1
        assert await is_open(breaker)
        clock.now += 1
        await fail(breaker)


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
            await fail(breaker, UnknownOutcomeError)
        await fail(breaker, kind)
    assert not await is_open(breaker)


async def test_nothing_is_written_while_all_goes_well(store: MemoryBreakers, clock: Clock) -> None:
    await succeed(Breaker("s", store, clock))
    assert await store.read("s") is None
