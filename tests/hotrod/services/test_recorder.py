"""Calls are kept one by one and summed up by the minute; nothing of what was said."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from connectors._http.calls import Call, Recorder
from hotrod.db.engine import Database
from hotrod.services.models import ApiMetric, IntegrationLog
from hotrod.services.recorder import MAX_KEPT, CallRecorder, summed_up

AT = datetime(2026, 11, 21, 12, 5, 30, tzinfo=UTC)


@pytest.fixture
def service() -> str:
    return f"service-{uuid.uuid4()}"


async def test_calls_are_kept_and_summed_up(database: Database, service: str) -> None:
    recorder = CallRecorder(database)
    kept: Recorder = recorder

    for milliseconds, outcome in ((10.0, "ok"), (30.0, "ok"), (50.0, "TransientError")):
        kept.record(Call(service, "get_thing", outcome, milliseconds, 2, "id"))
    await recorder.aclose()

    async with database.transaction() as session:
        logs = (
            await session.exec(select(IntegrationLog).where(col(IntegrationLog.service) == service))
        ).all()
        metrics = (
            await session.exec(select(ApiMetric).where(col(ApiMetric.service) == service))
        ).all()
    assert sorted(log.milliseconds for log in logs) == [10.0, 30.0, 50.0]
    good = [metric for metric in metrics if metric.outcome == "ok"]
    assert sum(metric.calls for metric in good) == 2
    assert sum(metric.attempts for metric in good) == 4
    assert sum(metric.total_milliseconds for metric in good) == 40.0
    assert max(metric.longest_milliseconds for metric in good) == 30.0


async def test_metrics_of_a_minute_add_up_over_batches(database: Database, service: str) -> None:
    for _ in range(3):
        recorder = CallRecorder(database)
        recorder.record(Call(service, "get_thing", "ok", 1.0, 1))
        await recorder.aclose()

    async with database.transaction() as session:
        found = await session.exec(select(ApiMetric).where(col(ApiMetric.service) == service))
        assert sum(metric.calls for metric in found) == 3


def test_each_minute_operation_and_outcome_is_summed_up_by_itself() -> None:
    later = AT.replace(minute=6)
    metrics = summed_up(
        [
            (Call("s", "get", "ok", 1.0, 1), AT),
            (Call("s", "get", "ok", 3.0, 1), AT.replace(second=59)),
            (Call("s", "get", "ok", 5.0, 1), later),
            (Call("s", "put", "ok", 7.0, 1), AT),
        ]
    )

    found = {(m.minute.minute, m.operation): m.total_milliseconds for m in metrics}

    assert found == {(5, "get"): 4.0, (6, "get"): 5.0, (5, "put"): 7.0}


async def test_without_the_database_the_latest_calls_wait(away: Database, service: str) -> None:
    recorder = CallRecorder(away)
    for number in range(MAX_KEPT + 5):
        recorder.record(Call(service, f"call-{number}", "ok", 1.0, 1))

    await recorder.aclose()

    assert len(recorder.waiting) == MAX_KEPT
    assert recorder.waiting[0].operation == "call-5"
