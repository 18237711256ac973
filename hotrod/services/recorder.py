"""Every call of a service, in ``integration_logs`` and summed up in ``api_metrics``."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hotrod.db.columns import now
from hotrod.db.engine import Database, is_away
from hotrod.services.models import ApiMetric

log = structlog.get_logger(__name__)

MAX_KEPT = 10_000
_FLUSH_SECONDS = 1.0
_LONGEST_ID = 200
_KEEP = text("""
    INSERT INTO integration_logs
    VALUES (gen_random_uuid(), :service, :operation, :outcome, :milliseconds, :attempts,
            :request_id, :at)
""")
_ADD = text("""
    INSERT INTO api_metrics AS m
    VALUES (:minute, :service, :operation, :outcome, :calls, :attempts, :total_milliseconds,
            :longest_milliseconds)
    ON CONFLICT (minute, service, operation, outcome) DO UPDATE
    SET calls = m.calls + excluded.calls,
        attempts = m.attempts + excluded.attempts,
        total_milliseconds = m.total_milliseconds + excluded.total_milliseconds,
        longest_milliseconds = greatest(m.longest_milliseconds, excluded.longest_milliseconds)
""")


class Call(Protocol):
    """What is kept of a call."""

    @property
    def service(self) -> str:
        """That was called."""

    @property
    def operation(self) -> str:
        """Of the connector."""

    @property
    def outcome(self) -> str:
        """``ok``, or the class of the error."""

    @property
    def milliseconds(self) -> float:
        """From the first attempt to the end."""

    @property
    def attempts(self) -> int:
        """How often it was sent."""

    @property
    def request_id(self) -> str:
        """By which the vendor finds it."""


class CallRecorder:
    """Writes calls in batches, a second after the first of each; it never fails a call.

    While the database is away, the latest 10,000 calls wait for it; older ones are lost.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[Call, datetime]] = deque(maxlen=MAX_KEPT)
        self._writing: asyncio.Task[None] | None = None

    def record(self, call: Call) -> None:
        """Keep a call; on an event loop."""
        self._waiting.append((call, now()))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    @property
    def waiting(self) -> list[Call]:
        """Calls that aren't written yet, the oldest first."""
        return [call for call, _ in self._waiting]

    async def aclose(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        await self._write()

    async def _write_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self._write()

    async def _write(self) -> None:
        batch = list(self._waiting)
        self._waiting.clear()
        try:
            if batch:
                await self._insert(batch)
        except (DBAPIError, OSError) as error:
            if is_away(error):
                self._waiting.extendleft(reversed(batch[-(MAX_KEPT - len(self._waiting)) :]))
            else:
                log.warning("calls.lost", calls=len(batch), error=type(error).__name__)
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(batch))
            raise

    async def _insert(self, batch: list[tuple[Call, datetime]]) -> None:
        async with self._database.transaction() as session:
            connection = await session.connection()
            await connection.execute(_KEEP, [_entry(call, at) for call, at in batch])
            await connection.execute(_ADD, [metric.model_dump() for metric in summed_up(batch)])


def summed_up(batch: list[tuple[Call, datetime]]) -> list[ApiMetric]:
    """Return the metrics of calls, in the order in which all processes change them."""
    found: dict[tuple[datetime, str, str, str], ApiMetric] = {}
    for call, at in batch:
        minute = at.replace(second=0, microsecond=0)
        key = (minute, call.service, call.operation, call.outcome)
        metric = found.setdefault(
            key,
            ApiMetric(
                minute=minute,
                service=call.service,
                operation=call.operation,
                outcome=call.outcome,
                calls=0,
                attempts=0,
                total_milliseconds=0.0,
                longest_milliseconds=0.0,
            ),
        )
        metric.calls += 1
        metric.attempts += call.attempts
        metric.total_milliseconds += call.milliseconds
        metric.longest_milliseconds = max(metric.longest_milliseconds, call.milliseconds)
    return [found[key] for key in sorted(found)]


def _entry(call: Call, at: datetime) -> dict[str, object]:
    return {
        "service": call.service,
        "operation": call.operation,
        "outcome": call.outcome,
        "milliseconds": call.milliseconds,
        "attempts": call.attempts,
        "request_id": call.request_id[:_LONGEST_ID],
        "at": at,
    }
