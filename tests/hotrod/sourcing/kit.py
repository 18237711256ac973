"""Offers for tests: good ones, with what a test is about changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hotrod.company.policies import Sourcing
from hotrod.sourcing.costs import landed_cost
from hotrod.sourcing.models import (
    Condition,
    DeliveryWindow,
    ExchangeRate,
    ExchangeRates,
    Market,
    Offer,
    OrderTerms,
    PriceBreak,
    Score,
    ScoredOffer,
    Seller,
    Wanted,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
POLICY = Sourcing()
RATES = ExchangeRates(
    currency="CAD",
    rates={"USD": ExchangeRate(value=Decimal("1.40"), seen_at=NOW - timedelta(hours=3))},
)
HDMI = Wanted(
    sku="HDMI-PS5",
    name="HDMI port, PlayStation 5",
    fits=("PlayStation 5", "PS5"),
    quantity=4,
    part_numbers=("TX-HD5",),
    stock_out_on=date(2026, 12, 1),
)
MARKET = Market(at=NOW, rates=RATES, medians={Condition.NEW: Decimal("10.00")})


def seller(**changes: Any) -> Seller:
    fields: dict[str, Any] = {
        "name": "bench-parts",
        "ratings": 5000,
        "positive": Decimal("0.992"),
        "joined_on": date(2015, 1, 1),
        "region": "CA",
    }
    return Seller(**fields | changes)


def prices(*steps: tuple[int, str]) -> tuple[PriceBreak, ...]:
    return tuple(
        PriceBreak(from_quantity=quantity, unit_price=Decimal(price)) for quantity, price in steps
    )


def offer(unit_price: str = "9.00", shipping: str = "0", **changes: Any) -> Offer:
    fields: dict[str, Any] = {
        "source": "ebay",
        "reference": "v1|1|0",
        "title": "HDMI port for PlayStation 5 PS5",
        "condition": Condition.NEW,
        "prices": prices((1, unit_price)),
        "available": 50,
        "currency": "CAD",
        "terms": OrderTerms(shipping=Decimal(shipping)),
        "tax_rate": Decimal(0),
        "seller": seller(),
        "accepts_returns": True,
        "return_days": 30,
        "delivery": DeliveryWindow(earliest=TODAY, latest=date(2026, 11, 26)),
        "seen_at": NOW,
    }
    return Offer(**fields | changes)


def supplied(
    supplier: str, reference: str, steps: tuple[tuple[int, str], ...], **terms: Any
) -> Offer:
    """An offer of a supplier's list, whose parcels hold all that is ordered there."""
    fields: dict[str, Any] = {"shipping": Decimal(0), "is_per_listing": False}
    return offer(
        source="lists",
        reference=reference,
        prices=prices(*steps),
        seller=seller(name=supplier, is_vetted=True),
        terms=OrderTerms(**fields | {name: Decimal(value) for name, value in terms.items()}),
    )


def scored(one: Offer, sku: str = "A", points: int = 80, wanted: int = 1) -> ScoredOffer:
    cost = landed_cost(one, one.prices[0].from_quantity, RATES, NOW, POLICY)
    return ScoredOffer(sku=sku, offer=one, score=Score(points=points, cost=cost))


def needed(sku: str = "A", quantity: int = 1) -> Wanted:
    return Wanted(sku=sku, name="part", fits=("console",), quantity=quantity)
