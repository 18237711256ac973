"""What people are told of: news, gathered into one message for each person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.errors import InvalidInputError
from hotrod.watches.models import Watch, WatchSighting


@dataclass(frozen=True)
class Recipient:
    """Who is told; ``slack`` is a channel or member, empty: there is none of their own."""

    name: str
    email: str
    slack: str


@dataclass(frozen=True)
class NewsItem:
    """A listing that is news, and the watch that found it."""

    watch: Watch
    sighting: WatchSighting


def recipient_of(company: Company, key: str) -> Recipient:
    """Return a manager or technician by key; ops when it is empty, or nobody has it any more."""
    person = company.manager(key) or company.technician(key)
    if person is None:
        return Recipient(company.name, company.ops_mailbox, "")
    return Recipient(person.name, person.email, person.slack)


def check_recipient(company: Company, key: str) -> None:
    """Check that somebody has this key.

    Raises:
        InvalidInputError: nobody has; names those who may be told.
    """
    if key and company.manager(key) is None and company.technician(key) is None:
        keys = [one.key for one in company.managers] + [one.key for one in company.technicians]
        raise InvalidInputError(
            "to", f"nobody is {key!r}.", f"Name one of {', '.join(sorted(keys))}, or nobody: ops."
        )


async def gather(session: AsyncSession) -> list[UUID]:
    """Put what nobody was told of yet into messages, one for each person and business.

    A message that wasn't sent keeps its id and what is in it, so that it is sent once.

    Returns:
        the ids of all messages that wait to be sent.
    """
    found = await session.exec(
        select(Watch.business_key, Watch.recipient, WatchSighting)
        .join(WatchSighting)
        .where(WatchSighting.news != "", col(WatchSighting.told_at).is_(None))
        .order_by(col(WatchSighting.news_at), col(WatchSighting.id))
        .with_for_update(of=WatchSighting)
    )
    digests: set[UUID] = set()
    loose: dict[tuple[str, str], list[WatchSighting]] = defaultdict(list)
    for business, recipient, row in found:
        if row.digest_id is None:
            loose[business, recipient].append(row)
        else:
            digests.add(row.digest_id)
    for rows in loose.values():
        digest = uuid5(NAMESPACE_OID, " ".join(f"{row.id}@{row.news_at}" for row in rows))
        for row in rows:
            row.digest_id = digest
            session.add(row)
        digests.add(digest)
    await session.flush()
    return sorted(digests)


async def read_digest(session: AsyncSession, digest: UUID) -> Sequence[NewsItem]:
    """Return what a message tells of, by watch; empty: it was sent, or its watches removed."""
    found = await session.exec(
        select(Watch, WatchSighting)
        .join(WatchSighting)
        .where(WatchSighting.digest_id == digest, col(WatchSighting.told_at).is_(None))
        .order_by(col(Watch.name), col(WatchSighting.price), col(WatchSighting.reference))
    )
    return [NewsItem(watch, sighting) for watch, sighting in found]


async def note_told(session: AsyncSession, digest: UUID, at: datetime) -> None:
    """Note that a message was sent."""
    await session.exec(
        update(WatchSighting)
        .where(col(WatchSighting.digest_id) == digest, col(WatchSighting.told_at).is_(None))
        .values(told_at=at)
    )
