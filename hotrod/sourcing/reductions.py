"""A proposal with fewer pieces: what a manager has left of it, costed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from hotrod.company.policies import Sourcing
from hotrod.sourcing.costs import CENT, UnknownCostError, rate_of
from hotrod.sourcing.models import (
    ExchangeRates,
    Offer,
    Proposal,
    ProposedLine,
    ProposedOrder,
    Sale,
    Score,
)
from hotrod.sourcing.plans import Choice, parcel_of
from hotrod.sourcing.proposals import order_of


def numbered(proposal: Proposal) -> dict[str, ProposedLine]:
    """Return the lines of a proposal by number, "1" first, in the order of their sellers."""
    lines = (line for order in proposal.orders for line in order.lines)
    return {str(number): line for number, line in enumerate(lines, 1)}


def scores_by_line(proposal: Proposal) -> dict[str, Score]:
    """Return what the rules say of the offers that are taken, by number of line."""
    scores = {(one.sku, one.offer.key): one.score for one in proposal.taken}
    return {
        number: scores[line.sku, line.offer.key]
        for number, line in numbered(proposal).items()
        if (line.sku, line.offer.key) in scores
    }


def reduced(
    proposal: Proposal,
    quantities: Mapping[str, int],
    rates: ExchangeRates,
    at: datetime,
    policy: Sourcing,
    *,
    seen: Mapping[tuple[str, str], Offer] | None = None,
) -> tuple[ProposedOrder, ...]:
    """Return the orders of a proposal with as many pieces of each line as were approved.

    Neither more nor fewer: a line that isn't sold in so many is an error.

    Args:
        proposal: as it was approved.
        quantities: pieces by number of line; those that aren't named stay as proposed.
        rates: of today.
        at: today.
        policy: how old a rate may be.
        seen: offers as they are now, by key; the others count as they were.

    Raises:
        UnknownCostError: what a line costs can't be told any more, or it isn't sold in so many.
    """

    def rate(line: ProposedLine, offer: Offer) -> Decimal:  # noqa: ARG001 - the proposal's is old
        return rate_of(offer.currency, rates, at, policy)

    return _orders(proposal, quantities, seen or {}, rate)


def approved_total(proposal: Proposal, quantities: Mapping[str, int]) -> Decimal:
    """Return what the approved pieces were said to cost, by the proposal's own prices and rates.

    Fewer pieces may lose a price break or free shipping. Nobody was told so: they count for no
    more than their share of the goods and all of the order's shipping.

    Args:
        proposal: as it was approved.
        quantities: pieces by number of line; those that aren't named stay as proposed.

    Raises:
        UnknownCostError: the proposal doesn't tell its rates, or a line isn't sold in so many.
    """
    orders = _orders(proposal, quantities, {}, _proposed_rate)
    told = sum((_told(order, proposal, quantities) for order in proposal.orders), Decimal(0))
    return min(total_of(orders), told.quantize(CENT, ROUND_UP))


def total_of(orders: Iterable[ProposedOrder]) -> Decimal:
    """Return what orders cost at the door together."""
    return sum((order.total for order in orders), Decimal(0))


def per_piece(order: ProposedOrder, line: ProposedLine) -> Decimal:
    """Return what a piece of a line costs at the door: shipping and tax are shared by value.

    Rounded down: many pieces together cost no more than the order.
    """
    share = line.amount / order.goods if order.goods else Decimal(1) / len(order.lines)
    return (order.total * share / line.quantity).quantize(Decimal("0.000001"), ROUND_DOWN)


def _orders(
    proposal: Proposal,
    quantities: Mapping[str, int],
    seen: Mapping[tuple[str, str], Offer],
    rate: Callable[[ProposedLine, Offer], Decimal],
) -> tuple[ProposedOrder, ...]:
    kept: dict[tuple[str, ...], list[tuple[Choice, int]]] = {}
    for number, line in numbered(proposal).items():
        offer = seen.get(line.offer.key, line.offer)
        pieces = _approved(number, line, quantities)
        if not pieces:
            continue
        if offer.buyable(pieces) != pieces:
            raise UnknownCostError(f"{pieces} of {line.sku} can't be bought any more")
        choice = _choice(line, offer, rate(line, offer))
        of_its_own = (offer.reference,) if offer.sale is Sale.AUCTION else ()
        kept.setdefault((*choice.seller, *of_its_own), []).append((choice, pieces))
    return tuple(order_of(bought) for bought in kept.values())


def _told(order: ProposedOrder, proposal: Proposal, quantities: Mapping[str, int]) -> Decimal:
    """Return what is left of an order's cost: without the goods left out, at their unit prices."""
    left = {
        number: (line, _approved(number, line, quantities))
        for number, line in numbered(proposal).items()
        if line in order.lines
    }
    if not any(pieces for _, pieces in left.values()):
        return Decimal(0)
    return order.total - sum(
        (
            line.amount
            * (1 + (line.offer.tax_rate or 0))
            * (line.quantity - pieces)
            / line.quantity
            for line, pieces in left.values()
        ),
        Decimal(0),
    )


def _approved(number: str, line: ProposedLine, quantities: Mapping[str, int]) -> int:
    return min(quantities.get(number, line.quantity), line.quantity)


def _proposed_rate(line: ProposedLine, offer: Offer) -> Decimal:
    if line.rate is None:
        raise UnknownCostError(f"the proposal doesn't tell its rate of {offer.currency}")
    return line.rate


def _choice(line: ProposedLine, offer: Offer, rate: Decimal) -> Choice:
    if offer.terms is None or offer.tax_rate is None:
        raise UnknownCostError(f"shipping or tax of {offer.title!r} isn't told any more")
    parcel = parcel_of(offer, offer.terms, offer.tax_rate, rate)
    return Choice(line.sku, offer, parcel, line.points, Decimal(0))
