"""From an approved proposal to purchases, and from purchases to what is on order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.db.columns import now
from hotrod.errors import ForbiddenTransitionError, InvalidInputError
from hotrod.parts.models import PartOnOrder
from hotrod.parts.orders import cancel_order, put_on_order
from hotrod.parts.store import find_part
from hotrod.purchasing.models import (
    Method,
    Purchase,
    PurchaseLine,
    PurchaseState,
    RoundState,
    SourcingRound,
)
from hotrod.purchasing.rounds import move_round
from hotrod.purchasing.store import ItemizedPurchase, proposal_of, purchases, read_purchase
from hotrod.sourcing.models import ProposedOrder
from hotrod.sourcing.reductions import per_piece

_LONGEST_NUMBER = 80
_EVENING = timedelta(days=1)


async def plan_purchases(
    session: AsyncSession,
    current: SourcingRound,
    orders: Sequence[ProposedOrder],
    methods: Mapping[str, Method],
) -> list[Purchase]:
    """Write down what is bought of whom, once; the round is approved by it.

    Args:
        session: in a transaction.
        current: the round, locked.
        orders: of the proposal, as they were approved.
        methods: how is bought, by source; of sources that aren't named, a person buys.
    """
    known = await purchases(session, round_id=current.id)
    if known:
        return known
    move_round(current, RoundState.APPROVED)
    session.add(current)
    currency = proposal_of(current).currency
    for order in orders:
        purchase = Purchase(
            round_id=current.id,
            business_key=current.business_key,
            source=order.source,
            seller=order.seller,
            method=methods.get(order.source, Method.LINK),
            total=order.total,
            currency=currency,
            expected_on=_expected(order),
        )
        session.add(purchase)
        await session.flush()
        for line in sorted(order.lines, key=lambda one: one.sku):
            part = await find_part(session, line.sku)
            session.add(
                PurchaseLine(
                    purchase_id=purchase.id,
                    part_id=part.id,
                    reference=line.offer.reference,
                    title=line.offer.title[:300],
                    url=line.offer.url,
                    quantity=line.quantity,
                    per_piece=per_piece(order, line),
                )
            )
    await session.flush()
    return await purchases(session, round_id=current.id)


async def hand_over(session: AsyncSession, purchase_id: UUID) -> Purchase:
    """Say that a person is to buy a planned purchase on the seller's page."""
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    if purchase.state == PurchaseState.PLANNED:
        purchase.state = PurchaseState.TO_BUY
        session.add(purchase)
    return purchase


async def note_ordered(
    session: AsyncSession,
    purchase_id: UUID,
    *,
    by: str,
    order_number: str = "",
    expected_on: date | None = None,
    at: datetime | None = None,
) -> Purchase:
    """Note that a purchase is placed: its pieces are on order. Said again, it changes nothing.

    Args:
        session: in a transaction.
        purchase_id: the purchase.
        by: who placed it.
        order_number: the seller's number, where there is one.
        expected_on: day of delivery, if the seller told another than the offer did.
        at: when; None: now.

    Raises:
        NotFoundError: there is no such purchase.
        InvalidInputError: it was ordered before under another number, or the number is too long.
        ForbiddenTransitionError: it was cancelled.
    """
    if len(order_number) > _LONGEST_NUMBER:
        raise InvalidInputError(
            "order_number", f"it has over {_LONGEST_NUMBER} characters.", "Give the number only."
        )
    found = await read_purchase(session, purchase_id, lock=True)
    purchase = found.purchase
    if purchase.state in {PurchaseState.ORDERED, PurchaseState.RECEIVED}:
        if order_number and purchase.order_number and order_number != purchase.order_number:
            raise InvalidInputError(
                "order_number",
                f"{purchase.number} was ordered before as {purchase.order_number}.",
                "If it was bought twice, cancel one of the two at the seller.",
            )
        purchase.order_number = purchase.order_number or order_number
        session.add(purchase)
        return purchase
    if purchase.state == PurchaseState.CANCELLED:
        raise ForbiddenTransitionError("purchase", purchase.number, purchase.state, "ordered")
    purchase.state = PurchaseState.ORDERED
    purchase.ordered_at = at or now()
    purchase.ordered_by = by
    purchase.order_number = order_number
    purchase.expected_on = expected_on or purchase.expected_on
    session.add(purchase)
    for sku, quantity in sorted(_pieces(found).items()):
        await put_on_order(
            session, sku, quantity, purchase.number, expected_at=_end_of(purchase.expected_on, at)
        )
    await record(
        session,
        "purchase.ordered",
        purchase.business_key,
        dedup_key=f"purchase.ordered:{purchase.id}",
        purchase=purchase.number,
        source=purchase.source,
        total=str(purchase.total),
    )
    return purchase


async def cancel(session: AsyncSession, purchase_id: UUID, *, by: str) -> Purchase:
    """Say that a purchase isn't made, or won't come: what is still to come is on order no more.

    Raises:
        NotFoundError: there is no such purchase.
        ForbiddenTransitionError: it is here already.
    """
    found = await read_purchase(session, purchase_id, lock=True)
    purchase = found.purchase
    if purchase.state == PurchaseState.RECEIVED:
        raise ForbiddenTransitionError("purchase", purchase.number, purchase.state, "cancelled")
    if purchase.state == PurchaseState.ORDERED:
        for sku in sorted(_pieces(found)):
            await cancel_order(session, sku, purchase.number)
    if purchase.state != PurchaseState.CANCELLED:
        purchase.state = PurchaseState.CANCELLED
        session.add(purchase)
        await record(
            session,
            "purchase.cancelled",
            purchase.business_key,
            purchase=purchase.number,
            by=by,
        )
    return purchase


async def note_received(session: AsyncSession, at: datetime) -> list[Purchase]:
    """Close the purchases of which everything has come; return them."""
    done: list[Purchase] = []
    for purchase in await purchases(session, states=[PurchaseState.ORDERED]):
        open_lines = await session.exec(
            select(PartOnOrder.id).where(
                PartOnOrder.order_reference == purchase.number,
                col(PartOnOrder.received) < PartOnOrder.quantity,
            )
        )
        if open_lines.first() is None:
            purchase.state = PurchaseState.RECEIVED
            purchase.received_at = at
            session.add(purchase)
            await record(
                session,
                "purchase.received",
                purchase.business_key,
                dedup_key=f"purchase.received:{purchase.id}",
                purchase=purchase.number,
            )
            done.append(purchase)
    return done


def is_late(purchase: Purchase, today: date) -> bool:
    """Tell whether a purchase should have come by now and hasn't, and nobody was told."""
    return (
        purchase.state == PurchaseState.ORDERED
        and purchase.expected_on is not None
        and purchase.expected_on < today
        and purchase.late_told_at is None
    )


def _pieces(found: ItemizedPurchase) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in found.lines:
        sku = found.skus[line.part_id]
        pieces[sku] = pieces.get(sku, 0) + line.quantity
    return pieces


def _expected(order: ProposedOrder) -> date | None:
    days = [line.offer.delivery.latest for line in order.lines if line.offer.delivery]
    return max(days) if days else None


def _end_of(day: date | None, at: datetime | None) -> datetime | None:
    if day is None:
        return None
    zone = (at or now()).tzinfo
    return datetime(day.year, day.month, day.day, tzinfo=zone) + _EVENING
