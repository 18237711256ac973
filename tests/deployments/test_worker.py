"""The worker process from start to stop, in this process."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.repairs.models import Ticket
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.factories import add_ticket
from tests.stand_ins import order_fault, slack_texts

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def hand_in(kit: Resources) -> Ticket:
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
                ordering_key=f"ticket:{ticket.number}",
                title=f"{ticket.number} {ticket.title}",
                payload={"ticket": ticket.number},
            ),
        )
    return ticket


async def until(kit: Resources, ticket: Ticket, state: DeliveryState) -> None:
    for _ in range(300):
        async with kit.database.transaction() as session:
            found = await session.exec(
                select(Delivery.state).where(col(Delivery.delivery_id) == ticket.number)
            )
            if found.one() == state:
                return
        await asyncio.sleep(0.05)
    pytest.fail(f"the delivery is not {state}")


@pytest.mark.usefixtures("worker")
async def test_it_works_off_what_is_handed_in(kit: Resources) -> None:
    await until(kit, await hand_in(kit), DeliveryState.DONE)


@pytest.mark.usefixtures("worker")
async def test_when_an_intake_fails_for_good_a_person_is_asked_to_look(
    kit: Resources, sandbox: Sandbox
) -> None:
    await order_fault(sandbox, service="graph", kind="error", status=400, count=50)
    ticket = await hand_in(kit)
    await until(kit, ticket, DeliveryState.DEAD)
    for _ in range(100):
        if any(ticket.number in text for text in await slack_texts(sandbox)):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("nobody was told")
    async with kit.database.transaction() as session:
        stored = await session.get(Ticket, ticket.id)
    assert stored is not None
    assert stored.needs_review
