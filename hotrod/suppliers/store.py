"""Read suppliers and their price lists, as sources of offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from rapidfuzz import process
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.outside import outside_url
from hotrod.parts.models import Part
from hotrod.sourcing.models import Condition, OrderTerms, PriceBreak
from hotrod.sourcing.sources import LeadDays, PriceList, PriceListRow, Supplier
from hotrod.suppliers.models import OrderBy, SupplierPrice, SupplierRow
from hotrod.suppliers.rules import PastOrder, track_record

NO_HISTORY: Mapping[str, Sequence[PastOrder]] = {}
HAS_PRICE = func.jsonb_array_length(SupplierPrice.prices) > 0


async def suppliers(session: AsyncSession) -> Sequence[SupplierRow]:
    """Return the active suppliers by key."""
    found = await session.exec(
        select(SupplierRow).where(SupplierRow.active).order_by(col(SupplierRow.key))
    )
    return found.all()


async def find_supplier(session: AsyncSession, key: str) -> SupplierRow:
    """Return an active supplier by its key.

    Raises:
        InvalidInputError: there is none; says which there are.
    """
    rows = {row.key: row for row in await suppliers(session)}
    if key not in rows:
        near = [name for name, _, _ in process.extract(key, list(rows), limit=3, score_cutoff=60)]
        there = ", ".join(near or rows) or "none yet"
        raise InvalidInputError(
            "supplier", f"there is no {key!r}.", f"There is: {there}; the company file names them."
        )
    return rows[key]


async def prices_of(session: AsyncSession, part_id: UUID) -> list[tuple[SupplierRow, PriceListRow]]:
    """Return what active suppliers ask for a part, by supplier and reference."""
    found = await session.exec(
        select(SupplierRow, SupplierPrice, Part)
        .join(SupplierPrice, col(SupplierPrice.supplier_id) == SupplierRow.id)
        .join(Part, col(SupplierPrice.part_id) == Part.id)
        .where(SupplierRow.active, SupplierPrice.part_id == part_id, HAS_PRICE)
        .order_by(col(SupplierRow.key), col(SupplierPrice.reference))
    )
    return [(supplier, price_list_row(price, part.sku)) for supplier, price, part in found]


async def price_lists(
    session: AsyncSession, order_on: date, history: Mapping[str, Sequence[PastOrder]] = NO_HISTORY
) -> list[PriceList]:
    """Return the price lists of the active suppliers that ask for an active part of ours, by key.

    Args:
        session: to read with.
        order_on: the day on which would be ordered, and on which past orders are judged.
        history: our past orders, by key of the supplier.
    """
    found = await session.exec(
        select(SupplierPrice, Part.sku)
        .join(Part, col(SupplierPrice.part_id) == Part.id)
        .where(Part.active, HAS_PRICE)
        .order_by(col(Part.sku), col(SupplierPrice.reference))
    )
    listed: dict[UUID, list[tuple[SupplierPrice, str]]] = defaultdict(list)
    for price, sku in found:
        listed[price.supplier_id].append((price, sku))
    return [
        PriceList(
            supplier=as_supplier(row, history.get(row.key, ()), order_on),
            rows=tuple(price_list_row(price, sku) for price, sku in prices),
            seen_at=max(price.seen_at for price, _ in prices),
            order_on=order_on,
        )
        for row in await suppliers(session)
        if (prices := listed[row.id])
    ]


def as_supplier(row: SupplierRow, history: Sequence[PastOrder], on: date) -> Supplier:
    """Return a supplier with what our orders there tell, seen on a day."""
    record = track_record(history, on, _days(row))
    return Supplier(
        name=row.name,
        region=row.region,
        currency=row.currency,
        terms=OrderTerms(
            shipping=row.shipping,
            free_from=row.free_from,
            minimum=row.minimum,
            is_per_listing=False,
        ),
        tax_rate=row.tax_rate,
        orders=record.orders or None,
        good_orders=record.good_orders,
        lead_days=record.lead_days,
        is_measured=record.is_measured,
        accepts_returns=row.accepts_returns,
        return_days=row.return_days,
        order_page=outside_url(row.order_at) if row.order_by == OrderBy.URL else "",
    )


def price_list_row(price: SupplierPrice, sku: str) -> PriceListRow:
    """Return a stored price as a line of a price list."""
    return PriceListRow(
        sku=sku,
        reference=price.reference,
        title=price.title,
        part_number=price.part_number,
        condition=Condition(price.condition),
        prices=tuple(PriceBreak.model_validate(one) for one in price.prices),
        pack_size=price.pack_size,
        available=price.available,
        lead_days=_days(price),
        url=price.url,
        seen_at=price.seen_at,
        valid_until=price.valid_until,
    )


def _days(row: SupplierRow | SupplierPrice) -> LeadDays | None:
    if row.lead_days_least is None or row.lead_days_most is None:
        return None
    return row.lead_days_least, row.lead_days_most
