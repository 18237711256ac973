"""What need not be kept any longer is removed, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from flows.housekeeping import housekeeping
from hotrod.db.columns import now
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.services.models import IntegrationLog
from tasks._resources import Resources
from tests.factories import delivery_row

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def test_only_what_was_finished_long_ago_is_redacted(kit: Resources) -> None:
    long_ago = now() - timedelta(days=kit.settings.inbox.retention_days, hours=1)
    recently = long_ago + timedelta(hours=2)
    async with kit.database.transaction() as session:
        for name, state, finished_at in (
            ("old", DeliveryState.DONE, long_ago),
            ("dead", DeliveryState.DEAD, long_ago),
            ("recent", DeliveryState.DONE, recently),
            ("open", DeliveryState.WAITING, None),
        ):
            row = delivery_row(delivery_id=name, state=state, finished_at=finished_at)
            row.payload, row.answer = {"ticket": name}, {"ticket": name}
            session.add(row)
    assert await housekeeping() == 1
    async with kit.database.transaction() as session:
        rows = (await session.exec(select(Delivery))).all()
    assert {row.delivery_id for row in rows if row.redacted_at is not None} == {"old"}
    assert {row.delivery_id for row in rows if not row.payload and not row.answer} == {"old"}


async def test_records_of_old_calls_are_removed(kit: Resources) -> None:
    days = kit.settings.database.call_log_days
    async with kit.database.transaction() as session:
        for age in (days + 1, days - 1):
            at = now() - timedelta(days=age)
            entry: dict[str, Any] = {
                "service": "housekeeping",
                "operation": f"{age}",
                "outcome": "ok",
            }
            session.add(IntegrationLog(**entry, milliseconds=1.0, attempts=1, at=at))

    await housekeeping()

    async with kit.database.transaction() as session:
        found = await session.exec(
            select(IntegrationLog.operation).where(IntegrationLog.service == "housekeeping")
        )
        assert found.all() == [f"{days - 1}"]
