"""What search knows: it lags behind what was written, as HubSpot's does."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from sandbox.hubspot.record import Record

LAG_SECONDS = 1.0


class SearchIndex:
    """Snapshots of objects, each seen some time after it was written.

    Args:
        clock: seconds that only grow; tests replace it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[tuple[float, Record]] = deque()
        self._seen: dict[tuple[str, str], Record] = {}
        self.lag_seconds = LAG_SECONDS

    def put(self, record: Record) -> None:
        """Take in an object as it is now; an archived one is found no more."""
        snapshot = replace(record, properties=dict(record.properties))
        self._waiting.append((self._clock() + self.lag_seconds, snapshot))

    def refresh(self) -> None:
        """Let search see all that was written."""
        while self._waiting:
            self._see(self._waiting.popleft()[1])

    def records(self, kind: str) -> list[Record]:
        """Return what search sees of an object type, in the order of ids."""
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= now:
            self._see(self._waiting.popleft()[1])
        found = [record for (of, _), record in self._seen.items() if of == kind]
        return sorted(found, key=lambda record: int(record.id))

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._seen.clear()
        self.lag_seconds = LAG_SECONDS

    def _see(self, record: Record) -> None:
        if record.archived_at is None:
            self._seen[record.kind.name, record.id] = record
        else:
            self._seen.pop((record.kind.name, record.id), None)
