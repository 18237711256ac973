"""The worker process from start to stop, in this process."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from sqlmodel import col, select

from deployments.worker import ready_file, serve
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, DeliveryState
from tasks._resources import Resources
from tests.factories import add_ticket

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def test_it_says_when_it_is_ready_works_and_stops_at_sigterm(kit: Resources) -> None:
    working = asyncio.create_task(serve("worker-9"))
    ready = ready_file(kit.settings.home, "worker-9")
    for _ in range(300):
        if ready.exists():
            break
        await asyncio.sleep(0.05)
    assert ready.exists()

    async with kit.database.transaction() as session:
        ticket = await add_ticket(session)
        await inbox.accept(
            session,
            NewDelivery(
                source="test-worker",
                delivery_id=ticket.number,
                body_hash="",
                event="repair.requested",
                business_key="noizylab",
                ordering_key=ticket.number,
                title=f"{ticket.number} {ticket.title}",
                payload={"ticket": ticket.number},
            ),
        )
    for _ in range(300):
        async with kit.database.transaction() as session:
            found = await session.exec(
                select(Delivery.state).where(col(Delivery.source) == "test-worker")
            )
            if found.one() == DeliveryState.DONE:
                break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the delivery was not done")

    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(working, 15)
    assert not ready.exists()
