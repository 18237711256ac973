"""What an offer costs at the door: goods, shipping and tax, in the company's currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from hotrod.company.policies import Sourcing
from hotrod.errors import HotrodError
from hotrod.sourcing.models import (
    MOST_TAX,
    Condition,
    Cost,
    ExchangeRates,
    Market,
    Offer,
    OrderTerms,
    PaidPrice,
    Sale,
    Wanted,
    is_over,
)

CENT = Decimal("0.01")
_RATE = Decimal("1e-8")


class UnknownCostError(HotrodError):
    """What an offer costs can't be told; says what is missing."""


def landed_cost(
    offer: Offer, wanted: int, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Cost:
    """Return what it costs to get a wanted quantity, or as many of it as there are, to the door.

    The offer alone: a minimum order may be reached with other parts, which a proposal sees to.

    Raises:
        UnknownCostError: the exchange rate is unknown or too old, shipping or tax isn't told, or
            the offer isn't sold in such a quantity.
    """
    bought = offer.buyable(wanted)
    if not bought:
        raise UnknownCostError("none can be bought: too few are left, or it is out of stock")
    rate = rate_of(offer.currency, rates, at, policy)
    if offer.terms is None:
        raise UnknownCostError("the cost of shipping isn't told: ask the seller")
    if offer.tax_rate is None:
        raise UnknownCostError("the tax isn't known: name the tax rate of the source")
    value = offer.unit_price(bought) * bought
    goods = cents(value * rate)
    shipping = cents(shipping_of(offer.terms, value) * rate)
    tax = cents(goods * offer.tax_rate) + cents(shipping * offer.tax_rate)
    total = goods + shipping + tax
    return Cost(
        bought=bought,
        goods=goods,
        shipping=shipping,
        tax=tax,
        total=total,
        per_piece=total / min(bought, wanted),
        currency=rates.currency,
    )


def rate_of(currency: str, rates: ExchangeRates, at: datetime, policy: Sourcing) -> Decimal:
    """Return what one unit of a currency is worth in the company's.

    Raises:
        UnknownCostError: there is no rate, or it is too old to be trusted.
    """
    if currency == rates.currency:
        return Decimal(1)
    rate = rates.rates.get(currency)
    if rate is None:
        raise UnknownCostError(f"no exchange rate from {currency} to {rates.currency}")
    if at - rate.seen_at > timedelta(hours=policy.rate_hours):
        raise UnknownCostError(
            f"the exchange rate of {currency} is of {rate.seen_at:%Y-%m-%d}: tell it anew"
            f" (`hotrod purchases rate {currency} N`)"
        )
    return rate.value


def shipping_of(terms: OrderTerms, value: Decimal) -> Decimal:
    """Return what an order's shipping costs for a value of goods, in the terms' currency."""
    is_free = terms.free_from is not None and value >= terms.free_from
    return Decimal(0) if is_free else terms.shipping


def name_of(offer: Offer) -> str:
    """Return what names an offer among the shares that checkouts ask more."""
    return " ".join(offer.key)


def share_of(offer: Offer, shares: Mapping[str, Decimal]) -> Decimal:
    """Return the share that a checkout asks for an offer beyond what its listing tells.

    Args:
        offer: the offer.
        shares: by name of an offer, or by source for the offers that aren't named.
    """
    return shares.get(name_of(offer), shares.get(offer.source, Decimal(0)))


def surcharged(offer: Offer, share: Decimal) -> Offer:
    """Return an offer as if so much more were asked for it at the checkout: it counts as tax.

    Auctions go through none.

    Args:
        offer: as its listing tells.
        share: of goods, shipping and tax together.
    """
    if not share or offer.tax_rate is None or offer.sale is Sale.AUCTION:
        return offer
    rate = min((1 + offer.tax_rate) * (1 + share) - 1, MOST_TAX)
    return offer.model_copy(update={"tax_rate": rate.quantize(_RATE)})


def cents(amount: Decimal) -> Decimal:
    """Return an amount to the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def paid_for_each(planned: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Return what each purchase has cost of what was paid for all, by what was planned.

    To the cent; together they are the total.
    """
    whole, so_far, paid = sum(planned, Decimal(0)), Decimal(0), Decimal(0)
    shares = []
    for one in planned:
        so_far += one
        until = cents(total * so_far / whole) if whole else total
        shares.append(until - paid)
        paid = until
    return shares


def market_of(
    offers: Iterable[Offer], wanted: Wanted, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Market:
    """Return what the offers found ask at the door, by condition, and the pictures they share.

    Auctions and offers of unknown cost aren't counted, and fewer than ``least_comparable`` of a
    condition tell nothing. The median, since one absurd price must not move it.
    """
    found = tuple(offers)
    asked: dict[Condition, list[Decimal]] = {}
    for offer in found:
        if is_over(offer, at) or offer.sale is Sale.AUCTION or offer.fit == "does not fit":
            continue
        try:
            cost = landed_cost(offer, wanted.quantity, rates, at, policy)
        except UnknownCostError:
            continue
        asked.setdefault(offer.condition, []).append(cost.per_piece)
    medians = {
        condition: median(prices)
        for condition, prices in asked.items()
        if len(prices) >= policy.least_comparable
    }
    return Market(at=at, rates=rates, medians=medians, shared_pictures=_shared_pictures(found))


def _shared_pictures(offers: Iterable[Offer]) -> frozenset[str]:
    sellers: dict[str, set[tuple[str, str]]] = {}
    for offer in offers:
        sellers.setdefault(offer.picture_url, set()).add((offer.source, offer.seller.name))
    return frozenset(url for url, those in sellers.items() if url and len(those) > 1)


def usual_price(history: Sequence[PaidPrice], at: datetime, policy: Sourcing) -> Decimal | None:
    """Return the median of what we paid within the policy's time, or None."""
    since = at - timedelta(days=policy.history_days)
    prices = [paid.per_piece for paid in history if paid.bought_at >= since]
    return median(prices) if prices else None
