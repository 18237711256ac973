"""A service that is down is left alone, and asked by one probe whether it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from connectors._http.errors import ConnectorError, TransientError, UnknownOutcomeError

_FAILURES_UNTIL_OPEN = 5
_FIRST_REST_SECONDS = 2.0
_LONGEST_REST_SECONDS = 60.0
_IN_A_ROW_SECONDS = 60.0


Standing = tuple[int, float, float]
"""A ``BreakerState`` as stores keep it."""


class BreakerState(NamedTuple):
    """How a service's breaker stands.

    Args:
        failures: in a row.
        rest_seconds: how long calls are kept back; 0 when they aren't.
        open_until: then one probe may call, in seconds since the epoch; of a closed one, until
            when its failures count.
    """

    failures: int = 0
    rest_seconds: float = 0.0
    open_until: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether calls go through."""
        return self.rest_seconds == 0


class Entry(NamedTuple):
    """How a call was let through.

    Args:
        found: the state as it was.
        is_probe: whether it finds out for all if the service is back.
    """

    found: Standing | None
    is_probe: bool


class BreakerStore(Protocol):
    """Where the state of breakers is kept, for all processes."""

    async def read(self, service: str) -> Standing | None:
        """Return the state; None: there is none yet."""

    async def write(self, service: str, before: Standing | None, after: Standing) -> bool:
        """Change the state; False when it isn't ``before`` any more."""


class MemoryBreakers:
    """A ``BreakerStore`` for one process."""

    def __init__(self) -> None:
        self._states: dict[str, Standing] = {}

    async def read(self, service: str) -> Standing | None:
        """Return the state."""
        return self._states.get(service)

    async def write(self, service: str, before: Standing | None, after: Standing) -> bool:
        """Change the state, if it is ``before``."""
        if self._states.get(service) != before:
            return False
        self._states[service] = after
        return True


class Breaker:
    """Opens after five failures in a row, lets one probe through after a rest, and closes by it.

    A failure is one of the service: no answer, or one that it broke down. Being refused, limited,
    or not let in is none. Failures are in a row when no success was seen in between, and each came
    within a minute of the one before. Those that were under way when it opened change nothing.

    Args:
        service: name used in errors.
        store: where the state is.
        clock: seconds since the epoch; tests replace it.
    """

    def __init__(
        self, service: str, store: BreakerStore, clock: Callable[[], float] = time.time
    ) -> None:
        self._service = service
        self._store = store
        self._clock = clock

    async def check(self, operation: str) -> None:
        """Tell a call that ``enter`` would not let it through now; it becomes no probe by this.

        Raises:
            TransientError: the service has been down, and is left alone for a while.
        """
        state = _state(await self._store.read(self._service))
        wait = state.open_until - self._clock()
        if not state.is_closed and wait > 0:
            raise self._left_alone(operation, state, wait)

    async def enter(self, operation: str) -> Entry:
        """Let a call through, or not.

        Raises:
            TransientError: the service has been down, and is left alone for a while.
        """
        found = await self._store.read(self._service)
        state = _state(found)
        if state.is_closed:
            return Entry(found, is_probe=False)
        wait = state.open_until - self._clock()
        if wait <= 0:
            probing = state._replace(open_until=self._clock() + state.rest_seconds)
            if await self._store.write(self._service, found, probing):
                return Entry(probing, is_probe=True)
            wait = state.rest_seconds
        raise self._left_alone(operation, state, wait)

    async def succeeded(self, entry: Entry) -> None:
        """Note that the service has answered."""
        if entry.found is not None:
            await self._change(lambda _: BreakerState())

    async def failed(self, error: ConnectorError, entry: Entry) -> None:
        """Note how a call failed."""
        if not isinstance(error, (TransientError, UnknownOutcomeError)):
            await self.succeeded(entry)
        elif entry.is_probe:
            await self._change(self._after_probe)
        else:
            await self._change(self._after_failure)

    def _left_alone(self, operation: str, state: BreakerState, wait: float) -> TransientError:
        error = TransientError(
            self._service,
            operation,
            f"it failed {state.failures} times in a row and is left alone for {wait:.0f} s",
            None,
            wait,
        )
        error.is_settled = True
        return error

    async def _change(self, change: Callable[[BreakerState], BreakerState]) -> None:
        while True:
            found = await self._store.read(self._service)
            after = change(_state(found))
            if after == _state(found) or await self._store.write(self._service, found, after):
                return

    def _after_failure(self, state: BreakerState) -> BreakerState:
        if not state.is_closed:
            return state
        now = self._clock()
        failures = state.failures + 1 if now < state.open_until else 1
        if failures < _FAILURES_UNTIL_OPEN:
            return BreakerState(failures, 0.0, now + _IN_A_ROW_SECONDS)
        return BreakerState(failures, _FIRST_REST_SECONDS, now + _FIRST_REST_SECONDS)

    def _after_probe(self, state: BreakerState) -> BreakerState:
        rest = min(state.rest_seconds * 2 or _FIRST_REST_SECONDS, _LONGEST_REST_SECONDS)
        return BreakerState(state.failures + 1, rest, self._clock() + rest)


def _state(found: Standing | None) -> BreakerState:
    return BreakerState() if found is None else BreakerState(*found)
