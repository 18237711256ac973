"""What is known of outside services, for people; and forgetting old calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.services.models import ApiMetric, IntegrationLog, ServiceBreaker

_HOUR = timedelta(hours=1)
OK = "ok"


@dataclass(frozen=True)
class Traffic:
    """How often a service was called, and how many of the calls failed."""

    calls: int = 0
    failed: int = 0


async def breakers(session: AsyncSession) -> Sequence[ServiceBreaker]:
    """Return the breakers of services that failed last."""
    found = await session.exec(select(ServiceBreaker).order_by(col(ServiceBreaker.service)))
    return found.all()


async def traffic(session: AsyncSession, now: datetime) -> dict[str, Traffic]:
    """Return the calls of the last hour, by service."""
    failed = case((col(ApiMetric.outcome) == OK, 0), else_=col(ApiMetric.calls))
    found = await session.exec(
        select(ApiMetric.service, func.sum(ApiMetric.calls), func.sum(failed))
        .where(col(ApiMetric.minute) > now - _HOUR)
        .group_by(ApiMetric.service)
    )
    return {service: Traffic(int(calls), int(bad)) for service, calls, bad in found}


async def calls_since(
    session: AsyncSession, service: str, operations: Collection[str], since: datetime
) -> int:
    """Return how often a service was called by some operations since a moment, to the minute."""
    found = await session.exec(
        select(func.coalesce(func.sum(ApiMetric.calls), 0)).where(
            ApiMetric.service == service,
            col(ApiMetric.operation).in_(operations),
            col(ApiMetric.minute) >= since.replace(second=0, microsecond=0),
        )
    )
    return int(found.one())


async def forget_calls(session: AsyncSession, before: datetime) -> int:
    """Remove the records of calls that were made before a moment; return how many.

    Breakers that haven't changed since go too: what they keep from a service is long over.
    """
    await session.exec(delete(ServiceBreaker).where(col(ServiceBreaker.changed_at) < before))
    done = await session.exec(delete(IntegrationLog).where(col(IntegrationLog.at) < before))
    await session.exec(delete(ApiMetric).where(col(ApiMetric.minute) < before))
    return int(done.rowcount)
