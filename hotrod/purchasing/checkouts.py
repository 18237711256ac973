"""eBay's checkout of a round: a draft, then paid by a person, or given up for the sellers' pages.

It is begun before the purchases are written down, since what eBay asks decides whether they may be.
Whoever changes a checkout locks its round first, and purchases after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.db.columns import now
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.errors import ForbiddenTransitionError, InvalidInputError, NotFoundError
from hotrod.purchasing.models import Checkout, Method, Purchase
from hotrod.purchasing.rules import check_order_number
from hotrod.purchasing.store import ItemizedPurchase, read_purchase, read_round
from hotrod.sourcing.models import ProposedOrder

EVENT = "checkout.paid"
MOST_LINES = 10
"""Of a checkout. Source: Order API v2, initiateGuestCheckoutSession, lineItemInputs."""


def as_many_as_fit(orders: Iterable[ProposedOrder]) -> list[ProposedOrder]:
    """Return the orders that one checkout can hold whole, in their sequence."""
    chosen: list[ProposedOrder] = []
    for one in orders:
        if len(pieces_of([*chosen, one])) <= MOST_LINES:
            chosen.append(one)
    return chosen


def pieces_of(orders: Iterable[ProposedOrder]) -> dict[str, int]:
    """Return how many pieces of each listing are bought, by eBay's id of it."""
    counts = Counter[str]()
    for line in (line for one in orders for line in one.lines):
        counts[line.offer.reference] += line.quantity
    return dict(counts)


def held_by(draft: Checkout | None, orders: Iterable[ProposedOrder]) -> list[ProposedOrder]:
    """Return the orders that a draft holds; none when it isn't a draft of just these."""
    if draft is None:
        return []
    held = [one for one in orders if pieces_of([one]).items() <= draft.items.items()]
    return held if pieces_of(held) == draft.items else []


async def checkout_of(
    session: AsyncSession, round_id: UUID, *, lock: bool = False
) -> Checkout | None:
    """Return the checkout of a round, whose row is the lock of it; None: none is to be paid."""
    if lock:
        await read_round(session, round_id, lock=True)
    found = await session.get(Checkout, round_id, populate_existing=True)
    return found if found is not None and found.purchases else None


async def draft_of(session: AsyncSession, round_id: UUID) -> Checkout | None:
    """Return what eBay has begun for a round, while it is shown to nobody."""
    found = await session.get(Checkout, round_id, populate_existing=True)
    return found if found is not None and not found.purchases else None


async def keep_draft(session: AsyncSession, round_id: UUID, begun: Checkout | None) -> None:
    """Keep what eBay has begun for a round, instead of what it began before; None: nothing.

    Nobody has seen what it began before, so nobody can have paid it. What is to be paid stays.
    """
    await read_round(session, round_id, lock=True)
    if (draft := await draft_of(session, round_id)) is not None:
        await session.delete(draft)
        await session.flush()
    if begun is not None and await checkout_of(session, round_id) is None:
        session.add(begun)


async def is_held(session: AsyncSession, purchase: Purchase) -> bool:
    """Tell whether a checkout holds a purchase, which doesn't change; it needs no lock."""
    return await _holder(session, purchase) is not None


async def is_said_to_be_paid(session: AsyncSession, purchase: Purchase) -> bool:
    """Tell whether a purchase is in a checkout of which eBay is asked if it is paid."""
    holder = await _holder(session, purchase)
    return holder is not None and holder.is_confirmed_soon


async def read_checkout(session: AsyncSession, round_id: UUID, *, lock: bool = False) -> Checkout:
    """Return the checkout of a round.

    Raises:
        NotFoundError: none was begun.
    """
    found = await checkout_of(session, round_id, lock=lock)
    if found is None:
        raise NotFoundError("checkout of the round", str(round_id))
    return found


async def members(session: AsyncSession, checkout: Checkout) -> list[ItemizedPurchase]:
    """Return the purchases that a checkout holds."""
    return [await read_purchase(session, UUID(one)) for one in checkout.purchases]


async def show_checkout(session: AsyncSession, draft: Checkout, held: Iterable[Purchase]) -> None:
    """Let a draft be paid: it is shown from now on, with the purchases that it holds.

    Args:
        session: in the transaction that writes the purchases, with the round locked.
        draft: what eBay has begun.
        held: the purchases of its orders.
    """
    draft.purchases = [str(one.id) for one in held]
    session.add(draft)
    current = await read_round(session, draft.round_id)
    await record(
        session,
        "checkout.begun",
        current.business_key,
        round=str(draft.round_id),
        purchases=len(draft.purchases),
        total=str(draft.total),
        currency=draft.currency,
    )


async def tell_paid(session: AsyncSession, round_id: UUID, order_id: str) -> Checkout:
    """Write down the order that a checkout is said to have become; it counts when eBay says so.

    The event ``checkout.paid`` has eBay asked; said again, it is asked again, until it has paid.

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
    if checkout.paid_at is not None:
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


async def leave_checkout(session: AsyncSession, purchase_id: UUID) -> None:
    """Give up the checkout of a purchase that goes a way of its own; one that is paid stays.

    Raises:
        NotFoundError: there is no such purchase.
        ForbiddenTransitionError: it is said to be paid, and eBay is asked.
    """
    purchase = (await read_purchase(session, purchase_id)).purchase
    if not await is_held(session, purchase):
        return
    checkout = await read_checkout(session, purchase.round_id, lock=True)
    if checkout.is_confirmed_soon:
        raise ForbiddenTransitionError(
            "checkout of",
            purchase.number,
            "said to be paid",
            "given up",
            f"wait until eBay has answered about its order {checkout.order_id}; if it never does, "
            "tell the number again, or redrive what is dead in `hotrod inbox list --state dead`",
        )
    await give_up(session, purchase.round_id)


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


async def _holder(session: AsyncSession, purchase: Purchase) -> Checkout | None:
    checkout = await checkout_of(session, purchase.round_id)
    return checkout if checkout is not None and checkout.holds(purchase) else None
