"""How many to order: enough, in packs, where price, shipping and shelf cost least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_CENT = Decimal("0.01")


class PriceBreak(BaseModel):
    """The price of each unit, once so many are ordered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: int = Field(ge=1)
    unit_price: Decimal = Field(gt=0, description="In the terms' currency.")


class OrderTerms(BaseModel):
    """What a supplier asks for a part, and what keeping it costs us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Of all money here.")
    price_breaks: tuple[PriceBreak, ...] = Field(min_length=1)
    pack_size: int = Field(1, ge=1, description="Only whole packs are sold.")
    minimum: int = Field(1, ge=1, description="Units that must be ordered at least.")
    order_cost: Decimal = Field(
        Decimal(0), ge=0, description="Of each order, however large: shipping and work."
    )
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


def order_quantity(needed: int, yearly_demand: float, terms: OrderTerms) -> Order:
    """Return the cheapest order that covers what is needed.

    For every price the economic order quantity is tried, raised to what is needed, to the
    minimum and to the quantity of the price, in whole packs; the one with the lowest cost of a
    year (purchase, orders, shelf) wins. Source: economic order quantity with all-units discounts,
    Hadley & Whitin, "Analysis of Inventory Systems" (1963), 2-10.

    Args:
        needed: units, at least one.
        yearly_demand: expected units a year.
        terms: of the supplier.
    """
    demand = Decimal(max(yearly_demand, 0))
    least = _packed(max(needed, 1, terms.minimum, terms.price_breaks[0].quantity), terms)
    quantities = {least} | {
        _packed(max(least, each.quantity, _economic(demand, each.unit_price, terms)), terms)
        for each in terms.price_breaks
    }
    quantity = min(
        sorted(quantities),
        key=lambda number: _yearly_cost(number, max(demand, Decimal(needed)), terms),
    )
    price = _price(quantity, terms.price_breaks)
    return Order(
        quantity=quantity,
        unit_price=price,
        total=(price * quantity).quantize(_CENT, ROUND_HALF_UP),
        currency=terms.currency,
        reason=_in_words(needed, quantity, least, terms),
    )


def _economic(demand: Decimal, price: Decimal, terms: OrderTerms) -> int:
    return math.ceil((2 * demand * terms.order_cost / (terms.holding_rate * price)).sqrt())


def _yearly_cost(quantity: int, demand: Decimal, terms: OrderTerms) -> Decimal:
    price = _price(quantity, terms.price_breaks)
    shelf = terms.holding_rate * price * quantity / 2
    return price * demand + terms.order_cost * demand / quantity + shelf


def _price(quantity: int, breaks: Sequence[PriceBreak]) -> Decimal:
    return max((each for each in breaks if each.quantity <= quantity), key=_quantity).unit_price


def _quantity(each: PriceBreak) -> int:
    return each.quantity


def _packed(quantity: int, terms: OrderTerms) -> int:
    return -(-quantity // terms.pack_size) * terms.pack_size


def _in_words(needed: int, quantity: int, least: int, terms: OrderTerms) -> str:
    price = _price(quantity, terms.price_breaks)
    told = f"{needed} needed"
    if quantity > least:
        cheaper = price < _price(least, terms.price_breaks)
        why = f"{price} {terms.currency} each" if cheaper else "fewer orders"
        return f"{told}, {quantity} ordered: {why} saves more than the shelf costs"
    if quantity > needed:
        packs = f" in packs of {terms.pack_size}" if terms.pack_size > 1 else ""
        return f"{told}, {quantity} is the least that is sold{packs}"
    return f"{told}, and more would cost more"
