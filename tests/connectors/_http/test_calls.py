from __future__ import annotations

import asyncio
from collections import deque

import pytest
from pydantic import SecretStr

from connectors._http.breaker import MemoryBreakers
from connectors._http.calls import Call, Caller, MemoryRecorder, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
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


async def test_a_first_call_that_arrives_late_makes_no_window_too_full() -> None:
    now, arrived = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def attempt(_trace: Trace) -> None:
        nonlocal now
        now += 0.0 if arrived else 3.0  # the first one has to connect
        arrived.append(now)

    limiter = MemoryLimiter(Rate(2, 10.0), clock=lambda: now)
    caller = Caller("s", Shared(limiter=limiter), RetryPolicy(sleep=sleep), clock=lambda: now)
    for _ in range(4):
        await caller.call("list", attempt, safe=True)

    assert arrived == [3.0, 3.0, pytest.approx(13.2), pytest.approx(13.2)]


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


async def test_a_retry_after_of_a_mailbox_keeps_back_its_own_call_alone(
    retry: RetryPolicy, waits: list[float]
) -> None:
    limiter = MemoryLimiter(Rate(100, 1.0), clock=lambda: 0.0)
    caller = Caller("s", Shared(limiter=limiter), retry, has_one_limit=False)
    busy = Service(failed(RateLimitedError, 20.0), "fine")

    assert await caller.call("send", busy, safe=False) == "fine"
    with pytest.raises(RateLimitedError, match="m"):
        await caller.call("send", Service(failed(RateLimitedError, 600.0)), safe=False)
    assert await caller.call("send", Service("fine"), safe=False) == "fine"

    assert waits == [20.0]


async def test_a_service_that_is_down_is_left_alone(retry: RetryPolicy) -> None:
    caller = Caller("s", Shared(breakers=MemoryBreakers()), retry)
    for _ in range(5):
        with pytest.raises(TransientError):
            await caller.call("post", Service(failed(TransientError)), safe=False)
    untouched = Service("never")
    with pytest.raises(TransientError, match="left alone"):
        await caller.call("post", untouched, safe=False)
    assert untouched.plan == ["never"]


class Down:
    """A service that counts what reaches it, and answers nothing."""

    sent = 0

    async def __call__(self, _trace: Trace) -> str:
        self.sent += 1
        await asyncio.sleep(0)
        raise failed(TransientError)


async def test_calls_that_wait_for_a_slot_leave_a_service_alone_that_went_down(
    retry: RetryPolicy,
) -> None:
    down, slots = Down(), asyncio.Semaphore(5)
    caller = Caller("s", Shared(breakers=MemoryBreakers()), retry, slots=slots)
    calls = (caller.call("post", down, safe=False) for _ in range(200))

    ends = await asyncio.gather(*calls, return_exceptions=True)

    assert down.sent < 5 + 5, "five open it while as many are under way"
    assert sum("left alone" in str(end) for end in ends) == 200 - down.sent


async def test_calls_that_wait_for_their_turn_leave_a_service_alone_that_went_down() -> None:
    down, turns = Down(), deque[asyncio.Event]()

    async def sleep(_seconds: float) -> None:
        turns.append(asyncio.Event())
        await turns[-1].wait()

    limiter = MemoryLimiter(Rate(1, 0.1), clock=lambda: 0.0)
    caller = Caller(
        "s", Shared(breakers=MemoryBreakers(), limiter=limiter), RetryPolicy(sleep=sleep)
    )
    calls = [asyncio.create_task(caller.call("post", down, safe=False)) for _ in range(20)]
    while not all(call.done() for call in calls):
        if turns:
            turns.popleft().set()
        await asyncio.sleep(0)

    assert down.sent < 5 + 3
    assert "left alone" in str(calls[-1].exception())


async def test_a_call_that_is_refused_at_once_takes_no_turn(retry: RetryPolicy) -> None:
    limiter = MemoryLimiter(Rate(6, 60.0), clock=lambda: 0.0)
    caller = Caller("s", Shared(breakers=MemoryBreakers(), limiter=limiter), retry)
    for _ in range(10):
        with pytest.raises(TransientError):
            await caller.call("post", Down(), safe=False)

    assert await limiter.reserve(0) == 0.0, "five were sent, the sixth turn is free"


class SlowTokens:
    """Tells when it gave out a token; a refused one is followed by another."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps

    async def token(self, refused: SecretStr | None = None) -> SecretStr:
        await asyncio.sleep(0)
        self.steps.append("token")
        return SecretStr("new" if refused else "old")


async def test_a_token_is_there_before_the_turn_comes() -> None:
    steps = list[str]()

    async def sleep(_seconds: float) -> None:
        steps.append("turn")

    async def attempt(trace: Trace) -> str:
        steps.append(trace.token.get_secret_value())
        trace.is_unauthorized = trace.token.get_secret_value() == "old"
        if trace.is_unauthorized:
            raise failed(NeedsReauthError)
        return "fine"

    limiter = MemoryLimiter(Rate(1, 1.0), clock=lambda: 0.0)
    await limiter.reserve(0)
    caller = Caller(
        "s", Shared(limiter=limiter), RetryPolicy(sleep=sleep), tokens=SlowTokens(steps)
    )

    assert await caller.call("list", attempt, safe=True) == "fine"

    assert steps == ["token", "turn", "old", "token", "turn", "new"]


async def test_a_retry_without_an_answer_has_no_id(retry: RetryPolicy) -> None:
    recorder, ends = MemoryRecorder(), [TransientError, UnknownOutcomeError]

    async def attempt(trace: Trace) -> str:
        if len(ends) == 2:
            trace.request_id = "of the first"
        raise failed(ends.pop(0))

    with pytest.raises(UnknownOutcomeError):
        await Caller("s", Shared(recorder=recorder), retry).call("list", attempt, safe=True)

    assert [(call.attempts, call.request_id) for call in recorder.calls] == [(2, "")]


class Away:
    """Stores that are out of reach, all of them."""

    async def read(self, _service: str) -> tuple[int, float, float]:
        raise OSError

    async def write(self, _service: str, _before: object, _after: object) -> bool:
        raise OSError

    async def reserve(self, at_most: float) -> float:
        raise OSError

    async def answered(self, after: float) -> None:
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
