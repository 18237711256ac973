"""How the inbox and the ledger stand: counts, ages and rates, quick at any size.

What may be many is counted up to ``COUNTED_AT_MOST``, by an index; nothing walks the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.durable.heads import execute
from hotrod.durable.inbox import COUNTED_AT_MOST, QUEUES
from hotrod.durable.models import DeliveryState, Lane

WINDOWS = ("minute", "hour", "day")
_LANES = tuple(Lane)


@dataclass(frozen=True)
class Group:
    """Deliveries that stand together, ``COUNTED_AT_MOST`` at most, and when the oldest came."""

    state: DeliveryState
    lane: Lane
    business: str
    event: str
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Rate:
    """How many in the last minute, hour and day; ``COUNTED_AT_MOST`` at most."""

    minute: int
    hour: int
    day: int


@dataclass(frozen=True)
class InboxSummary:
    """The deliveries that aren't finished and the dead letters, and what came and went lately."""

    groups: tuple[Group, ...]
    accepted: Rate
    done: Rate
    dead: Rate

    def count(self, state: DeliveryState) -> int:
        """Return how many are in a state."""
        return sum(group.count for group in self.groups if group.state == state)

    @property
    def oldest_seconds(self) -> dict[DeliveryState, float]:
        """Age of the oldest delivery counted in each state that has any, since its acceptance."""
        moment = now()
        oldest: dict[DeliveryState, float] = {}
        for group in self.groups:
            age = max(0.0, (moment - group.oldest).total_seconds())
            oldest[group.state] = max(age, oldest.get(group.state, 0.0))
        return oldest


async def summary(session: AsyncSession) -> InboxSummary:
    """Summarize the inbox."""
    groups = [
        Group(
            DeliveryState(row.state),
            _LANES[row.lane_rank],
            row.business_key,
            row.event,
            row.deliveries,
            row.oldest,
        )
        for row in await execute(session, _GROUPS)
    ]
    rates = {
        row.what: Rate(row.minute, row.hour, row.day) for row in await execute(session, _RATES)
    }
    return InboxSummary(tuple(groups), rates["accepted"], rates["done"], rates["dead"])


async def accepted_total(session: AsyncSession) -> int:
    """Return how many deliveries were accepted so far, by their ids; it never goes down.

    A delivery that lost a race against itself has used an id up, too.
    """
    return int((await execute(session, "SELECT coalesce(max(id), 0) FROM inbox")).scalar_one())


_COUNTED = "state, lane_rank, business_key, event"
_BURIED = "state = 'dead' AND finished_at IS NOT NULL ORDER BY finished_at"
_DONE = "state = 'done' AND finished_at IS NOT NULL ORDER BY finished_at"
_OF_QUEUE = """
    inbox WHERE state = 'waiting' AND lane_rank = queue.lane_rank
            AND business_key = queue.business_key AND event = queue.event
"""


def _oldest(condition: str) -> str:
    few = f"SELECT {_COUNTED}, accepted_at FROM inbox WHERE {condition} LIMIT {COUNTED_AT_MOST}"
    return f"""
        SELECT {_COUNTED}, count(*) AS deliveries, min(accepted_at) AS oldest
        FROM ({few}) AS few GROUP BY {_COUNTED}
    """


_GROUPS = f"""
    WITH RECURSIVE {QUEUES}
    SELECT 'waiting' AS state, lane_rank, business_key, event, counted.deliveries, head.oldest
    FROM queue,
        LATERAL (SELECT accepted_at AS oldest FROM {_OF_QUEUE} ORDER BY id LIMIT 1) AS head,
        LATERAL (SELECT count(*) AS deliveries
                 FROM (SELECT FROM {_OF_QUEUE} LIMIT {COUNTED_AT_MOST}) AS few) AS counted
    UNION ALL {_oldest("state = 'held'")}
    UNION ALL {_oldest("state = 'claimed' ORDER BY lease_until")}
    UNION ALL {_oldest("state = 'suspended' ORDER BY id")}
    UNION ALL {_oldest(_BURIED)}
    ORDER BY state, lane_rank, business_key, event
"""


def _rate(what: str, moment: str, newest: str) -> str:
    counts = ", ".join(
        f"count(*) FILTER (WHERE at > now() - interval '1 {window}') AS {window}"
        for window in WINDOWS
    )
    few = f"SELECT {moment} AS at FROM inbox {newest} DESC LIMIT {COUNTED_AT_MOST}"
    return f"SELECT '{what}' AS what, {counts} FROM ({few}) AS few"


_RATES = " UNION ALL ".join(
    [
        _rate("accepted", "accepted_at", "ORDER BY id"),
        _rate("done", "finished_at", f"WHERE {_DONE}"),
        _rate("dead", "finished_at", f"WHERE {_BURIED}"),
    ]
)
