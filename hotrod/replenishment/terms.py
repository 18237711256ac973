"""What suppliers' price lists mean for how many are ordered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.forecast.orders import OrderTerms, PriceBreak
from hotrod.sourcing.costs import UnknownCostError, rate_of
from hotrod.sourcing.models import Condition, ExchangeRates, Offer, is_over

_PRECISION = Decimal("0.000001")


def terms_by_sku(
    offers: Iterable[Offer], rates: ExchangeRates, at: datetime, policy: Sourcing
) -> dict[str, list[OrderTerms]]:
    """Return the terms on which parts are sold, in the company's currency, by SKU.

    New ones of lists that are valid, without tax. Left out is what can't be compared: an unknown
    cost of shipping, a currency without a fresh rate. An order's least value isn't counted, since
    other parts may reach it; shipping is counted as if the part were ordered alone.

    Args:
        offers: of price lists; they name our parts.
        rates: into the company's currency.
        at: when would be ordered.
        policy: how old rates may be.
    """
    found: dict[str, list[OrderTerms]] = defaultdict(list)
    for offer in offers:
        if offer.condition is Condition.NEW and not is_over(offer, at):
            try:
                rate = rate_of(offer.currency, rates, at, policy)
            except UnknownCostError:
                continue
            if (terms := _terms(offer, rate, rates.currency)) is not None:
                found[offer.sku].append(terms)
    return found


def _terms(offer: Offer, rate: Decimal, currency: str) -> OrderTerms | None:
    if offer.terms is None or not all(one.unit_price > 0 for one in offer.prices):
        return None
    free_from = offer.terms.free_from
    return OrderTerms(
        supplier=offer.seller.name,
        currency=currency,
        price_breaks=tuple(
            PriceBreak(quantity=one.from_quantity, unit_price=_converted(one.unit_price, rate))
            for one in offer.prices
        ),
        pack_size=offer.pack_size,
        order_cost=_converted(offer.terms.shipping, rate),
        free_from=None if free_from is None else _converted(free_from, rate),
        available=offer.available,
    )


def _converted(amount: Decimal, rate: Decimal) -> Decimal:
    return amount if rate == 1 else (amount * rate).quantize(_PRECISION)
