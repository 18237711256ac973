"""How the breakers of all services stand, for all processes."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from hotrod.db.engine import Database, is_away
from hotrod.db.rows import insert_once
from hotrod.services.models import ServiceBreaker

Standing = tuple[int, float, float]
"""Failures in a row, seconds of rest (0: closed), end of the rest in seconds since the epoch."""

_CLOSED: Standing = (0, 0.0, 0.0)
_FRESH_SECONDS = 1.0


class SharedBreakers:
    """Keeps the state of breakers; one that was read is believed for a second.

    While the database is away, the state that was read last counts, and changes are lost: what
    calls a service needs the database anyway.

    Args:
        database: where the state is kept.
        clock: seconds that only grow; tests replace it.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[float, Standing | None]] = {}

    async def read(self, service: str) -> Standing | None:
        """Return the state; None: there is none, so it is closed."""
        read_at, known = self._known.get(service, (float("-inf"), None))
        if self._clock() - read_at < _FRESH_SECONDS:
            return known
        try:
            async with self._database.transaction() as session:
                row = await session.get(ServiceBreaker, service)
        except (DBAPIError, OSError) as error:
            if not is_away(error):
                raise
            return known
        found = None if row is None else (row.failures, row.rest_seconds, row.open_until)
        self._known[service] = (self._clock(), found)
        return found

    async def write(self, service: str, before: Standing | None, after: Standing) -> bool:
        """Change the state; False when it isn't ``before`` any more."""
        try:
            is_changed = await self._write(service, before, after)
        except (DBAPIError, OSError) as error:
            if not is_away(error):
                raise
            return True
        if is_changed:
            self._known[service] = (self._clock(), None if after == _CLOSED else after)
        else:
            self._known.pop(service, None)
        return is_changed

    async def _write(self, service: str, before: Standing | None, after: Standing) -> bool:
        then = dict(zip(("failures", "rest_seconds", "open_until"), before or _CLOSED, strict=True))
        failures, rest_seconds, open_until = after
        new = ServiceBreaker(
            service=service, failures=failures, rest_seconds=rest_seconds, open_until=open_until
        )
        async with self._database.transaction() as session:
            if before is None:
                return await insert_once(session, new, unique="service")
            row = await session.get(ServiceBreaker, service, with_for_update=True)
            if row is None or row.model_dump(include=set(then)) != then:
                return False
            if after == _CLOSED:
                await session.delete(row)
            else:
                await session.merge(new)
            return True
