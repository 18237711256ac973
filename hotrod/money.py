"""How amounts of money are written, wherever people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_DIGITS = 4
"""Of a price below 1.00, so many are kept, without zeros at either end."""


def figure(amount: Decimal) -> str:
    """Return an amount to the cent, half up: ``1,189.84``."""
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,f}"


def money(amount: Decimal, currency: str) -> str:
    """Return an amount such as ``1,189.84 CAD``."""
    return f"{figure(amount)} {currency}"


def unit_figure(price: Decimal) -> str:
    """Return the price of a piece: to the cent, half up, or finer below 1.00: ``0.0033``."""
    if price >= 1:
        return figure(price)
    last = Decimal(1).scaleb(price.adjusted() - _DIGITS + 1)
    fine = price.quantize(min(last, _CENT), ROUND_HALF_UP)
    return figure(fine) if fine == fine.quantize(_CENT) else f"{fine.normalize():f}"


def unit_price(price: Decimal, currency: str) -> str:
    """Return the price of a piece such as ``14.64 CAD``, ``0.0033 CAD``."""
    return f"{unit_figure(price)} {currency}"
