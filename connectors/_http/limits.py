"""How fast a service may be asked: our own pace, shared by all who use an account."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

_MARGIN = 1.02
"""Calls take different times to arrive; two percent keep the service's windows below the limit."""

LONGEST_PAUSE_SECONDS = 3600.0
"""Longer Retry-Afters are slips or outages; nobody should have to end them by hand."""


@dataclass(frozen=True)
class Rate:
    """At most ``calls`` in any window of ``seconds``.

    Raises:
        ValueError: one of them isn't positive.
    """

    calls: int
    seconds: float

    def __post_init__(self) -> None:
        if self.calls < 1 or self.seconds <= 0:
            raise ValueError(f"no rate: {self.calls} calls in {self.seconds} s")


@dataclass
class Window:
    """The calls of the last window, and when the next one may be made.

    A bucket that fills up while nobody calls would let twice its size through in one window;
    this keeps the time of each call instead, so no window holds more than the rate allows.

    Args:
        rate: the limit.
        taken: times of the last calls, the oldest first, in seconds of any clock.
        not_before: nobody calls earlier, because the service said so.
    """

    rate: Rate
    taken: deque[float] = field(default_factory=deque)
    not_before: float = float("-inf")

    def next(self, now: float) -> float:
        """Return when the next call may be made; now, or later."""
        earliest = max(now, self.not_before, self.taken[-1] if self.taken else now)
        if len(self.taken) < self.rate.calls:
            return earliest
        return max(earliest, self.taken[-self.rate.calls] + self.rate.seconds * _MARGIN)

    def take(self, moment: float) -> None:
        """Remember a call that is made at a moment, which ``next`` returned."""
        self.taken.append(moment)
        self._forget()

    def answered(self, after: float, now: float) -> None:
        """Count a call as made now that is answered so many seconds after its moment.

        It may have arrived as late, but not later than that. What the margin covers stays.
        """
        if after <= self.rate.seconds * (_MARGIN - 1):
            return
        place = bisect_left(self.taken, now - after)
        if place < len(self.taken) and self.taken[place] < now:
            del self.taken[place]
        insort(self.taken, now)
        self._forget()

    def _forget(self) -> None:
        while len(self.taken) > self.rate.calls:
            self.taken.popleft()


class Limiter(Protocol):
    """Gives out the moments at which an account may be used."""

    async def reserve(self, at_most: float) -> float:
        """Reserve the next free moment.

        Args:
            at_most: longest wait that is worth it, in seconds.

        Returns:
            how many seconds to wait until then. When that is more than ``at_most``, nothing was
            reserved.
        """

    async def answered(self, after: float) -> None:
        """Tell that a call was answered so many seconds after its moment.

        One that took long counts as made now: it may have arrived as late. So no window of the
        service holds more than the rate allows, as long as no more calls than that are under way
        or wait for their moment.
        """

    async def pause(self, seconds: float) -> None:
        """Let nobody call for a while, an hour at most, because the service said so."""

    async def learn(self, rate: Rate) -> None:
        """Go by the limit that the service has told."""


class MemoryLimiter:
    """A ``Limiter`` for the calls of one process."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = Window(rate)
        self._clock = clock

    async def reserve(self, at_most: float) -> float:
        """Reserve the next free moment, see ``Limiter``."""
        now = self._clock()
        moment = self._window.next(now)
        if moment - now <= at_most:
            self._window.take(moment)
        return moment - now

    async def answered(self, after: float) -> None:
        """Tell how long a call took, see ``Limiter``."""
        self._window.answered(after, self._clock())

    async def pause(self, seconds: float) -> None:
        """Let nobody call for a while, see ``Limiter``."""
        until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)
        self._window.not_before = max(self._window.not_before, until)

    async def learn(self, rate: Rate) -> None:
        """Go by another limit."""
        self._window.rate = rate


class Limiters:
    """A ``Limiter`` of several: a call waits until each of them lets it through.

    Args:
        limiters: those that refuse most often first; what the others reserved for a call that
            one refuses is lost. The first one learns what the service tells.
    """

    def __init__(self, *limiters: Limiter) -> None:
        self._limiters = limiters

    async def reserve(self, at_most: float) -> float:
        """Reserve a moment with each of them, see ``Limiter``."""
        wait = 0.0
        for limiter in self._limiters:
            wait = max(wait, await limiter.reserve(at_most))
            if wait > at_most:
                break
        return wait

    async def answered(self, after: float) -> None:
        """Tell each of them how long a call took."""
        for limiter in self._limiters:
            await limiter.answered(after)

    async def pause(self, seconds: float) -> None:
        """Let nobody call for a while."""
        for limiter in self._limiters:
            await limiter.pause(seconds)

    async def learn(self, rate: Rate) -> None:
        """Go by another limit."""
        await self._limiters[0].learn(rate)
