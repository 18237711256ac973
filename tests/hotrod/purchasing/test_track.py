"""What our purchases tell of suppliers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlmodel import update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.purchasing.models import Method, Purchase, PurchaseState, SourcingRound
from hotrod.purchasing.track import measured_lists, past_orders
from hotrod.sourcing.models import DeliveryWindow
from hotrod.suppliers.rules import LEAST_MEASURED, PastOrder
from tests.hotrod.sourcing.kit import HDMI, NOW, TODAY

ORDERED = PurchaseState.ORDERED


async def buy(
    session: AsyncSession,
    ordered: datetime,
    took: int | None,
    state: PurchaseState = PurchaseState.RECEIVED,
    source: str = "Northbench Parts",
) -> None:
    session.add(opened := SourcingRound(business_key="noizylab"))
    await session.flush()
    purchase = Purchase(
        round_id=opened.id,
        business_key="noizylab",
        source=source,
        seller=source,
        method=Method.MAIL,
        state=state,
        total=Decimal(9),
        currency="CAD",
        ordered_at=ordered,
        expected_on=ordered.date() + timedelta(days=3),
        received_at=ordered + timedelta(days=took) if took else None,
    )
    session.add(purchase)
    await session.flush()


@pytest.fixture(autouse=True)
async def no_other_orders(session: AsyncSession) -> None:
    """Nothing that other tests have bought counts."""
    await session.exec(update(Purchase).values(state=PurchaseState.CANCELLED))


async def test_orders_are_read_by_supplier_on_the_companys_days(
    session: AsyncSession, company: Company
) -> None:
    late = datetime.fromisoformat("2026-10-02T02:00:00+00:00")
    await buy(session, late, 4)
    await buy(session, late, None, ORDERED)
    await buy(session, late, None, PurchaseState.CANCELLED)
    await buy(session, late - timedelta(days=800), 4)
    await buy(session, late, 4, source="ebay")
    first, promised = date(2026, 10, 1), date(2026, 10, 5)
    assert await past_orders(session, company, NOW) == {
        "northbench": [
            PastOrder(first, promised, date(2026, 10, 5)),
            PastOrder(first, promised, None),
        ]
    }


async def test_offers_come_when_orders_came_once_enough_were_measured(
    session: AsyncSession, company: Company
) -> None:
    async def delivery() -> tuple[DeliveryWindow | None, int | None]:
        northbench = (await measured_lists(session, company, NOW))[-1]
        (offer,) = await northbench.search(HDMI)
        return offer.delivery, offer.seller.ratings

    as_it_says = DeliveryWindow(
        earliest=TODAY + timedelta(days=1), latest=TODAY + timedelta(days=3)
    )
    assert await delivery() == (as_it_says, None)
    for _ in range(LEAST_MEASURED - 1):
        await buy(session, NOW - timedelta(days=60), 9)
    assert await delivery() == (as_it_says, LEAST_MEASURED - 1)
    await buy(session, NOW - timedelta(days=60), 9)
    nine = TODAY + timedelta(days=9)
    assert await delivery() == (DeliveryWindow(earliest=nine, latest=nine), LEAST_MEASURED)
