"""Purchases on their way: handed to a person, ordered, corrected, cancelled, late, received."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.company.load import get_company
from hotrod.db.columns import now
from hotrod.durable.effects import UnknownEffectError, state_of
from hotrod.durable.models import EffectState
from hotrod.errors import ForbiddenTransitionError, InvalidInputError
from hotrod.keys import mail_key
from hotrod.mail.office import PurchaseOrderContext
from hotrod.parts.models import PartOnOrder
from hotrod.parts.orders import cancel_order, put_on_order
from hotrod.purchasing.checkouts import leave_checkout
from hotrod.purchasing.models import (
    AuctionBid,
    Method,
    Purchase,
    PurchaseState,
)
from hotrod.purchasing.rules import check_delivery_day, check_order_number
from hotrod.purchasing.store import ItemizedPurchase, purchases, read_purchase
from hotrod.suppliers.models import SupplierRow

_LONGEST_REASON = 500
_USUAL_DAYS = 14
"""How long an order takes of a seller who doesn't say."""


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
    total: Decimal | None = None,
    at: datetime | None = None,
) -> Purchase:
    """Note that a purchase is placed: its pieces are on order. Said again, it changes nothing.

    Args:
        session: in a transaction.
        purchase_id: the purchase.
        by: who placed it.
        order_number: the seller's number, where there is one.
        expected_on: day of delivery, if the seller told another than the offer did; where
            neither told one, it is that of the supplier's usual lead.
        total: what it came to at the door, in its currency, if that isn't what was planned.
        at: when; None: now.

    Raises:
        NotFoundError: there is no such purchase.
        InvalidInputError: it was ordered before under another number, or number or day can't be.
        ForbiddenTransitionError: it was cancelled, or lost, or is in a checkout that is said to be
            paid.
    """
    _check(order_number, expected_on, at or now())
    await leave_checkout(session, purchase_id)
    found = await read_purchase(session, purchase_id, lock=True)
    purchase = found.purchase
    if purchase.state in {PurchaseState.ORDERED, PurchaseState.RECEIVED}:
        if order_number and purchase.order_number and order_number != purchase.order_number:
            raise InvalidInputError(
                "order_number",
                f"{purchase.number} was ordered before as {purchase.order_number}.",
                "If it was bought twice, cancel one of the two at the seller; a wrong number is "
                f"put right by `hotrod purchases bought {purchase.number} --order-number N "
                "--correct`.",
            )
        purchase.order_number = purchase.order_number or order_number
        session.add(purchase)
        return purchase
    if purchase.state in {PurchaseState.CANCELLED, PurchaseState.LOST}:
        told = f"`hotrod purchases bought {purchase.number} --order-number N --correct`"
        cure = f"if it comes all the same: {told}" if purchase.ordered_at is not None else ""
        raise ForbiddenTransitionError("purchase", purchase.number, purchase.state, "ordered", cure)
    purchase.state = PurchaseState.ORDERED
    purchase.ordered_at = at or now()
    purchase.ordered_by = by
    purchase.order_number = order_number
    purchase.expected_on = (
        expected_on or purchase.expected_on or await _usual_day(session, purchase)
    )
    purchase.late_told_at = None
    if total is not None:
        _share_out(found, total)
    session.add_all([purchase, *found.lines])
    await _put_on_order(session, found)
    await record(
        session,
        "purchase.ordered",
        purchase.business_key,
        dedup_key=f"purchase.ordered:{purchase.id}",
        purchase=purchase.number,
        source=purchase.source,
        total=str(purchase.total),
        currency=purchase.currency,
        placed_by=purchase.method,
    )
    return purchase


