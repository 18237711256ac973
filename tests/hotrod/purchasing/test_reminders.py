"""What a person is to buy isn't forgotten: ops are reminded, and once a day at most."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.policies import Sourcing
from hotrod.purchasing.buying import hand_over, note_ordered
from hotrod.purchasing.models import Checkout, Method, Purchase, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.reminders import note_reminded, purchases_to_remind
from tests.hotrod.purchasing.kit import NOW, low_part, order_for, past_round

POLICY = Sourcing(remind_hours=6)
DUE = NOW + timedelta(hours=6)


async def to_buy(session: AsyncSession, method: Method = Method.LINK) -> Purchase:
    """Store a purchase that was handed to a person at noon."""
    part = await low_part(session)
    current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
    (bought,) = await plan_purchases(session, current, [order_for(part.sku)], {"ebay": method})
    bought.planned_at = NOW
    return await hand_over(session, bought.id)


async def test_what_waits_too_long_is_reminded_of_once_a_day(session: AsyncSession) -> None:
    purchase = await to_buy(session)
    assert purchase not in await purchases_to_remind(session, POLICY, DUE - timedelta(seconds=1))
    assert purchase in await purchases_to_remind(session, POLICY, DUE)
    await note_reminded(session, purchase.id, DUE)
    assert purchase not in await purchases_to_remind(session, POLICY, DUE + timedelta(hours=23))
    assert purchase in await purchases_to_remind(session, POLICY, DUE + timedelta(hours=24))


async def test_what_is_bought_is_not_reminded_of_and_told_of_when_late(
    session: AsyncSession,
) -> None:
    purchase = await to_buy(session)
    await note_reminded(session, purchase.id, DUE)
    await note_ordered(session, purchase.id, by="maya", at=DUE)
    assert purchase not in await purchases_to_remind(session, POLICY, DUE + timedelta(days=9))
    assert purchase.late_told_at is None, "ops weren't told yet that it is late"
    await note_reminded(session, purchase.id, DUE)
    assert purchase.late_told_at is None


@pytest.mark.parametrize("order_id", ["", "12-345"])
async def test_a_checkout_is_reminded_of_unless_it_is_said_to_be_paid(
    session: AsyncSession, order_id: str
) -> None:
    purchase = await to_buy(session, Method.CHECKOUT)
    session.add(
        Checkout(
            round_id=purchase.round_id,
            session_id=f"v1|{purchase.id}",
            signature=b"sealed",
            purchases=[str(purchase.id)],
            total=Decimal(36),
            currency="CAD",
            order_id=order_id,
        )
    )
    await session.flush()
    assert (purchase in await purchases_to_remind(session, POLICY, DUE)) == (order_id == "")
