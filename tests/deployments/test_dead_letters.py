"""Ops are alerted of dead letters, whoever died or refused meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.context import AsyncClientContext
from sqlmodel import select

from deployments.adoption import EVENT
from deployments.dead_letters import DeadLetters
from deployments.triggers import Trigger
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.settings import Settings
from sandbox.server import Sandbox
from tests.stand_ins import order_fault, slack_texts

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox", "kit")]


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    async with AsyncClientContext(), get_client() as client:
        yield client


async def bury(database: Database, event: str, **values: Any) -> str:
    """Leave a dead letter that nobody was told of; return what it is about."""
    subject = uuid4().hex
    async with database.transaction() as session:
        session.add(
            Delivery(
                source="test",
                delivery_id=subject,
                body_hash="",
                event=event,
                business_key="noizylab",
                ordering_key=subject,
                title=subject,
                payload={"ticket": subject},
                answer={},
                state=DeliveryState.DEAD,
                accepted_at=now(),
                finished_at=now(),
                **values,
            )
        )
    return subject


async def is_told(database: Database, subject: str) -> bool:
    async with database.transaction() as session:
        found = await session.exec(select(Delivery).where(Delivery.delivery_id == subject))
        return found.one().told_at is not None


async def test_who_was_not_told_when_it_died_is_told_later(
    database: Database, client: PrefectClient, sandbox: Sandbox
) -> None:
    asked: list[str] = []

    async def ask(subject: str) -> None:
        asked.append(subject)

    trigger = Trigger("moody", "moody/moody", ("ticket",), subject="ticket", when_dead=ask)
    subject = await bury(database, "moody")
    dead_letters = DeadLetters(database, client, {}, {"moody": trigger})
    await dead_letters.tell_all()
    await dead_letters.tell_all()
    assert asked == [subject]
    assert await is_told(database, subject)


@pytest.mark.thorough
async def test_what_slack_refuses_is_told_when_it_is_back(
    database: Database, client: PrefectClient, sandbox: Sandbox
) -> None:
    event = f"lost.{uuid4().hex}"
    first, second = await bury(database, event), await bury(database, event)
    dead_letters = DeadLetters(database, client, {}, {})
    await order_fault(sandbox, service="slack", kind="error", status=403, count=2)
    await dead_letters.tell_all()
    assert not await is_told(database, first)
    assert not await is_told(database, second)

    await dead_letters.tell_all()
    assert await is_told(database, first)
    assert await is_told(database, second)
    assert any(first in text for text in await slack_texts(sandbox))


async def test_ops_are_told_although_the_trigger_breaks_or_the_run_is_gone(
    database: Database, client: PrefectClient
) -> None:
    async def ask(subject: str) -> None:
        raise LookupError(subject)

    trigger = Trigger("moody", "moody/moody", ("ticket",), subject="ticket", when_dead=ask)
    broken, gone = await bury(database, "moody"), await bury(database, EVENT, run_id=uuid4())
    await DeadLetters(database, client, {}, {"moody": trigger}).tell_all()
    assert await is_told(database, broken)
    assert await is_told(database, gone)
