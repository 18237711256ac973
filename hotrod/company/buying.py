"""Carry into the database what the company file says of buying: suppliers, substitutes, bills."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.company.supply import ChosenSupplier
from hotrod.errors import InvalidInputError
from hotrod.parts.models import EvidenceKind, FaultPart, Part, PartSubstitute
from hotrod.sourcing.models import PriceBreak
from hotrod.suppliers.models import SupplierPrice, SupplierRow


async def sync_buying(session: AsyncSession, company: Company) -> None:
    """Make suppliers and bills agree with the file; fill in prices and substitutes once.

    Args:
        session: with the company's parts.
        company: as the file says.

    Raises:
        InvalidInputError: a supplier's currency can't change while its prices are in the old one.
    """
    found = await session.exec(select(Part.sku, Part.id))
    parts = dict(found.all())
    names = {part.sku: part.name for part in company.parts}
    await session.exec(update(SupplierRow).values(active=False))
    for supplier in company.suppliers:
        supplier_id = await _sync_supplier(session, supplier)
        await _add_prices(session, supplier, supplier_id, parts, names)
    await _add_substitutes(session, company, parts)
    await session.exec(delete(FaultPart))
    session.add_all(
        FaultPart(
            device=bill.device,
            category=bill.category,
            part_id=parts[sku],
            quantity=quantity,
            note=bill.note,
        )
        for bill in company.bills
        for sku, quantity in bill.parts.items()
    )


async def _sync_supplier(session: AsyncSession, supplier: ChosenSupplier) -> UUID:
    found = await session.exec(select(SupplierRow).where(SupplierRow.key == supplier.key))
    row = found.one_or_none()
    if row is not None and row.currency != supplier.currency:
        raise InvalidInputError(
            f"suppliers.{supplier.key}.currency",
            f"its prices are in {row.currency}.",
            "Give the supplier with the other currency a key of its own.",
        )
    least, most = supplier.lead_days or (None, None)
    values = supplier.model_dump(exclude={"prices", "lead_days"})
    values |= {"lead_days_least": least, "lead_days_most": most, "active": True}
    stored = (row or SupplierRow(**values)).sqlmodel_update(values)
    session.add(stored)
    await session.flush()
    return stored.id


async def _add_prices(
    session: AsyncSession,
    supplier: ChosenSupplier,
    supplier_id: UUID,
    parts: dict[str, UUID],
    names: dict[str, str],
) -> None:
    for price in supplier.prices:
        row = SupplierPrice(
            supplier_id=supplier_id,
            reference=price.reference,
            part_id=parts[price.sku],
            title=names[price.sku],
            part_number=price.part_number,
            prices=[
                PriceBreak(from_quantity=least, unit_price=each).model_dump(mode="json")
                for least, each in sorted(price.each.items())
            ],
            pack_size=price.pack_size,
        )
        await session.exec(
            insert(SupplierPrice).values(**row.model_dump()).on_conflict_do_nothing()
        )


async def _add_substitutes(session: AsyncSession, company: Company, parts: dict[str, UUID]) -> None:
    for known in company.substitutes:
        one, other = parts[known.sku], parts[known.substitute]
        ways = [(one, other), (other, one)] if known.both_ways else [(one, other)]
        for part_id, substitute_id in ways:
            row = PartSubstitute(
                part_id=part_id,
                substitute_id=substitute_id,
                kind=EvidenceKind.CATALOGUE,
                works=True,
                note=known.note,
                by="company file",
            )
            await session.exec(
                insert(PartSubstitute).values(**row.model_dump()).on_conflict_do_nothing()
            )
