"""What eBay says of a checkout's order: judged by it alone, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.db.columns import now
from hotrod.errors import ForbiddenTransitionError, InvalidInputError
from hotrod.purchasing.buying import cancel, note_ordered
from hotrod.purchasing.checkouts import give_up, members, read_checkout
from hotrod.purchasing.models import Checkout, PurchaseState, RoundState
from hotrod.purchasing.store import read_round
from hotrod.sourcing.costs import paid_for_each

_CLOCKS_APART = timedelta(minutes=10)
_LONGEST_REFUSAL = 300
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 240, 720, 1440))


class Payment(StrEnum):
    """What became of a payment.

    PAID: what it holds is ordered. PENDING: eBay still waits for the money. FAILED: eBay won't
    get it; a person buys by the links. REFUSED: it is no order of this checkout. TROUBLED: it is
    paid, but something of it was ordered otherwise, or cancelled.
    """

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    REFUSED = "refused"
    TROUBLED = "troubled"


@dataclass(frozen=True)
class EbayOrder:
    """An order as eBay shows it: pieces by listing, and eBay's word for its payment."""

    id: str
    pieces: Mapping[str, int]
    payment: str
    created_at: datetime


def wait_before(look: int) -> timedelta | None:
    """Return how long to wait before eBay is asked again; None: it was asked often enough."""
    return _WAITS[look - 1] if look <= len(_WAITS) else None


async def judge(
    session: AsyncSession, round_id: UUID, order_id: str, order: EbayOrder | None
) -> Payment:
    """Write down what eBay says of an order that a checkout is said to have become.

    Said again of one that is paid, it changes nothing, and gives the same answer.

    Args:
        session: in a transaction.
        round_id: whose checkout.
        order_id: what was told.
        order: what eBay knows of it; None: nothing.

    Raises:
        NotFoundError: no checkout was begun.
    """
    checkout = await read_checkout(session, round_id, lock=True)
    if checkout.paid_at is not None:
        if checkout.order_id != order_id:
            return Payment.REFUSED
        return Payment.TROUBLED if checkout.refusal else Payment.PAID
    wrong = await _why_not(session, checkout, order)
    if order is None or wrong:
        await refuse(session, checkout, order_id, f"eBay's order {order_id} doesn't count: {wrong}")
        return Payment.REFUSED
    if order.payment == "PENDING":
        return Payment.PENDING
    if order.payment != "PAID":
        why = f"eBay's order {order_id} was not paid: {order.payment.lower() or 'no reason'}"
        await refuse(session, checkout, order_id, why)
        if checkout.order_id == order_id:
            await give_up(session, round_id)
        return Payment.FAILED
    return await _settle(session, checkout, order)


async def refuse(session: AsyncSession, checkout: Checkout, order_id: str, why: str) -> None:
    """Say why an order doesn't count; unless another was told meanwhile.

    What ops dropped while eBay was asked is cancelled by it.

    Args:
        session: in a transaction.
        checkout: locked.
        order_id: what was told.
        why: in words.
    """
    if checkout.order_id != order_id:
        return
    _object(session, checkout, why)
    current = await read_round(session, checkout.round_id)
    if current.state == RoundState.CANCELLED:
        for one in await members(session, checkout):
            if one.purchase.state in {PurchaseState.PLANNED, PurchaseState.TO_BUY}:
                await cancel(session, one.purchase.id, by="eBay's answer")


def _object(session: AsyncSession, checkout: Checkout, why: str) -> None:
    checkout.refusal = why[:_LONGEST_REFUSAL]
    session.add(checkout)


async def _why_not(session: AsyncSession, checkout: Checkout, order: EbayOrder | None) -> str:
    """Return why an order isn't the one of a checkout; empty: it may be."""
    if order is None:
        return "eBay knows of none with this number."
    if dict(order.pieces) != checkout.items:
        return "it holds other things than this checkout."
    if order.created_at < checkout.begun_at - _CLOCKS_APART:
        return "it is older than this checkout."
    others = await session.exec(
        select(Checkout.round_id).where(
            Checkout.order_id == order.id,
            Checkout.round_id != checkout.round_id,
            col(Checkout.paid_at).is_not(None),
        )
    )
    return "it was of another checkout." if others.first() else ""


async def _settle(session: AsyncSession, checkout: Checkout, order: EbayOrder) -> Payment:
    checkout.order_id, checkout.refusal, checkout.paid_at = order.id, "", now()
    session.add(checkout)
    troubles = []
    held = await members(session, checkout)
    shares = paid_for_each([one.purchase.total for one in held], checkout.total)
    for one, paid in zip(held, shares, strict=True):
        try:
            await note_ordered(
                session,
                one.purchase.id,
                by="eBay checkout",
                order_number=order.id,
                total=paid,
            )
        except (ForbiddenTransitionError, InvalidInputError):
            troubles.append(one.purchase.number)
    if troubles:
        names = ", ".join(troubles)
        why = f"{names} was cancelled, or bought otherwise; yet eBay's order {order.id} holds it."
        _object(session, checkout, why)
    current = await read_round(session, checkout.round_id)
    await record(
        session,
        "checkout.paid",
        current.business_key,
        dedup_key=f"checkout.paid:{checkout.round_id}",
        round=str(checkout.round_id),
        purchases=len(checkout.purchases),
    )
    return Payment.TROUBLED if troubles else Payment.PAID
