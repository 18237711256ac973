"""The day's calls of eBay: what it says, what we count, and which watch gets how many."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from connectors._http.errors import ConnectorError
from hotrod.db.columns import now
from hotrod.services.store import calls_since
from hotrod.settings import Settings
from hotrod.watches.rules import DAY, budget_of, interval_in_words, plan
from hotrod.watches.store import calls_by_watch, calls_made, watches
from tasks._connections import ebay_client

_BROWSE = (
    "search",
    "search_by_image",
    "get_item",
    "get_item_by_legacy_id",
    "get_items_by_item_group",
    "check_compatibility",
)
"""Operations of the connector that cost a call of Browse's quota."""


@dataclass(frozen=True)
class Told:
    """What eBay says of the running day."""

    limit: int
    left: int
    resets_at: datetime


@dataclass(frozen=True)
class Share:
    """What one watch gets of the day's calls, and what it took in the last 24 hours."""

    name: str
    interval: str
    calls_per_day: float
    made: int


@dataclass(frozen=True)
class Quotas:
    """The day's calls. ``told`` is None when eBay didn't say; ``why`` then tells the reason."""

    told: Told | None
    why: str
    counted: int
    counted_since: datetime
    limit: int
    budget: int
    made: int
    watches: tuple[Share, ...]

    @property
    def left(self) -> int:
        """Calls that the watches have left of their budget; no more than eBay has left for us."""
        left = max(0, self.budget - self.made)
        return left if self.told is None else min(left, self.told.left)

    def in_words(self) -> list[str]:
        """Return it as lines to be read."""
        said = self.why
        if self.told is not None:
            used = self.told.limit - self.told.left
            said = (
                f"{used} of {self.told.limit} used, {self.told.left} left until "
                f"{self.told.resets_at:%F %H:%M} UTC"
            )
        kept = self.limit - self.budget
        return [
            f"eBay says: {said.removesuffix('.')}.",
            f"We count: {self.counted} calls since {self.counted_since:%F %H:%M} UTC.",
            f"Watches made {self.made} of {self.budget} in the last 24 h, {self.left} are left.",
            f"The other {kept} are kept for parts sourcing.",
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        told = self.told and {**asdict(self.told), "resets_at": self.told.resets_at.isoformat()}
        since = self.counted_since.isoformat()
        return {**asdict(self), "told": told, "counted_since": since, "left": self.left}


async def quotas(
    session: AsyncSession, settings: Settings, told: Told | None, why: str = ""
) -> Quotas:
    """Return how the day's calls stand.

    Args:
        session: to read what we have counted.
        settings: how many calls the watches may make.
        told: what eBay says, as ``ask`` returns it.
        why: it says nothing.
    """
    at = now()
    since = told.resets_at - DAY if told else at - DAY
    budget = budget_of(settings.ebay.calls_per_day, settings.ebay.percent_for_sourcing)
    counted = await calls_since(session, "ebay", _BROWSE, since)
    made = await calls_made(session, at)
    by_watch = await calls_by_watch(session, at)
    active = await watches(session, active=True)
    intervals = plan([one.turn for one in active], budget)
    shares = []
    for one in active:
        interval, wanted = intervals[one.watch.id], timedelta(minutes=one.watch.wanted_minutes)
        words = interval_in_words(interval, wanted)
        shares.append(Share(one.watch.name, words, DAY / interval, by_watch.get(one.watch.id, 0)))
    limit = told.limit if told else settings.ebay.calls_per_day
    return Quotas(told, why, counted, since, limit, budget, made.last_day, tuple(shares))


async def ask(settings: Settings) -> tuple[Told | None, str]:
    """Return what eBay says of the day's calls, or None and why; it costs none of them."""
    client = ebay_client(settings)
    if client is None:
        return None, "nothing, for there is no keyset: set HOTROD_EBAY__CLIENT_SECRET"
    try:
        quota = await client.get_quota()
    except ConnectorError as error:
        return None, f"nothing, it can't be asked: {error}"
    finally:
        await client.aclose()
    return Told(quota.limit, quota.remaining, quota.reset), ""
