"""eBay's checkout of a round: begun once, paid by a person, given up for the sellers' pages.

Whoever begins or changes a checkout locks its round first, and purchases after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.purchasing.models import Checkout, Method, Purchase, PurchaseState
from hotrod.purchasing.rules import check_order_number
from hotrod.purchasing.store import ItemizedPurchase, purchases, read_purchase, read_round

EVENT = "checkout.paid"
MOST_LINES = 10
"""Of a checkout. Source: Order API v2, initiateGuestCheckoutSession, lineItemInputs."""


def as_many_as_fit(planned: Sequence[ItemizedPurchase]) -> list[ItemizedPurchase]:
    """Return the purchases that one checkout can hold whole, in their order."""
    chosen: list[ItemizedPurchase] = []
    for one in planned:
        if len(pieces([*chosen, one])) <= MOST_LINES:
            chosen.append(one)
    return chosen


def pieces(chosen: Sequence[ItemizedPurchase]) -> dict[str, int]:
    """Return how many pieces of each listing are bought, by eBay's id of it."""
    counts = Counter[str]()
    for one in chosen:
        for line in one.lines:
            counts[line.reference] += line.quantity
    return dict(counts)


async def checkout_of(
    session: AsyncSession, round_id: UUID, *, lock: bool = False
) -> Checkout | None:
    """Return the checkout of a round, whose row is the lock of it; None: none was begun."""
    if lock:
        await read_round(session, round_id, lock=True)
    return await session.get(Checkout, round_id, populate_existing=True)


async def read_checkout(session: AsyncSession, round_id: UUID, *, lock: bool = False) -> Checkout:
    """Return the checkout of a round.

    Raises:
        NotFoundError: none was begun.
    """
    found = await checkout_of(session, round_id, lock=lock)
    if found is None:
        raise NotFoundError("checkout of the round", str(round_id))
    return found


async def members(
    session: AsyncSession, checkout: Checkout, *, lock: bool = False
) -> list[ItemizedPurchase]:
    """Return the purchases that a checkout holds."""
    return [await read_purchase(session, UUID(one), lock=lock) for one in checkout.purchases]


async def planned_for_checkout(session: AsyncSession, round_id: UUID) -> list[ItemizedPurchase]:
    """Return the purchases of a round that eBay's checkout may hold, by number."""
    planned = await purchases(session, states=[PurchaseState.PLANNED], round_id=round_id)
    return [await read_purchase(session, one.id) for one in planned if _awaits_checkout(one)]


async def keep_checkout(session: AsyncSession, begun: Checkout) -> Checkout | None:
    """Keep what eBay has begun, unless another was kept: that one is returned, and shown.

    None: something of it was cancelled or bought meanwhile, so nobody is to pay it; the rest is
    bought by the links.
    """
    current = await read_round(session, begun.round_id, lock=True)
    known = await checkout_of(session, begun.round_id)
    if known is not None:
        return known
    held = await members(session, begun, lock=True)
    if not all(_awaits_checkout(one.purchase) for one in held):
        return None
    session.add(begun)
    await record(
        session,
        "checkout.begun",
        current.business_key,
        round=str(begun.round_id),
        purchases=len(begun.purchases),
        total=str(begun.total),
        currency=begun.currency,
    )
    return begun


async def settle_method(session: AsyncSession, purchase_id: UUID) -> Purchase:
    """Return a purchase, for the link when it was meant for a checkout that doesn't hold it."""
    purchase = (await read_purchase(session, purchase_id, lock=True)).purchase
    if purchase.method == Method.CHECKOUT:
        checkout = await checkout_of(session, purchase.round_id)
        if checkout is None or str(purchase_id) not in checkout.purchases:
            purchase.method = Method.LINK
            session.add(purchase)
    return purchase


async def tell_paid(session: AsyncSession, round_id: UUID, order_id: str) -> Checkout:
    """Write down the order that a checkout is said to have become; it counts when eBay says so.

    The event ``checkout.paid`` has eBay asked. Said again, it changes nothing.

    Raises:
        NotFoundError: no checkout was begun.
        InvalidInputError: it became another order, or this can be no number of one.
    """
    check_order_number(order_id)
    if not order_id:
        raise InvalidInputError("order_number", "it is missing.", "eBay shows it after paying.")
    checkout = await read_checkout(session, round_id, lock=True)
    if checkout.paid_at is not None and checkout.order_id != order_id:
        raise InvalidInputError(
            "order_number",
            f"this was ordered before as {checkout.order_id}.",
            "If it was bought twice, cancel one of the two at eBay.",
        )
    if checkout.order_id == order_id and not checkout.refusal:
        return checkout
    checkout.order_id, checkout.refusal = order_id, ""
    session.add(checkout)
    current = await read_round(session, round_id)
    await inbox.accept(
        session,
        NewDelivery(
            source="checkout",
            delivery_id=str(uuid4()),
            body_hash="",
            event=EVENT,
            business_key=current.business_key,
            ordering_key=f"checkout:{round_id}",
            title=f"eBay's order {order_id}",
            payload={"checkout": str(round_id), "order": order_id, "look": 1},
        ),
    )
    return checkout


async def give_up(session: AsyncSession, round_id: UUID) -> None:
    """Let a person buy by the sellers' pages what a checkout holds; one that is paid stays."""
    checkout = await checkout_of(session, round_id, lock=True)
    if checkout is None or checkout.paid_at or checkout.given_up_at:
        return
    checkout.given_up_at = now()
    session.add(checkout)
    for one in await members(session, checkout):
        one.purchase.method = Method.LINK
        session.add(one.purchase)


def _awaits_checkout(purchase: Purchase) -> bool:
    return purchase.state == PurchaseState.PLANNED and purchase.method == Method.CHECKOUT
