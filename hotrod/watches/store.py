"""Read and write watches, the calls they make, and what they saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rapidfuzz import process
from sqlalchemy import text
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.parts.models import Part
from hotrod.watches.models import News, Watch, WatchCall, WatchSighting
from hotrod.watches.rules import (
    DAY,
    HOUR,
    Earlier,
    Sight,
    Turn,
    allowance,
    due,
    is_urgent,
    news_of,
    plan,
)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('watch calls', 0))")
_ALIKE = 70
_UNSEEN = timedelta(days=180)
"""A listing not seen for so long is forgotten."""


@dataclass(frozen=True)
class Watching:
    """A watch, with the part that it looks for where it looks for one."""

    watch: Watch
    part: Part | None

    @property
    def turn(self) -> Turn:
        """What decides when it looks next."""
        watch = self.watch
        return Turn(
            watch=watch.id,
            wanted=timedelta(minutes=watch.wanted_minutes),
            priority=watch.priority,
            is_urgent=is_urgent(watch.kind, is_low=bool(self.part and self.part.low_since)),
            asked_at=watch.asked_at,
            retry_at=watch.retry_at,
        )


@dataclass(frozen=True)
class Claim:
    """A call that a watch may make, and the interval at which it looks."""

    asked: Watching
    interval: timedelta


@dataclass(frozen=True)
class CallsMade:
    """The calls of all watches, those of removed ones too."""

    last_hour: int
    last_day: int


async def add_watch(session: AsyncSession, watch: Watch) -> None:
    """Add a watch.

    Raises:
        InvalidInputError: there is one of this name.
    """
    if (await session.exec(select(Watch.id).where(Watch.name == watch.name))).first():
        raise InvalidInputError(
            "name", f"there is a watch {watch.name!r}.", "Choose another, or remove it first."
        )
    session.add(watch)
    await session.flush()


async def watches(session: AsyncSession, *, active: bool = False) -> list[Watching]:
    """Return the watches by name; all of them, or those that aren't paused."""
    statement = select(Watch, Part).join(Part, isouter=True).order_by(col(Watch.name))
    if active:
        statement = statement.where(Watch.active)
    return [Watching(watch, part) for watch, part in (await session.exec(statement)).all()]