async def note_mailed(session: AsyncSession, purchase_id: UUID) -> Purchase:
    """Note that the order by mail is out: its pieces are on order. Said again, it changes nothing.

    A mail can't be taken back: the order stands, too, when somebody has cancelled the purchase
    while it was sent. Who cancels it later has told the seller.

    Raises:
        NotFoundError: there is no such purchase.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    if purchase.state == PurchaseState.CANCELLED:
        if purchase.ordered_at is not None:
            return purchase
        purchase.state = PurchaseState.PLANNED
        session.add(purchase)
        await session.flush()
    return await note_ordered(session, purchase_id, by="order by mail")


async def correct_order(
    session: AsyncSession,
    purchase_id: UUID,
    *,
    by: str,
    order_number: str,
    expected_on: date | None = None,
) -> Purchase:
    """Put right what was told of an order, and record what stood there before.

    One that was cancelled after it had been ordered, and comes all the same, is on order again.

    Args:
        session: in a transaction.
        purchase_id: the purchase.
        by: who corrects it.
        order_number: the seller's number.
        expected_on: day of delivery; None: as it was.

    Raises:
        NotFoundError: there is no such purchase.
        InvalidInputError: it isn't ordered, or number or day can't be.
    """
    _check(order_number, expected_on, now())
    found = await read_purchase(session, purchase_id, lock=True)
    purchase = found.purchase
    is_revived = purchase.state == PurchaseState.CANCELLED and purchase.ordered_at is not None
    if is_revived:
        purchase.state = PurchaseState.ORDERED
    if purchase.state not in {PurchaseState.ORDERED, PurchaseState.RECEIVED}:
        raise InvalidInputError(
            "order_number",
            f"{purchase.number} isn't ordered: it is {purchase.state.replace('_', ' ')}.",
            "Only what was told of an order can be corrected.",
        )
    number, day = purchase.order_number, purchase.expected_on
    if not is_revived and (order_number, expected_on or day) == (number, day):
        return purchase
    purchase.order_number, purchase.expected_on = order_number, expected_on or day
    session.add(purchase)
    if purchase.state == PurchaseState.ORDERED:
        await _put_on_order(session, found)
    await record(
        session,
        "purchase.corrected",
        purchase.business_key,
        purchase=purchase.number,
        order_number=purchase.order_number,
        instead_of=number,
        expected_on=f"{purchase.expected_on or ''}",
        instead_of_day=f"{day or ''}",
        was_cancelled=is_revived,
        by=by,
    )
    return purchase


async def cancel(
    session: AsyncSession, purchase_id: UUID, *, by: str, reason: str = ""
) -> Purchase:
    """Say that a purchase isn't made, or won't come: what is still to come is on order no more.

    One that is ordered stays so at the seller, who may have the money, too: who cancels it has
    undone it there, and says why. It comes all the same? See ``correct_order``.

    Args:
        session: in a transaction.
        purchase_id: the purchase.
        by: who cancels it.
        reason: needed of one that is ordered; recorded.

    Raises:
        NotFoundError: there is no such purchase.
        InvalidInputError: it is ordered, and no reason is given.
        ForbiddenTransitionError: it is here already, or a bid stands, which can't be taken back,
            its order was mailed, or it is in a checkout that is said to be paid.
        UnknownEffectError: its order may have been mailed; a person must find out.
    """
    await leave_checkout(session, purchase_id)
    found = await read_purchase(session, purchase_id, lock=True)
    purchase = found.purchase
    if purchase.state in {PurchaseState.RECEIVED, PurchaseState.LOST}:
        raise ForbiddenTransitionError("purchase", purchase.number, purchase.state, "cancelled")
    bid = await session.get(AuctionBid, purchase_id, populate_existing=True)
    if purchase.state == PurchaseState.PLANNED and bid is not None and bid.placed_at is not None:
        raise ForbiddenTransitionError("purchase", purchase.number, "bid for", "cancelled")
    if (mail := await order_mail(session, purchase)) == EffectState.DONE:
        how = (
            "its run notes it as ordered; of a run that is dead, drop the round: "
            f"`hotrod purchases drop {purchase.round_id}`"
        )
        raise ForbiddenTransitionError("purchase", purchase.number, "mailed", "cancelled", how)
    if mail is not None:
        raise UnknownEffectError(order_key(purchase))
    if purchase.state == PurchaseState.ORDERED:
        _check_reason(purchase, reason)
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
            reason=reason.strip(),
        )
    return purchase


def _check_reason(purchase: Purchase, reason: str) -> None:
    known = f" as {purchase.order_number}" if purchase.order_number else ""
    if not reason.strip():
        raise InvalidInputError(
            "reason",
            f"{purchase.number} is ordered{known}: {purchase.seller} sends it, and may be paid.",
            "Cancel it there first; then say why it won't come. Its parts are looked for again.",
        )
    if len(reason.strip()) > _LONGEST_REASON:
        raise InvalidInputError(
            "reason", "it is too long.", f"Say it in {_LONGEST_REASON} characters."
        )


def order_key(purchase: Purchase) -> str:
    """Return the key of the mail that orders a purchase, in the ledger of effects."""
    return mail_key(PurchaseOrderContext.template, purchase.id)


async def order_mail(session: AsyncSession, purchase: Purchase) -> EffectState | None:
    """Return what is known about the order mail of a planned purchase; None: none was begun."""
    if purchase.state != PurchaseState.PLANNED or purchase.method != Method.MAIL:
        return None
    return await state_of(session, order_key(purchase))


async def note_received(session: AsyncSession, at: datetime) -> list[Purchase]:
    """Close the purchases of which everything has come; return them."""
    done: list[Purchase] = []
    for ordered in await purchases(session, states=[PurchaseState.ORDERED]):
        purchase = (await read_purchase(session, ordered.id, lock=True)).purchase
        if purchase.state != PurchaseState.ORDERED:  # cancelled while we waited for the lock
            continue
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
                days=_days_since(purchase.ordered_at, at),
                days_late=_days_late(purchase, at),
            )
            done.append(purchase)
    return done


async def note_late(session: AsyncSession, purchase_id: UUID, at: datetime) -> Purchase:
    """Note that ops were told of a late purchase.

    Raises:
        NotFoundError: there is no such purchase.
    """
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    purchase.late_told_at = at
    session.add(purchase)
    await record(
        session,
        "purchase.late",
        purchase.business_key,
        dedup_key=f"purchase.late:{purchase.id}",
        purchase=purchase.number,
        source=purchase.source,
        days_late=_days_late(purchase, at),
    )
    return purchase


def is_late(purchase: Purchase, today: date) -> bool:
    """Tell whether a purchase should have come by now and hasn't, and nobody was told."""
    return (
        purchase.state == PurchaseState.ORDERED
        and purchase.expected_on is not None
        and purchase.expected_on < today
        and purchase.late_told_at is None
    )


