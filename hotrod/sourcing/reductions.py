"""A proposal with fewer pieces: what a manager has left of it, costed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.sourcing.costs import UnknownCostError, rate_of
from hotrod.sourcing.models import ExchangeRates, Offer, Proposal, ProposedLine, ProposedOrder
from hotrod.sourcing.plans import Choice
from hotrod.sourcing.proposals import order_of, parcel_of


def numbered(proposal: Proposal) -> dict[str, ProposedLine]:
    """Return the lines of a proposal by number, "1" first, in the order of their sellers."""
    lines = (line for order in proposal.orders for line in order.lines)
    return {str(number): line for number, line in enumerate(lines, 1)}


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

    Never more: what is sold in packs is rounded down, and a line that isn't sold in so few is
    left out.

    Args:
        proposal: as it was approved.
        quantities: pieces by number of line; those that aren't named stay as proposed.
        rates: of today.
        at: today.
        policy: how old a rate may be.
        seen: offers as they are now, by key; the others count as they were.

    Raises:
        UnknownCostError: what a line costs can't be told any more.
    """
    kept: dict[tuple[str, str], list[tuple[Choice, int]]] = {}
    for number, line in numbered(proposal).items():
        offer = (seen or {}).get(line.offer.key, line.offer)
        pieces = _sold(offer, min(quantities.get(number, line.quantity), line.quantity))
        if pieces:
            choice = _choice(line, offer, rates, at, policy)
            kept.setdefault(choice.seller, []).append((choice, pieces))
    return tuple(order_of(*seller, bought) for seller, bought in kept.items())


def total_of(orders: Iterable[ProposedOrder]) -> Decimal:
    """Return what orders cost at the door together."""
    return sum((order.total for order in orders), Decimal(0))


def per_piece(order: ProposedOrder, line: ProposedLine) -> Decimal:
    """Return what a piece of a line costs at the door: shipping and tax are shared by value."""
    share = line.amount / order.goods if order.goods else Decimal(1) / len(order.lines)
    return (order.total * share / line.quantity).quantize(Decimal("0.000001"))


def _sold(offer: Offer, most: int) -> int:
    pieces = most // offer.pack_size * offer.pack_size
    if offer.available is not None:
        pieces = min(pieces, offer.available // offer.pack_size * offer.pack_size)
    return pieces if pieces >= offer.prices[0].from_quantity else 0


def _choice(
    line: ProposedLine, offer: Offer, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Choice:
    if offer.terms is None or offer.tax_rate is None:
        raise UnknownCostError(f"shipping or tax of {offer.title!r} isn't told any more")
    parcel = parcel_of(offer, offer.terms, offer.tax_rate, rate_of(offer, rates, at, policy))
    return Choice(line.sku, offer, parcel, line.points, Decimal(0))