async def find_watch(session: AsyncSession, name: str, *, lock: bool = False) -> Watching:
    """Return a watch by its name, as it is now.

    Raises:
        NotFoundError: there is none.
    """
    statement = (
        select(Watch, Part)
        .join(Part, isouter=True)
        .where(Watch.name == name)
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update(of=Watch)
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        names = (await session.exec(select(Watch.name))).all()
        near = process.extract(name, names, processor=str.lower, score_cutoff=_ALIKE, limit=3)
        meant = f"did you mean {' or '.join(repr(one) for one, *_ in near)}? " if near else ""
        raise NotFoundError("watch", name, f"{meant}`hotrod watch list` shows all")
    return Watching(*found)


async def set_active(session: AsyncSession, name: str, *, active: bool) -> Watch:
    """Pause a watch, or let it go on; raises as ``find_watch``."""
    watch = (await find_watch(session, name, lock=True)).watch
    watch.active = active
    session.add(watch)
    return watch


async def remove_watch(session: AsyncSession, name: str) -> None:
    """Remove a watch with all that it saw; raises as ``find_watch``."""
    await session.delete((await find_watch(session, name, lock=True)).watch)


async def calls_made(session: AsyncSession, at: datetime) -> CallsMade:
    """Return how many calls the watches have made."""
    recent = func.count().filter(col(WatchCall.at) > at - HOUR)
    counted = select(recent, func.count()).where(col(WatchCall.at) > at - DAY)
    last_hour, last_day = (await session.exec(counted)).one()
    return CallsMade(last_hour, last_day)


async def calls_by_watch(session: AsyncSession, at: datetime) -> dict[UUID, int]:
    """Return how many calls each watch has made in the last 24 hours; none of removed ones."""
    found = await session.exec(
        select(WatchCall.watch_id, func.count())
        .where(col(WatchCall.at) > at - DAY)
        .group_by(col(WatchCall.watch_id))
    )
    return {watch: count for watch, count in found if watch is not None}


async def find_due(session: AsyncSession, budget: int, at: datetime) -> Sequence[UUID]:
    """Return the watches whose turn it is, the most urgent first; no more than may call now.

    Args:
        session: to read with.
        budget: calls that all watches may make in a day.
        at: the present moment.
    """
    made = await calls_made(session, at)
    turns = [one.turn for one in await watches(session, active=True)]
    waiting = due(turns, plan(turns, budget), at)
    return waiting[: allowance(budget, made.last_hour, made.last_day)]


async def claim_call(
    session: AsyncSession, watch_id: UUID, budget: int, at: datetime
) -> Claim | None:
    """Count a call of a watch before it is made; None: it is paused, removed, or none is left.

    What is counted is spent, whatever comes of the call: so no crash lets more be made.

    Args:
        session: in a transaction of its own, committed before the call.
        watch_id: that calls.
        budget: calls that all watches may make in a day.
        at: the present moment.
    """
    connection = await session.connection()
    await connection.execute(_LOCK)
    await session.exec(delete(WatchCall).where(col(WatchCall.at) < at - 2 * DAY))
    made = await calls_made(session, at)
    found = await _read(session, watch_id)
    if found is None or not allowance(budget, made.last_hour, made.last_day):
        return None
    turns = [one.turn for one in await watches(session, active=True)]
    session.add(WatchCall(watch_id=watch_id, at=at))
    found.watch.asked_at = at
    session.add(found.watch)
    return Claim(found, plan(turns, budget)[watch_id])


async def note_failure(
    session: AsyncSession, watch_id: UUID, error: str, retry_at: datetime
) -> None:
    """Note why a look failed, and when it is tried again."""
    if (found := await _read(session, watch_id)) is not None:
        found.watch.error, found.watch.retry_at = error, retry_at
        session.add(found.watch)


async def note_sights(
    session: AsyncSession,
    watch_id: UUID,
    sights: Sequence[Sight],
    at: datetime,
    *,
    is_complete: bool,
) -> int:
    """Note what a look found, and what of it is news; return how many listings are.

    Args:
        session: in the transaction that makes it all known at once.
        watch_id: that looked; nothing is noted when it was paused or removed meanwhile.
        sights: the listings found.
        at: when eBay answered.
        is_complete: whether they are all there are: then a listing that is missing doesn't match
            any more, and its price is news when it comes back.
    """
    found = await _read(session, watch_id)
    if found is None:
        return 0
    watch = found.watch
    seen = {sight.reference: sight for sight in sights}
    known = await _known(session, watch_id, seen)
    gone = {(row.seller, row.title) for row in known if row.reference not in seen}
    rows = {row.reference: row for row in known}
    news: list[News] = []
    for sight in seen.values():
        row = rows.get(sight.reference)
        why = news_of(
            watch.kind,
            sight,
            Earlier(row.matched, bool(row.news)) if row else None,
            is_first=watch.looked_at is None,
            was_listed_before=(sight.seller, sight.title) in gone,
        )
        row = row or WatchSighting(watch_id=watch_id, first_seen_at=at, **vars(sight))
        row.price, row.matched, row.ends_at = sight.price, sight.matched, sight.ends_at
        row.last_seen_at = at
        if why:
            row.news, row.news_at, row.digest_id, row.told_at = why, at, None, None
            news.append(why)
        session.add(row)
    if is_complete:
        await _unmatch_others(session, watch_id, list(seen))
    await session.exec(
        delete(WatchSighting).where(
            col(WatchSighting.watch_id) == watch_id, col(WatchSighting.last_seen_at) < at - _UNSEEN
        )
    )
    watch.looked_at, watch.retry_at, watch.error = at, None, ""
    session.add(watch)
    named: dict[str, Any] = {"watch": watch.name, "kind": watch.kind}
    await record(session, "watch.looked", watch.business_key, listings=len(seen), **named)
    if news:
        reasons = {why: news.count(why) for why in sorted(set(news))}
        await record(session, "watch.noticed", watch.business_key, news=reasons, **named)
    return len(news)


async def knows_any(session: AsyncSession, watch_id: UUID, references: Sequence[str]) -> bool:
    """Tell whether a watch has seen one of these listings before."""
    found = await session.exec(
        select(WatchSighting.id)
        .where(WatchSighting.watch_id == watch_id, col(WatchSighting.reference).in_(references))
        .limit(1)
    )
    return found.first() is not None


async def sightings(session: AsyncSession, watch_id: UUID, *, limit: int) -> list[WatchSighting]:
    """Return what a watch has seen, the newest first."""
    found = await session.exec(
        select(WatchSighting)
        .where(WatchSighting.watch_id == watch_id)
        .order_by(col(WatchSighting.first_seen_at).desc(), col(WatchSighting.reference))
        .limit(limit)
    )
    return list(found)


async def _read(session: AsyncSession, watch_id: UUID) -> Watching | None:
    found = await session.exec(
        select(Watch, Part)
        .join(Part, isouter=True)
        .where(Watch.id == watch_id, Watch.active)
        .with_for_update(of=Watch)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return row and Watching(*row)


async def _known(
    session: AsyncSession, watch_id: UUID, seen: dict[str, Sight]
) -> Sequence[WatchSighting]:
    titles = {sight.title for sight in seen.values()}
    found = await session.exec(
        select(WatchSighting).where(
            WatchSighting.watch_id == watch_id,
            col(WatchSighting.reference).in_(seen) | col(WatchSighting.title).in_(titles),
        )
    )
    return found.all()


async def _unmatch_others(session: AsyncSession, watch_id: UUID, present: Sequence[str]) -> None:
    await session.exec(
        update(WatchSighting)
        .where(
            col(WatchSighting.watch_id) == watch_id,
            col(WatchSighting.matched),
            col(WatchSighting.reference).not_in(present),
        )
        .values(matched=False)
    )
