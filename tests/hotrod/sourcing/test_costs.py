"""What an offer costs at the door, or why that can't be told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from hotrod.errors import InvalidInputError
from hotrod.sourcing.costs import UnknownCostError, landed_cost, market_of, usual_price
from hotrod.sourcing.models import (
    Condition,
    ExchangeRate,
    ExchangeRates,
    OrderTerms,
    PaidPrice,
    Sale,
)
from tests.hotrod.sourcing.kit import HDMI, NOW, POLICY, RATES, offer, prices


def test_goods_shipping_and_tax_come_to_the_door_in_the_companys_currency() -> None:
    abroad = offer("5.00", "3.50", currency="USD", tax_rate=Decimal("0.13"))

    cost = landed_cost(abroad, 4, RATES, NOW, POLICY)

    assert (cost.goods, cost.shipping, cost.tax) == (
        Decimal("28.00"),
        Decimal("4.90"),
        Decimal("4.28"),
    )
    assert (cost.total, cost.per_piece, cost.currency) == (
        Decimal("37.18"),
        Decimal("9.295"),
        "CAD",
    )


def test_a_pack_costs_what_it_holds_and_is_worth_what_is_wanted() -> None:
    packed = offer("2.00", pack_size=5)

    cost = landed_cost(packed, 7, RATES, NOW, POLICY)

    assert (cost.bought, cost.total, cost.per_piece) == (10, Decimal(20), Decimal(20) / 7)


def test_price_breaks_and_free_shipping_are_reached_by_quantity() -> None:
    terms = OrderTerms(shipping=Decimal(8), free_from=Decimal(30))
    stepped = offer(prices=prices((2, "5.00"), (10, "4.00")), terms=terms)

    totals = [landed_cost(stepped, wanted, RATES, NOW, POLICY).total for wanted in (1, 5, 9, 10)]

    assert totals == [Decimal(18), Decimal(33), Decimal(45), Decimal(40)]


def test_less_than_is_sold_has_no_price() -> None:
    with pytest.raises(InvalidInputError, match="Buy 10 or more"):
        offer(prices=prices((10, "1.00"))).unit_price(3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"currency": "EUR"}, "no exchange rate from EUR to CAD"),
        ({"terms": None}, "shipping isn't told"),
        ({"tax_rate": None}, "tax isn't known"),
        ({"available": 0}, "none can be bought"),
        ({"available": 3, "prices": prices((5, "1.00"))}, "none can be bought"),
    ],
)
def test_a_cost_that_is_unknown_says_what_is_missing(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownCostError, match=said):
        landed_cost(offer(**changes), 4, RATES, NOW, POLICY)


def test_an_old_exchange_rate_is_as_good_as_none() -> None:
    old = NOW - timedelta(hours=POLICY.rate_hours, seconds=1)
    rates = ExchangeRates(
        currency="CAD", rates={"USD": ExchangeRate(value=Decimal("1.4"), seen_at=old)}
    )
    with pytest.raises(UnknownCostError, match="tell it anew"):
        landed_cost(offer(currency="USD"), 4, rates, NOW, POLICY)


def test_prices_that_do_not_rise_in_quantity_are_refused() -> None:
    with pytest.raises(ValidationError, match="must rise"):
        offer(prices=prices((5, "1.00"), (1, "2.00")))


def test_the_market_is_the_median_of_comparable_offers() -> None:
    offers = [
        *(offer(price) for price in ("8.00", "10.00", "900.00")),
        *(offer(price, condition=Condition.USED) for price in ("3.00", "4.00")),
        offer("0.99", sale=Sale.AUCTION),
        offer("0.50", ends_at=NOW),
        offer("0.50", fit="does not fit"),
        offer("0.50", currency="EUR"),
    ]

    market = market_of(offers, HDMI, RATES, NOW, POLICY)

    assert market.medians == {Condition.NEW: Decimal("10.00")}


def test_old_prices_of_our_own_do_not_count() -> None:
    paid = [
        PaidPrice(per_piece=Decimal(price), bought_at=NOW - timedelta(days=days))
        for price, days in (("9.00", 10), ("11.00", 100), ("2.00", 400))
    ]

    assert usual_price(paid, NOW, POLICY) == Decimal("10.00")
    assert usual_price(paid[2:], NOW, POLICY) is None