def _share_out(found: ItemizedPurchase, total: Decimal) -> None:
    """Let a purchase cost a total: each piece the same share of it as was planned."""
    pieces = sum(line.quantity for line in found.lines)
    planned = found.purchase.total
    for line in found.lines:
        line.per_piece = line.per_piece * total / planned if planned else total / pieces
    found.purchase.total = total


def _check(order_number: str, expected_on: date | None, at: datetime) -> None:
    check_order_number(order_number)
    if expected_on is not None:
        check_delivery_day(expected_on, at.astimezone(get_company().zone).date())


async def _put_on_order(session: AsyncSession, found: ItemizedPurchase) -> None:
    number, day = found.purchase.number, found.purchase.expected_on
    until = _end_of(day) if day else None
    for sku, quantity in sorted(_pieces(found).items()):
        await put_on_order(session, sku, quantity, number, expected_at=until)


def _pieces(found: ItemizedPurchase) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in found.lines:
        sku = found.skus[line.part_id]
        pieces[sku] = pieces.get(sku, 0) + line.quantity
    return pieces


async def _usual_day(session: AsyncSession, purchase: Purchase) -> date:
    """Return the day by which an order of no told day should come: as its supplier states."""
    found = await session.exec(
        select(SupplierRow.lead_days_most).where(SupplierRow.name == purchase.source)
    )
    stated = found.first()
    lead = timedelta(days=_USUAL_DAYS if stated is None else stated)
    return _day_of(purchase.ordered_at or now()) + lead


def _days_since(moment: datetime | None, at: datetime) -> int | None:
    return None if moment is None else (at - moment).days


def _days_late(purchase: Purchase, at: datetime) -> int | None:
    return None if purchase.expected_on is None else (_day_of(at) - purchase.expected_on).days


def _day_of(moment: datetime) -> date:
    return moment.astimezone(get_company().zone).date()


def _end_of(day: date) -> datetime:
    """Return the midnight that ends a day at the company."""
    return datetime.combine(day + timedelta(days=1), time(), get_company().zone)
