"""Amounts, marketplaces and their currencies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_CENT = Decimal("0.01")

_PER_USD = {
    "USD": Decimal(1),
    "CAD": Decimal("1.40"),
    "GBP": Decimal("0.78"),
    "EUR": Decimal("0.92"),
    "AUD": Decimal("1.52"),
}
CURRENCIES = frozenset(_PER_USD)


@dataclass(frozen=True)
class Marketplace:
    """One of eBay's sites: where its buyers are, what they pay with, its category tree."""

    id: str
    country: str
    currency: str
    site: str
    tree: str


MARKETPLACES = {
    one.id: one
    for one in (
        Marketplace("EBAY_US", "US", "USD", "www.ebay.com", "0"),
        Marketplace("EBAY_CA", "CA", "CAD", "www.ebay.ca", "2"),
        Marketplace("EBAY_GB", "GB", "GBP", "www.ebay.co.uk", "3"),
        Marketplace("EBAY_AU", "AU", "AUD", "www.ebay.com.au", "15"),
        Marketplace("EBAY_DE", "DE", "EUR", "www.ebay.de", "77"),
    )
}
USUAL = MARKETPLACES["EBAY_US"]


@dataclass(frozen=True)
class Money:
    """An amount in a currency."""

    value: Decimal
    currency: str

    def to(self, currency: str) -> Money:
        """Return it in another currency, at a fixed rate."""
        if currency == self.currency:
            return self
        value = self.value / _PER_USD[self.currency] * _PER_USD[currency]
        return Money(value.quantize(_CENT), currency)

    def __add__(self, other: Money) -> Money:
        """Add an amount, in this one's currency."""
        return Money(self.value + other.to(self.currency).value, self.currency)

    def times(self, quantity: int) -> Money:
        """Return so many of it."""
        return Money(self.value * quantity, self.currency)

    def shown(self) -> dict[str, str]:
        """Write it as eBay does."""
        return {"value": f"{self.value:.2f}", "currency": self.currency}

    def shown_in(self, currency: str) -> dict[str, str]:
        """Write it in a buyer's currency, with what it was converted from."""
        shown = self.to(currency).shown()
        if currency != self.currency:
            shown["convertedFromValue"] = f"{self.value:.2f}"
            shown["convertedFromCurrency"] = self.currency
        return shown
