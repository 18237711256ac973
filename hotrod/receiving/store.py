"""Read what goods that come in are compared with, and take them in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import HotrodError
from hotrod.labels.models import LabelSource
from hotrod.labels.printing import PartLabel
from hotrod.labels.store import part_labels
from hotrod.parts.ledger import Posted, post
from hotrod.parts.models import (
    BENCH,
    MovementKind,
    Part,
    PartOnOrder,
    StockMovement,
    Tracking,
)
from hotrod.parts.movements import NewMovement
from hotrod.parts.store import find_part, lock_parts
from hotrod.purchasing.models import Purchase, PurchaseLine, PurchaseState
from hotrod.purchasing.store import find_purchase
from hotrod.receiving.models import (
    Answers,
    Awaited,
    Meaning,
    NewPart,
    NumberedPart,
    Receipt,
    ReceivedBefore,
    ScannedLabel,
)
from hotrod.receiving.rules import bags, is_distributor, mean_cost, understand_all
from hotrod.suppliers.models import SupplierPrice, SupplierRow
from hotrod.suppliers.store import suppliers

# Parts that aren't there yet can't be locked: two who scan one label would both make its part.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('goods in', 0))")


async def understand_scans(
    session: AsyncSession,
    labels: Sequence[ScannedLabel],
    answers: Answers,
    *,
    currency: str,
) -> list[Meaning]:
    """Return what labels mean by what is known and on order now; nothing is changed.

    Args:
        session: to read with.
        labels: of one or several photos.
        answers: what a person says where labels leave it open.
        currency: the company's.

    Raises:
        UnknownPartError: the SKU of the answers is no part's.
        NotFoundError: the purchase of the answers isn't there.
    """
    if answers.sku is not None:
        await find_part(session, answers.sku)
    if answers.purchase is not None:
        number = (await find_purchase(session, answers.purchase)).purchase.number
        answers = replace(answers, purchase=number)
    before = await _received_before(session, [one.key for one in labels])
    return understand_all(
        labels, before, await _parts(session), await awaited(session), answers, currency
    )


async def take_in(
    session: AsyncSession,
    labels: Sequence[ScannedLabel],
    answers: Answers,
    agreed: Sequence[Meaning],
    *,
    currency: str,
    actor: str,
    location: str = BENCH,
) -> list[Posted]:
    """Post what labels bring, in their order; parts that nobody knows are made first.

    Args:
        session: in a transaction.
        labels: as they were understood.
        answers: as they were given then.
        agreed: what the labels were understood to mean.
        currency: the company's.
        actor: who takes them in.
        location: where they are put.

    Raises:
        HotrodError: the labels mean something else by now; nothing was changed.
    """
    receipts = [one for one in agreed if isinstance(one, Receipt)]
    connection = await session.connection()
    await connection.execute(_ONE_AT_A_TIME)
    await lock_parts(session, sorted({one.sku for one in receipts}))
    if await understand_scans(session, labels, answers, currency=currency) != list(agreed):
        raise HotrodError("stock or purchases have changed meanwhile; scan the labels again")
    posted = []
    for scan, receipt in zip(labels, agreed, strict=True):
        if not isinstance(receipt, Receipt):
            continue
        if receipt.new_part is not None:
            await _create(session, receipt.new_part, receipt)
        movement = NewMovement(
            scan.key,
            receipt.sku,
            MovementKind.RECEIVE,
            receipt.pieces,
            actor,
            location=location,
            unit_cost=receipt.cost,
            currency=receipt.currency,
            order_reference=receipt.purchase,
            lot=receipt.lot,
        )
        posted.append(await post(session, movement))
    return posted


def as_other_bags(labels: Sequence[ScannedLabel]) -> list[ScannedLabel]:
    """Return labels as those of bags that never came before, whatever they say."""
    others: dict[str, str] = defaultdict(lambda: f"scan:again:{uuid4()}")
    return [replace(one, key=others[one.key]) for one in labels]


async def awaited(session: AsyncSession) -> list[Awaited]:
    """Return what purchases still await, by purchase and SKU, with its mean cost at the door."""
    found = await session.exec(
        select(PartOnOrder, Part.sku, Purchase, PurchaseLine)
        .join(Part, col(Part.id) == PartOnOrder.part_id)
        .join(PurchaseLine, col(PurchaseLine.part_id) == Part.id)
        .join(Purchase, col(Purchase.id) == PurchaseLine.purchase_id)
        .where(
            Purchase.state == PurchaseState.ORDERED,
            col(PartOnOrder.received) < PartOnOrder.quantity,
        )
        .order_by(col(Purchase.serial), col(Part.sku))
        .execution_options(populate_existing=True)
    )
    costs: dict[UUID, list[tuple[int, Decimal]]] = defaultdict(list)
    on_order: dict[UUID, tuple[PartOnOrder, str, Purchase]] = {}
    for order, sku, purchase, line in found:
        if order.order_reference == purchase.number:
            costs[order.id].append((line.quantity, line.per_piece))
            on_order[order.id] = order, sku, purchase
    return [
        Awaited(
            sku=sku,
            purchase=purchase.number,
            order_number=purchase.order_number,
            pieces=order.quantity - order.received,
            per_piece=mean_cost(costs[order.id]),
            currency=purchase.currency,
        )
        for order, sku, purchase in on_order.values()
    ]


async def purchase_labels(
    session: AsyncSession, number: str, *, lot: str | None = None, per_bag: int | None = None
) -> list[PartLabel]:
    """Return labels for the pieces of a purchase, a label for each bag.

    The lot is the purchase's number, and that of the bag where a part fills several; so each
    label counts once when it is scanned. Parts with serial numbers get a label without a lot.

    Args:
        session: to read with.
        number: ours, e.g. PO-1001.
        lot: instead of the purchase's number.
        per_bag: the most pieces in a bag; None: all of a part in one.

    Raises:
        NotFoundError: there is no such purchase.
    """
    found = await find_purchase(session, number)
    pieces: dict[str, int] = defaultdict(int)
    for line in found.lines:
        pieces[found.skus[line.part_id]] += line.quantity
    labels = []
    for label in await part_labels(session, list(pieces)):
        tracking = (await find_part(session, label.sku)).tracking
        filled = bags(pieces[label.sku], 1 if tracking == Tracking.SERIAL else per_bag)
        for place, quantity in enumerate(filled, 1):
            of_bag = f"{found.purchase.number}.{place}" if len(filled) > 1 else None
            told = lot or of_bag or found.purchase.number
            labels.append(
                replace(label, lot="" if tracking == Tracking.SERIAL else told, quantity=quantity)
            )
    return labels


async def _received_before(session: AsyncSession, keys: Sequence[str]) -> dict[str, ReceivedBefore]:
    found = await session.exec(
        select(StockMovement, Part.sku)
        .join(Part, col(Part.id) == StockMovement.part_id)
        .where(col(StockMovement.key).in_(keys))
    )
    return {
        row.key: ReceivedBefore(sku, row.quantity, row.order_reference, row.at)
        for row, sku in found
    }


async def _parts(session: AsyncSession) -> list[NumberedPart]:
    """Return all parts with their numbers: of price lists, and of offers that we bought."""
    theirs: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    makers: dict[UUID, set[str]] = defaultdict(set)
    listed = await session.exec(
        select(
            SupplierPrice.part_id,
            SupplierRow.name,
            SupplierPrice.reference,
            SupplierPrice.part_number,
        ).join(SupplierRow, col(SupplierRow.id) == SupplierPrice.supplier_id)
    )
    for part_id, supplier, reference, part_number in listed:
        theirs[part_id].add((supplier, reference))
        makers[part_id].update({part_number} - {""})
    bought = await session.exec(
        select(PurchaseLine.part_id, Purchase.seller, PurchaseLine.reference)
        .join(Purchase, col(Purchase.id) == PurchaseLine.purchase_id)
        .distinct()
    )
    for part_id, seller, reference in bought:
        theirs[part_id].add((seller, reference))
    rows = await session.exec(
        select(Part.id, Part.sku, Part.tracking, Part.ean).order_by(col(Part.sku))
    )
    return [
        NumberedPart(
            sku, Tracking(tracking), frozenset(theirs[part_id]), frozenset(makers[part_id]), ean
        )
        for part_id, sku, tracking, ean in rows
    ]


async def _create(session: AsyncSession, new: NewPart, receipt: Receipt) -> None:
    """Make a part that nobody orders or offers to customers until it is made active.

    The distributor's number is kept without a price, where the distributor is a supplier of ours.
    """
    part = Part(
        sku=new.sku,
        name=new.name,
        category=new.category,
        unit_cost=receipt.cost,
        currency=receipt.currency,
        ean=new.ean,
        active=False,
    )
    session.add(part)
    await session.flush()
    if not new.distributor or not new.supplier_number:
        return
    for supplier in await suppliers(session):
        if is_distributor(LabelSource(new.distributor), f"{supplier.key} {supplier.name}"):
            session.add(
                SupplierPrice(
                    supplier_id=supplier.id,
                    reference=new.supplier_number,
                    part_id=part.id,
                    title=new.name,
                    part_number=new.maker_number,
                )
            )
    await session.flush()
