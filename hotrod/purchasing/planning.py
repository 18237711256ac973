"""From an approved proposal to purchases: what is bought of whom, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.parts.store import find_part
from hotrod.purchasing.checkouts import held_by, show_checkout
from hotrod.purchasing.models import (
    AuctionBid,
    Checkout,
    Method,
    Purchase,
    PurchaseLine,
    RoundState,
    SourcingRound,
)
from hotrod.purchasing.rounds import move_round
from hotrod.purchasing.store import proposal_of, purchases
from hotrod.sourcing.costs import paid_for_each
from hotrod.sourcing.models import ProposedLine, ProposedOrder
from hotrod.sourcing.reductions import per_piece


async def plan_purchases(
    session: AsyncSession,
    current: SourcingRound,
    orders: Sequence[ProposedOrder],
    methods: Mapping[str, Method],
    bid_lead: timedelta = timedelta(0),
    draft: Checkout | None = None,
) -> list[Purchase]:
    """Write down what is bought of whom, once; the round is approved by it.

    Args:
        session: in a transaction.
        current: the round, locked.
        orders: of the proposal, as they were approved.
        methods: how is bought, by source; of sources that aren't named, a person buys.
        bid_lead: how long before the end of an auction the bid is placed.
        draft: eBay's checkout, which a person is to pay; what it doesn't hold is bought as above.

    Raises:
        RoundCancelledError: the round was cancelled.
        ForbiddenTransitionError: it is approved already, or has ended.
    """
    move_round(current, RoundState.APPROVED)
    session.add(current)
    currency = proposal_of(current).currency
    in_checkout, held = held_by(draft, orders), []
    for told in orders:
        order = _at_checkout(told, in_checkout, draft)
        purchase = Purchase(
            round_id=current.id,
            business_key=current.business_key,
            source=order.source,
            seller=order.seller,
            method=Method.CHECKOUT if told in in_checkout else _method(order, methods),
            total=order.total,
            currency=currency,
            expected_on=_expected(order),
        )
        session.add(purchase)
        await session.flush()
        if told in in_checkout:
            held.append(purchase)
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
                    unit_price=line.offer.unit_price(line.quantity),
                    unit_currency=line.offer.currency,
                )
            )
            if order.is_bid:
                session.add(_bid(purchase, line, bid_lead))
    if draft is not None and held:
        await show_checkout(session, draft, held)
    await session.flush()
    return await purchases(session, round_id=current.id)


def _at_checkout(
    order: ProposedOrder, held: Sequence[ProposedOrder], draft: Checkout | None
) -> ProposedOrder:
    """Return an order at what eBay's checkout asks for it, if that holds it and asks for more."""
    told = [one.total for one in held]
    if draft is None or order not in held or draft.total <= sum(told):
        return order
    asked = paid_for_each(told, draft.total)[held.index(order)]
    return order.model_copy(update={"total": asked})


def _method(order: ProposedOrder, methods: Mapping[str, Method]) -> Method:
    return Method.BID if order.is_bid else methods.get(order.source, Method.LINK)


def _bid(purchase: Purchase, line: ProposedLine, lead: timedelta) -> AuctionBid:
    offer = line.offer
    if offer.ends_at is None or offer.terms is None:
        raise InvalidInputError("offer", "end or shipping isn't known.", "Bid in other auctions.")
    return AuctionBid(
        purchase_id=purchase.id,
        item_id=offer.reference,
        most=offer.unit_price(1),
        shipping=offer.terms.shipping,
        currency=offer.currency,
        ends_at=offer.ends_at,
        place_at=offer.ends_at - lead,
    )


def _expected(order: ProposedOrder) -> date | None:
    days = [line.offer.delivery.latest for line in order.lines if line.offer.delivery]
    return max(days) if days else None
