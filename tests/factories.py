"""Rows that tests need, made the way the system makes them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import load_company
from hotrod.company.store import next_ticket_number
from hotrod.customers.models import Customer, Device
from hotrod.db.columns import now
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.durable.search import FINISHED
from hotrod.quoting.models import Quote, QuoteState
from hotrod.quoting.rules import PartPrice, PricingInput, price
from hotrod.quoting.store import add_quote
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.diagnosis import DiagnosisDraft
from hotrod.repairs.models import Ticket, TicketStatus
from hotrod.repairs.store import add_diagnosis, move
from hotrod.repairs.titles import ticket_title
from hotrod.repairs.triage import triage

NO_PICTURE = (
    "After a storm the console turns on and the light is white, but there is no picture on any "
    "television. The HDMI port looks bent."
)


def delivery_row(state: DeliveryState = DeliveryState.DEAD, **changes: Any) -> Delivery:
    """Return a delivery as it is in a state, with changes; unlike others in all that is unique."""
    values: dict[str, Any] = {
        "source": "api:test",
        "delivery_id": uuid4().hex,
        "body_hash": "0" * 64,
        "event": "repair.requested",
        "business_key": "noizylab",
        "ordering_key": f"ticket:{uuid4().hex}",
        "state": state,
        "finished_at": now() if state in FINISHED else None,
    }
    return Delivery(**values | changes)


async def add_ticket(
    session: AsyncSession,
    problem: str = NO_PICTURE,
    *,
    device_type: str = "console",
    brand: str = "Sony",
    model: str = "PlayStation 5",
    urgency: str = "normal",
) -> Ticket:
    """Store a customer with a device and a ticket, triaged as at the door."""
    assert device_type in DEVICE_TYPES
    customer = Customer(email=f"{uuid4().hex[:12]}@customer.example.com", name="Ada Byron")
    session.add(customer)
    await session.flush()
    device = Device(customer_id=customer.id, type=device_type, brand=brand, model=model)
    session.add(device)
    await session.flush()
    verdict = triage(problem)
    ticket = Ticket(
        number=await next_ticket_number(session, "NL"),
        business_key="noizylab",
        customer_id=customer.id,
        device_id=device.id,
        contact_name="Ada Byron",
        alias="help@noizylab.example.com",
        title=ticket_title(device_type, brand, model, problem),
        problem=problem,
        urgency=urgency,
        status=TicketStatus.RECEIVED,
        route=verdict.route,
        dangers=[str(danger) for danger in verdict.dangers],
    )
    session.add(ticket)
    await session.flush()
    return ticket


async def add_sent_quote(
    session: AsyncSession, ticket: Ticket, *, part: str = "HDMI port", days: int = 14
) -> Quote:
    """Price a repair of a ticket and offer it to the customer, for so many days from now."""
    draft = DiagnosisDraft(
        fault="bent HDMI port",
        category="connector",
        confidence=0.8,
        labour_hours=1.5,
        evidence=[],
        likely_parts=[part],
        questions=[],
        plan=["Replace the port."],
    )
    diagnosis = await add_diagnosis(session, ticket.id, draft, source="rules", model="test")
    priced = price(
        PricingInput(
            device_type="console",
            category=draft.category,
            labour_hours=Decimal("1.5"),
            rush=False,
            parts=(PartPrice(sku="HDMI-PS5", name=part, unit_cost=Decimal("14.20")),),
            province="ON",
            pricing=load_company().pricing,
        )
    )
    sent_at = now() - timedelta(days=1)
    quote = await add_quote(
        session,
        ticket.id,
        diagnosis.id,
        priced,
        created_at=sent_at,
        expires_at=now() + timedelta(days=days),
    )
    quote.state = QuoteState.SENT
    quote.sent_at = sent_at
    session.add(quote)
    move(session, ticket, TicketStatus.QUOTED, actor="system")
    await session.flush()
    return quote
