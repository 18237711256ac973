from __future__ import annotations

import asyncio

import pytest

from connectors._http.breaker import MemoryBreakers
from connectors._http.calls import Call, Caller, MemoryRecorder, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy


class Service:
    """Answers as planned; an error is raised."""

    def __init__(self, *plan: ConnectorError | str) -> None:
        self.plan = list(plan)

    async def __call__(self, trace: Trace) -> str:
        step = self.plan.pop(0)
        if isinstance(step, ConnectorError):
            raise step
        trace.request_id = f"id of {step}"
        return step


def failed(kind: type[ConnectorError], retry_after: float | None = None) -> ConnectorError:
    return kind("s", "list", "m", None, retry_after)


async def test_a_call_is_recorded_once_with_its_attempts(retry: RetryPolicy) -> None:
    recorder = MemoryRecorder()
    caller = Caller("s", Shared(recorder=recorder), retry, clock=lambda: 5.0)
    service = Service(failed(TransientError), "fine")
    assert await caller.call("list", service, safe=True) == "fine"
    with pytest.raises(RejectedError):
        await caller.call("list", Service(failed(RejectedError)), safe=True)
    assert recorder.calls == [
        Call("s", "list", "ok", 0.0, 2, "id of fine"),
        Call("s", "list", "RejectedError", 0.0, 1),
    ]


async def test_each_attempt_waits_for_its_turn(retry: RetryPolicy, waits: list[float]) -> None:
    limiter = MemoryLimiter(Rate(1, 10.0), clock=lambda: 0.0)
    caller = Caller("s", Shared(limiter=limiter), retry)
    assert await caller.call("list", Service(failed(TransientError), "fine"), safe=True) == "fine"
    assert waits == [1.0, pytest.approx(10.2)]


async def test_a_turn_that_is_far_away_is_told(retry: RetryPolicy) -> None:
    limiter = MemoryLimiter(Rate(1, 60.0), clock=lambda: 0.0)
    caller = Caller("s", Shared(limiter=limiter), retry)
    assert await caller.call("list", Service("fine"), safe=True) == "fine"
    with pytest.raises(RateLimitedError, match="our own pace") as caught:
        await caller.call("list", Service("never"), safe=True)
    assert caught.value.retry_after_seconds == pytest.approx(61.2)


async def test_a_retry_after_holds_for_all_who_use_the_account(retry: RetryPolicy) -> None:
    limiter = MemoryLimiter(Rate(100, 1.0), clock=lambda: 0.0)
    ours = Caller("s", Shared(limiter=limiter), retry)
    with pytest.raises(RateLimitedError):
        await ours.call("list", Service(failed(RateLimitedError, 40.0)), safe=True)
    theirs = Caller("s", Shared(limiter=limiter), retry)
    with pytest.raises(RateLimitedError, match="our own pace"):
        await theirs.call("list", Service("never"), safe=True)


async def test_a_service_that_is_down_is_left_alone(retry: RetryPolicy) -> None:
    caller = Caller("s", Shared(breakers=MemoryBreakers()), retry)
    for _ in range(5):
        with pytest.raises(TransientError):
            await caller.call("post", Service(failed(TransientError)), safe=False)
    untouched = Service("never")
    with pytest.raises(TransientError, match="left alone"):
        await caller.call("post", untouched, safe=False)
    assert untouched.plan == ["never"]


class Away:
    """Stores that are out of reach, all of them."""

    async def read(self, _service: str) -> None:
        raise OSError

    async def write(self, _service: str, _before: object, _after: object) -> bool:
        raise OSError

    async def reserve(self, at_most: float) -> float:
        raise OSError

    async def pause(self, seconds: float) -> None:
        raise OSError

    async def learn(self, rate: Rate) -> None:
        raise OSError


class AwayAfterwards(Away):
    """Out of reach as soon as a call was let through."""

    async def read(self, _service: str) -> tuple[int, float, float]:
        return (1, 0.0, 9e9)

    async def reserve(self, at_most: float) -> float:
        return 0.0


@pytest.mark.parametrize("shared", [Shared(limiter=Away()), Shared(breakers=Away())])
async def test_without_what_is_shared_nothing_is_called(shared: Shared, retry: RetryPolicy) -> None:
    with pytest.raises(TransientError, match="hotrod doctor"):
        await Caller("s", shared, retry).call("list", Service(), safe=False)


async def test_what_was_done_is_done_though_nobody_can_be_told(retry: RetryPolicy) -> None:
    shared = Shared(limiter=AwayAfterwards(), breakers=AwayAfterwards())
    caller = Caller("s", shared, retry)

    assert await caller.call("add", Service("fine"), safe=False) == "fine"
    await caller.learn(Rate(1, 1.0))
    with pytest.raises(RateLimitedError):
        await caller.call("add", Service(failed(RateLimitedError, 60.0)), safe=False)


async def test_a_call_waits_for_its_slot_before_its_turn(retry: RetryPolicy) -> None:
    limiter = MemoryLimiter(Rate(1, 60.0), clock=lambda: 0.0)
    slots = asyncio.Semaphore(1)
    caller = Caller("s", Shared(limiter=limiter), retry, slots=slots)
    async with slots:
        waiting = asyncio.create_task(caller.call("list", Service("fine"), safe=True))
        await asyncio.sleep(0)
        assert await limiter.reserve(0) == 0.0, "no turn was taken yet"
        waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
