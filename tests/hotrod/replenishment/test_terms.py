"""From offers of price lists to terms that can be compared."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hotrod.forecast.orders import OrderTerms, PriceBreak
from hotrod.replenishment.terms import terms_by_sku
from hotrod.sourcing.models import Condition
from hotrod.sourcing.models import OrderTerms as Shipping
from tests.hotrod.sourcing.kit import NOW, POLICY, RATES, offer, prices


def terms(**changes: Any) -> list[OrderTerms]:
    listed = offer(sku="HDMI-PS5", prices=prices((1, "2.00"), (10, "1.50")), **changes)
    return terms_by_sku([listed], RATES, NOW, POLICY).get("HDMI-PS5", [])


def test_terms_are_in_the_companys_currency() -> None:
    shipping = Shipping(shipping=Decimal(7), free_from=Decimal(50))
    (found,) = terms(currency="USD", terms=shipping, pack_size=5, available=80)
    assert found.price_breaks == (
        PriceBreak(quantity=1, unit_price=Decimal("2.80")),
        PriceBreak(quantity=10, unit_price=Decimal("2.10")),
    )
    assert (found.currency, found.order_cost) == ("CAD", Decimal("9.8"))
    assert found.free_from == Decimal(70)
    assert (found.pack_size, found.available) == (5, 80)


def test_what_can_not_be_compared_does_not_count() -> None:
    assert len(terms(currency="CAD")) == 1
    assert terms(currency="EUR") == [], "there is no rate"
    assert terms(terms=None) == [], "shipping isn't known"
    assert terms(condition=Condition.USED) == []
    assert terms(ends_at=NOW - timedelta(days=1)) == []
