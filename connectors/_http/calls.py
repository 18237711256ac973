"""A call of a service from beginning to end: kept back, paced, tried again, and recorded."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar

import structlog
from pydantic import SecretStr

from connectors._http.breaker import Breaker, BreakerStore, Entry
from connectors._http.errors import ConnectorError, RateLimitedError, TransientError
from connectors._http.limits import Limiter, Rate
from connectors._http.retry import RetryPolicy
from connectors._http.tokens import MemoryTokens, TokenSource, TokenStore

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
OK = "ok"
_NO_TOKEN = SecretStr("")


@dataclass(frozen=True)
class Call:
    """What is kept of a call; nothing of what was said.

    Args:
        service: that was called.
        operation: of the connector.
        outcome: ``ok``, or the class of the error.
        milliseconds: from the first attempt to the end, waiting included.
        attempts: how often it was sent.
        request_id: by which the vendor finds it; empty when it told none.
    """

    service: str
    operation: str
    outcome: str
    milliseconds: float
    attempts: int
    request_id: str = ""


class Recorder(Protocol):
    """Keeps calls; it never waits, and never fails a call."""

    def record(self, call: Call) -> None:
        """Keep a call."""


class MemoryRecorder:
    """A ``Recorder`` that keeps the calls of one process."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        """Keep a call."""
        self.calls.append(call)


class NoRecorder:
    """A ``Recorder`` that keeps nothing."""

    def record(self, call: Call) -> None:
        """Forget a call."""


@dataclass(frozen=True)
class Shared:
    """What all processes share that use an account; by default, nothing outside of this one.

    Args:
        limiter: our pace; None: as fast as we like.
        breakers: which services are left alone; None: each call finds out by itself.
        recorder: where calls are kept.
        tokens: where tokens of OAuth 2 are kept.
    """

    limiter: Limiter | None = None
    breakers: BreakerStore | None = None
    recorder: Recorder = field(default_factory=NoRecorder)
    tokens: TokenStore = field(default_factory=MemoryTokens)


@dataclass
class Trace:
    """What an attempt is given, and finds out on the way.

    Args:
        token: to be put on the request; empty: calls carry none.
        is_unauthorized: it was answered with 401, so it was not done.
        request_id: by which the vendor finds it; empty when it told none.
    """

    token: SecretStr = _NO_TOKEN
    is_unauthorized: bool = False
    request_id: str = ""


@dataclass
class _Course:
    """How far a call is."""

    trace: Trace = field(default_factory=Trace)
    attempts: int = 0
    entry: Entry | None = None


class Caller:
    """Makes the calls of one service.

    Whatever is sent to it has a turn of its own and counts as an attempt; so does a call that is
    answered with 401 and is sent once more with a new token. When its turn comes a call has all
    that it needs, and goes unless the service failed others while it waited.

    Args:
        service: name used in errors and records.
        shared: with the other processes.
        retry: when a call is tried again.
        slots: of what calls need besides, e.g. a thread; it is waited for before the turn, so
            that a call is made when its turn comes. None: nothing.
        tokens: of what calls carry; None: nothing that is ever renewed.
        has_one_limit: a Retry-After keeps all calls of the account back; otherwise limits are of
            methods, channels or mailboxes, and it keeps back none but the call that was told.
        clock: seconds that only grow; tests replace it.
    """

    def __init__(
        self,
        service: str,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
        slots: AbstractAsyncContextManager[object] | None = None,
        tokens: TokenSource | None = None,
        *,
        has_one_limit: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        shared = shared or Shared()
        self._service = service
        self._limiter = shared.limiter
        self._recorder = shared.recorder
        self._breaker = Breaker(service, shared.breakers) if shared.breakers else None
        self._retry = retry or RetryPolicy()
        self._slots = slots or nullcontext()
        self._tokens = tokens
        self._has_one_limit = has_one_limit
        self._clock = clock
        self._learned: Rate | None = None

    def paced(self, limiter: Limiter | None) -> Self:
        """Return a caller like this one, of calls that the service limits apart."""
        other = copy(self)
        other._limiter, other._learned = limiter, None  # noqa: SLF001 - its own copy
        return other

    async def call(
        self,
        operation: str,
        attempt: Callable[[Trace], Awaitable[Result]],
        *,
        safe: bool,
    ) -> Result:
        """Make a call, and return what came of it.

        Args:
            operation: name used in errors and records.
            attempt: sends the request once; its errors are classified.
            safe: repeating it changes nothing.

        Raises:
            ConnectorError: the last attempt's, or the service is left alone, or our own pace
                would keep the call waiting for too long, or there is no token.
        """
        async with self.lasting(operation, attempt, safe=safe) as answer:
            pass
        return answer

    @asynccontextmanager
    async def lasting(
        self,
        operation: str,
        attempt: Callable[[Trace], Awaitable[Result]],
        *,
        safe: bool,
    ) -> AsyncIterator[Result]:
        """Make a call whose answer is read within the block; arguments as for ``call``.

        The call lasts as long as the block: it is recorded when that ends, and an error of the
        service within it is the call's. Who stops reading early has been answered well.

        Raises:
            ConnectorError: as ``call``.
        """
        course, outcome, begin = _Course(), OK, self._clock()
        try:
            result = await self._answered(operation, attempt, course, safe=safe)
            try:
                yield result
            except ConnectorError as error:
                if not error.is_settled:
                    await self._noted(self._note(error, course.entry))
                    error.is_settled = True
                raise
            except GeneratorExit:
                await self._noted(self._succeeded(course.entry))
                raise
            await self._noted(self._succeeded(course.entry))
        except GeneratorExit:
            raise
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            milliseconds = (self._clock() - begin) * 1000
            request_id = course.trace.request_id
            self._recorder.record(
                Call(self._service, operation, outcome, milliseconds, course.attempts, request_id)
            )

    async def _answered(
        self,
        operation: str,
        attempt: Callable[[Trace], Awaitable[Result]],
        course: _Course,
        *,
        safe: bool,
    ) -> Result:
        refused: SecretStr | None = None
        while True:
            course.entry = None
            try:
                async with self._slots:
                    token = await self._ready(operation, refused)
                    turn = await self._turn(operation)
                    course.entry = await self._entered(operation)
                    course.trace = Trace(token)
                    course.attempts += 1
                    try:
                        return await attempt(course.trace)
                    finally:
                        await self._answered_since(turn)
            except ConnectorError as error:
                if error.is_settled:  # of a call within this one, as for a token
                    raise
                await self._noted(self._note(error, course.entry))
                trace = course.trace
                if trace.is_unauthorized and trace.token and refused is None:
                    refused = trace.token
                    continue
                wait = self._retry.wait_seconds(course.attempts, error, safe=safe)
                if wait is None:
                    error.is_settled = True
                    raise
                log.info(
                    "service.retried",
                    service=self._service,
                    operation=operation,
                    tried=course.attempts,
                    wait_seconds=wait,
                    error=type(error).__name__,
                )
                await self._retry.sleep(wait)

    async def learn(self, rate: Rate | None) -> None:
        """Go by the limit that the service has told; None: it told none."""
        if self._limiter is not None and rate is not None and rate != self._learned:
            self._learned = rate
            await self._noted(self._limiter.learn(rate))

    async def _ready(self, operation: str, refused: SecretStr | None) -> SecretStr:
        """Return a token; whom the breaker refuses takes no turn."""
        if self._breaker is not None:
            await self._asked(operation, self._breaker.check(operation))
        if self._tokens is None:
            return _NO_TOKEN
        return await self._asked(operation, self._tokens.token(refused))

    async def _entered(self, operation: str) -> Entry | None:
        if self._breaker is None:
            return None
        return await self._asked(operation, self._breaker.enter(operation))

    async def _turn(self, operation: str) -> float:
        """Wait for a turn, and return when that is, by our clock."""
        begin = self._clock()
        if self._limiter is None:
            return begin
        longest = self._retry.longest_wait_seconds
        wait = await self._asked(operation, self._limiter.reserve(longest))
        if wait > longest:
            error = RateLimitedError(
                self._service,
                operation,
                f"our own pace, or a pause the service asked for, holds calls for {wait:.0f} s",
                None,
                wait,
            )
            error.is_settled = True
            raise error
        if wait > 0:
            await self._retry.sleep(wait)
        return begin + wait

    async def _answered_since(self, turn: float) -> None:
        if self._limiter is not None:
            await self._noted(self._limiter.answered(self._clock() - turn))

    async def _succeeded(self, entry: Entry | None) -> None:
        if self._breaker is not None and entry is not None:
            await self._breaker.succeeded(entry)

    async def _note(self, error: ConnectorError, entry: Entry | None) -> None:
        if self._breaker is not None and entry is not None:
            await self._breaker.failed(error, entry)
        if self._limiter is None or not self._has_one_limit:
            return
        told = error.retry_after_seconds
        if isinstance(error, RateLimitedError) and told is not None:
            await self._limiter.pause(told)

    async def _asked(self, operation: str, asking: Awaitable[Result]) -> Result:
        """Return what the processes share; without it, nothing is called.

        Raises:
            TransientError: it is out of reach.
        """
        try:
            return await asking
        except ConnectorError:
            raise
        except Exception as cause:  # a store may be of any kind
            error = TransientError(
                self._service,
                operation,
                f"what processes share can't be read ({type(cause).__name__})",
                "See `hotrod doctor`: our own database is out of reach.",
            )
            error.is_settled = True
            raise error from cause

    async def _noted(self, noting: Awaitable[None]) -> None:
        """Tell the others what was found out; what the service has done is done without it."""
        try:
            await noting
        except Exception as cause:  # noqa: BLE001 - a store may be of any kind
            log.warning("service.not_noted", service=self._service, error=type(cause).__name__)
