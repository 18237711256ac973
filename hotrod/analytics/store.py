"""Write and read analytics events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.db.rows import insert_once


async def record(
    session: AsyncSession,
    name: str,
    business_key: str,
    *,
    ticket_id: UUID | None = None,
    dedup_key: str | None = None,
    **fields: Any,  # noqa: ANN401 - figures and names of things
) -> None:
    """Record that something happened; once only, where a ``dedup_key`` is given."""
    event = AnalyticsEvent(
        name=name,
        business_key=business_key,
        ticket_id=ticket_id,
        dedup_key=dedup_key,
        fields=fields,
    )
    if dedup_key is None:
        session.add(event)
    else:
        await insert_once(session, event, unique="dedup_key")


async def record_step(
    session: AsyncSession,
    step: str,
    business_key: str,
    ticket_id: UUID,
    **fields: Any,  # noqa: ANN401 - figures and names of things
) -> None:
    """Record that a ticket passed a step of its process; a repeated step counts once."""
    await record(
        session,
        f"step.{step}",
        business_key,
        ticket_id=ticket_id,
        dedup_key=f"step:{step}:{ticket_id}",
        **fields,
    )


async def steps(session: AsyncSession, ticket_id: UUID) -> Sequence[AnalyticsEvent]:
    """Return the steps that a ticket has passed, in order."""
    found = await session.exec(
        select(AnalyticsEvent)
        .where(AnalyticsEvent.ticket_id == ticket_id, col(AnalyticsEvent.name).startswith("step."))
        .order_by(col(AnalyticsEvent.id))
    )
    return found.all()
