"""What a shop asks at its checkout beyond what its listings told: counted as their shipping."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hotrod.sourcing.costs import cents, shipping_of
from hotrod.sourcing.models import Offer, OrderTerms, ProposedLine, ProposedOrder


def surcharged(orders: Sequence[ProposedOrder], surcharge: Decimal) -> list[Offer]:
    """Return the offers of orders as they would have to be told for these to cost more.

    Each line bears its share by value, and whatever else is bought of it, its shipping costs so
    much. Offers ship each on its own, as eBay's do. Together the orders cost the surcharge more, to
    a cent or two for each line.

    Args:
        orders: what is bought.
        surcharge: in the company's currency, with tax.
    """
    lines = [line for order in orders for line in order.lines]
    goods = sum((line.amount for line in lines), Decimal(0))
    return [
        _dearer(line, surcharge * (line.amount / goods if goods else Decimal(1) / len(lines)))
        for line in lines
    ]


def _dearer(line: ProposedLine, by: Decimal) -> Offer:
    offer = line.offer
    terms = offer.terms or OrderTerms(shipping=Decimal(0))
    told = shipping_of(terms, offer.unit_price(line.quantity) * line.quantity)
    more = by / (1 + (offer.tax_rate or 0)) / (line.rate or 1)
    shipping = OrderTerms(shipping=cents(told + more), minimum=terms.minimum)
    return offer.model_copy(update={"terms": shipping})
