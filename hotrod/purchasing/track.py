"""What our purchases tell of suppliers, in the offers of their price lists."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.purchasing.models import Purchase, PurchaseState
from hotrod.sourcing.sources import PriceList
from hotrod.suppliers.models import SupplierRow
from hotrod.suppliers.rules import PastOrder
from hotrod.suppliers.store import price_lists

_MEASURED_FOR = timedelta(days=2 * 365)


async def measured_lists(session: AsyncSession, company: Company, at: datetime) -> list[PriceList]:
    """Return the suppliers' price lists, with the lead times and reliability that we measured.

    Args:
        session: to read with.
        company: whose days count.
        at: when would be ordered.
    """
    today = at.astimezone(company.zone).date()
    return await price_lists(session, today, await past_orders(session, company, at))


async def past_orders(
    session: AsyncSession, company: Company, at: datetime
) -> dict[str, list[PastOrder]]:
    """Return our orders of the last two years, by key of the supplier.

    Received is an order once all of it is here. Cancelled ones are left out: whose fault it was
    isn't recorded; nor is whether what came was right.
    """
    found = await session.exec(
        select(SupplierRow.key, Purchase)
        .join(Purchase, col(Purchase.source) == SupplierRow.name)
        .where(
            col(Purchase.state).in_((PurchaseState.ORDERED, PurchaseState.RECEIVED)),
            col(Purchase.ordered_at) >= at - _MEASURED_FOR,
        )
        .order_by(col(Purchase.serial))
    )
    orders: dict[str, list[PastOrder]] = defaultdict(list)
    for key, purchase in found:
        if purchase.ordered_at is not None:
            received = purchase.received_at
            orders[key].append(
                PastOrder(
                    ordered_on=purchase.ordered_at.astimezone(company.zone).date(),
                    promised_on=purchase.expected_on,
                    received_on=received.astimezone(company.zone).date() if received else None,
                )
            )
    return orders
