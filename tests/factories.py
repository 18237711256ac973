"""Rows that tests need, made the way the system makes them."""

from __future__ import annotations

from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.store import next_ticket_number
from hotrod.customers.models import Customer, Device
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.models import Ticket, TicketStatus
from hotrod.repairs.titles import ticket_title
from hotrod.repairs.triage import triage

NO_PICTURE = (
    "After a storm the console turns on and the light is white, but there is no picture on any "
    "television. The HDMI port looks bent."
)


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
