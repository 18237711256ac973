"""Customers are known by their address; strangers can't change what is known."""

from __future__ import annotations

from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.customers.models import Customer
from hotrod.customers.store import find_or_add_customer


async def test_a_new_address_is_a_new_customer(session: AsyncSession) -> None:
    email = f"{uuid4().hex}@example.com"
    found = await find_or_add_customer(session, email.upper(), "Ada Byron", "+16135550142")
    customer = await session.get(Customer, found)
    assert customer is not None
    assert (customer.email, customer.name, customer.phone) == (email, "Ada Byron", "+16135550142")


async def test_who_is_known_is_not_changed_by_who_writes_the_address(
    session: AsyncSession,
) -> None:
    email = f"{uuid4().hex}@example.com"
    first = await find_or_add_customer(session, email, "Ada Byron", None)
    again = await find_or_add_customer(session, email.title(), "Mallory", "+16135550199")
    assert again == first
    customer = await session.get(Customer, first, populate_existing=True)
    assert customer is not None
    assert (customer.name, customer.phone) == ("Ada Byron", None)
