from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.customers.models import Customer, Device
from hotrod.db.rows import insert_once, insert_rows


def customer(email: str = "") -> Customer:
    return Customer(email=email or f"{uuid4().hex}@example.com", name="Ada Byron")


async def test_rows_of_several_tables_refer_to_each_other_in_any_order(
    session: AsyncSession,
) -> None:
    owner = customer()
    device = Device(customer_id=owner.id, type="console")
    fact = AnalyticsEvent(name="seen", business_key="noizylab", fields={"lamps": [1, 2]})
    await insert_rows(session, device, owner, fact)
    found = (await session.exec(select(Device).where(Device.id == device.id))).one()
    assert (found.customer_id, found.brand) == (owner.id, None)
    assert found.created_at == device.created_at
    facts = await session.exec(select(AnalyticsEvent).where(AnalyticsEvent.name == "seen"))
    assert [one.fields for one in facts] == [{"lamps": [1, 2]}]


async def test_rows_with_other_columns_filled_are_other_statements(session: AsyncSession) -> None:
    owner = customer()
    plain = Device(customer_id=owner.id, type="console")
    named = Device(customer_id=owner.id, type="phone", brand="Nokia")
    await insert_rows(session, owner, plain, named)
    found = await session.exec(select(Device.brand).where(Device.customer_id == owner.id))
    assert set(found) == {None, "Nokia"}


async def test_a_row_that_refers_to_nothing_is_refused(session: AsyncSession) -> None:
    with pytest.raises(IntegrityError):
        await insert_rows(session, Device(customer_id=uuid4(), type="console"), customer())


async def test_a_row_is_inserted_once(session: AsyncSession) -> None:
    first = customer()
    again = customer(first.email)
    assert await insert_once(session, first, unique="email")
    assert not await insert_once(session, again, unique="email")
    found = await session.exec(select(Customer.id).where(Customer.email == first.email))
    assert found.all() == [first.id]
