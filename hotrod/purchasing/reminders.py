"""What a person should have bought by now: ops are reminded, and once a day at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.policies import Sourcing
from hotrod.purchasing.checkouts import is_said_to_be_paid
from hotrod.purchasing.models import Purchase, PurchaseState
from hotrod.purchasing.store import purchases, read_purchase

_DAY = timedelta(days=1)


async def purchases_to_remind(
    session: AsyncSession, policy: Sourcing, at: datetime
) -> list[Purchase]:
    """Return the purchases that wait for a person for too long, and of which ops are to hear.

    A checkout that is said to be paid waits for eBay, not for a person.
    """
    waiting = await purchases(session, states=[PurchaseState.TO_BUY])
    return [
        one
        for one in waiting
        if is_to_remind(one, policy, at) and not await is_said_to_be_paid(session, one)
    ]


def is_to_remind(purchase: Purchase, policy: Sourcing, at: datetime) -> bool:
    """Tell whether a purchase waits for a person longer than ``remind_hours``.

    One of which ops were told within a day isn't.
    """
    return (
        purchase.state == PurchaseState.TO_BUY
        and purchase.planned_at + timedelta(hours=policy.remind_hours) <= at
        and (purchase.late_told_at is None or purchase.late_told_at + _DAY <= at)
    )


async def note_reminded(session: AsyncSession, purchase_id: UUID, at: datetime) -> None:
    """Note that ops were reminded of a purchase that waits for them.

    Raises:
        NotFoundError: there is no such purchase.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    if purchase.state == PurchaseState.TO_BUY:
        purchase.late_told_at = at
        session.add(purchase)
