"""Find customers by their address, and write new ones."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.customers.models import Customer


async def find_or_add_customer(
    session: AsyncSession, email: str, name: str, phone: str | None
) -> UUID:
    """Return the id of the customer with this address; a new one is written when there is none.

    What is known of a customer is not changed: anybody can write an address into a form.
    """
    new = Customer(email=email.lower(), name=name, phone=phone)
    added = await session.exec(
        insert(Customer)
        .values(**new.model_dump())
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(col(Customer.id))
    )
    row = added.first()
    if row is not None:
        return new.id
    found = await session.exec(select(Customer.id).where(Customer.email == new.email))
    return found.one()
