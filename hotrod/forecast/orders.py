"""How many to order: enough, in packs, where price, shipping and shelf cost least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hotrod.money import unit_price

_CENT = Decimal("0.01")


class PriceBreak(BaseModel):
    """The price of each unit, once so many are ordered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: int = Field(ge=1)
    unit_price: Decimal = Field(gt=0, description="In the terms' currency.")


class OrderTerms(BaseModel):
    """What a supplier asks for a part, and what keeping it costs us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    supplier: str = ""
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Of all money here.")
    price_breaks: tuple[PriceBreak, ...] = Field(min_length=1)
    pack_size: int = Field(1, ge=1, description="Only whole packs are sold.")
    minimum: int = Field(1, ge=1, description="Units that must be ordered at least.")
    order_cost: Decimal = Field(
        Decimal(0), ge=0, description="Of each order, however large: shipping and work."
    )
    free_from: Decimal | None = Field(
        None, description="Value of the units from which on an order costs nothing else."
    )
    available: int | None = Field(None, ge=0, description="Unset: as many as are wanted.")
    holding_rate: Decimal = Field(
        Decimal("0.25"), gt=0, description="Cost of a year on the shelf, as a share of the price."
    )

    @field_validator("price_breaks")
    @classmethod
    def _are_apart(cls, breaks: tuple[PriceBreak, ...]) -> tuple[PriceBreak, ...]:
        if len({each.quantity for each in breaks}) < len(breaks):
            raise ValueError("two price breaks are for the same quantity: keep one of them")
        return tuple(sorted(breaks, key=lambda each: each.quantity))


class Order(BaseModel):
    """So many to order; ``total`` is without the order cost, in the currency, to the cent."""

    model_config = ConfigDict(frozen=True)

    quantity: int
    unit_price: Decimal
    total: Decimal
    currency: str
    reason: str


def order_quantity(needed: int, yearly_demand: float, terms: Sequence[OrderTerms]) -> Order | None:
    """Return the cheapest order that covers what is needed; None when nobody sells so many.

    For every price the economic order quantity is tried, and the least that ships for free, raised
    to what is needed, to the minimum and to the quantity of the price, in whole packs. The one with
    the lowest cost of a year (purchase, orders, shelf) wins, whosever terms they are; of those that
    cost the same, the first. More than a year's demand is bought only where it costs no more than
    the least that is sold. Source: economic order quantity with all-units discounts, Hadley &
    Whitin, "Analysis of Inventory Systems" (1963), 2-10.

    Args:
        needed: units, at least one.
        yearly_demand: expected units a year.
        terms: of suppliers, all in one currency.
    """
    demand = Decimal(max(yearly_demand, 0))
    orders = [
        (_yearly_cost(number, max(demand, Decimal(needed)), one), place, number)
        for place, one in enumerate(terms)
        for number in _quantities(needed, demand, one)
    ]
    if not orders:
        return None
    _, place, quantity = min(orders)
    chosen = terms[place]
    price = _price(quantity, chosen.price_breaks)
    return Order(
        quantity=quantity,
        unit_price=price,
        total=(price * quantity).quantize(_CENT, ROUND_HALF_UP),
        currency=chosen.currency,
        reason=_in_words(needed, quantity, chosen),
    )


def _quantities(needed: int, demand: Decimal, terms: OrderTerms) -> set[int]:
    """Return the quantities that may be the cheapest; none where so many aren't sold."""
    least = _least(needed, terms)
    if terms.available is not None and least > terms.available:
        return set()
    most = _most(needed, demand, terms)
    tried = {
        _packed(max(least, each.quantity, min(number, most)), terms)
        for each in terms.price_breaks
        for number in (_economic(demand, each.unit_price, terms), _free(each.unit_price, terms))
    }
    spent = _spent(least, terms)
    return {least} | {
        number
        for number in tried
        if (terms.available is None or number <= terms.available)
        and (number <= most or _spent(number, terms) <= spent)
    }


def _most(needed: int, demand: Decimal, terms: OrderTerms) -> int:
    """Return the most units, in whole packs, that are needed or asked for within a year."""
    most = needed + math.floor(demand)
    if terms.available is not None:
        most = min(most, terms.available)
    return most // terms.pack_size * terms.pack_size


def _least(needed: int, terms: OrderTerms) -> int:
    return _packed(max(needed, 1, terms.minimum, terms.price_breaks[0].quantity), terms)


def _economic(demand: Decimal, price: Decimal, terms: OrderTerms) -> int:
    return math.ceil((2 * demand * terms.order_cost / (terms.holding_rate * price)).sqrt())


def _free(price: Decimal, terms: OrderTerms) -> int:
    """Return how many at a price ship for free; 0 where none do."""
    return 0 if terms.free_from is None else math.ceil(terms.free_from / price)


def _order_cost(quantity: int, terms: OrderTerms) -> Decimal:
    value = _price(quantity, terms.price_breaks) * quantity
    is_free = terms.free_from is not None and value >= terms.free_from
    return Decimal(0) if is_free else terms.order_cost


def _spent(quantity: int, terms: OrderTerms) -> Decimal:
    return _price(quantity, terms.price_breaks) * quantity + _order_cost(quantity, terms)


def _yearly_cost(quantity: int, demand: Decimal, terms: OrderTerms) -> Decimal:
    price = _price(quantity, terms.price_breaks)
    shelf = terms.holding_rate * price * quantity / 2
    return price * demand + _order_cost(quantity, terms) * demand / quantity + shelf


def _price(quantity: int, breaks: Sequence[PriceBreak]) -> Decimal:
    return max((each for each in breaks if each.quantity <= quantity), key=_quantity).unit_price


def _quantity(each: PriceBreak) -> int:
    return each.quantity


def _packed(quantity: int, terms: OrderTerms) -> int:
    return -(-quantity // terms.pack_size) * terms.pack_size


def _in_words(needed: int, quantity: int, terms: OrderTerms) -> str:
    price, least = _price(quantity, terms.price_breaks), _least(needed, terms)
    by = f" by the terms of {terms.supplier}" * bool(terms.supplier)
    told = f"{needed} needed"
    if quantity > least:
        why = "fewer orders save"
        if price < _price(least, terms.price_breaks):
            why = f"{unit_price(price, terms.currency)} each saves"
        elif _order_cost(quantity, terms) < _order_cost(least, terms):
            why = "free shipping saves"
        return f"{told}, {quantity} ordered{by}: {why} more than the shelf costs"
    if quantity > needed:
        packs = f" in packs of {terms.pack_size}" if terms.pack_size > 1 else ""
        return f"{told}, {quantity} is the least that is sold{packs}{by}"
    return f"{told}, and more would cost more{by}"
