"""What our own database says of deliveries and mails; only read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from bench.stack import BenchStack
from hotrod.db.engine import database_url
from hotrod.durable.models import DeliveryState
from hotrod.errors import HotrodError
from hotrod.settings import Settings

_UNFINISHED = "('held', 'waiting', 'claimed')"
_LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class DeliverySeen:
    """A repair request in the inbox."""

    ticket: str
    delivery_id: str
    state: str
    attempts: int
    run_id: UUID | None
    accepted_at: datetime
    finished_at: datetime | None
    last_error: str

    @property
    def is_done(self) -> bool:
        """Whether it was worked off as it should be."""
        return self.state == DeliveryState.DONE


@dataclass(frozen=True)
class MailKnown:
    """A mail that we composed: at most one of a kind for each ticket, quote or other subject."""

    message_id: str
    ticket: str
    kind: str


def read_deliveries(settings: Settings) -> list[DeliverySeen]:
    """Return the repair requests in the inbox, in the order of acceptance."""
    rows = fetch(
        settings,
        """
        SELECT payload->>'ticket' AS ticket, delivery_id, state, attempts, run_id, accepted_at,
               finished_at, last_error
        FROM inbox WHERE event = 'repair.requested' ORDER BY id
        """,
    )
    return [DeliverySeen(**row) for row in rows]


def read_mails(settings: Settings) -> list[MailKnown]:
    """Return the mails that were composed."""
    rows = fetch(
        settings,
        """
        SELECT message_id, number AS ticket, kind
        FROM messages JOIN tickets ON tickets.id = messages.ticket_id
        """,
    )
    return [MailKnown(**row) for row in rows]


def count_unfinished(settings: Settings) -> int:
    """Return how many deliveries wait, are held or are worked on."""
    return _count(settings, f"state IN {_UNFINISHED}")


def count_in(settings: Settings, state: DeliveryState) -> int:
    """Return how many deliveries stand in a state."""
    return _count(settings, f"state = '{state.value}'")


def wait_until_idle(stack: BenchStack, within_seconds: float) -> None:
    """Wait until every delivery is finished, suspended or dead.

    Raises:
        HotrodError: it took longer.
    """
    deadline = time.monotonic() + within_seconds
    while left := count_unfinished(stack.settings):
        if time.monotonic() > deadline:
            logs = stack.settings.home / "logs"
            reason = f"{left} deliveries are unfinished after {within_seconds:.0f} s"
            raise HotrodError(f"{reason}; see the logs in {logs}")
        time.sleep(_LOOK_EVERY_SECONDS)


def _count(settings: Settings, condition: str) -> int:
    rows = fetch(settings, f"SELECT count(*) AS number FROM inbox WHERE {condition}")  # noqa: S608 - our own words
    return int(rows[0]["number"])


def fetch(settings: Settings, statement: str) -> list[dict[str, Any]]:
    """Return the rows that a query finds.

    Raises:
        OSError, asyncpg.PostgresError: the database can't be asked.
    """
    return asyncio.run(_fetch_async(settings, statement))


async def _fetch_async(settings: Settings, statement: str) -> list[dict[str, Any]]:
    url = database_url(settings).set(drivername="postgresql")
    connection = await asyncpg.connect(
        url.render_as_string(hide_password=False),
        server_settings={"default_transaction_read_only": "on"},
    )
    try:
        return [dict(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
