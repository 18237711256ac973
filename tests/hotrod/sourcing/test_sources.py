"""Offers from a supplier's price list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from hotrod.sourcing.costs import landed_cost
from hotrod.sourcing.models import DeliveryWindow, OrderTerms
from hotrod.sourcing.rules import score
from hotrod.sourcing.sources import OfferSource, PriceList, PriceListRow, Supplier
from tests.hotrod.sourcing.kit import HDMI, MARKET, NOW, POLICY, RATES, TODAY, prices


def supplier(**changes: Any) -> Supplier:
    fields: dict[str, Any] = {
        "name": "Acme Parts",
        "region": "US",
        "currency": "USD",
        "terms": OrderTerms(shipping=Decimal(7), is_per_listing=False),
        "tax_rate": Decimal("0.05"),
        "orders": 40,
        "good_orders": 38,
        "lead_days": (3, 6),
    }
    return Supplier(**fields | changes)


def row(sku: str = "HDMI-PS5", **changes: Any) -> PriceListRow:
    fields: dict[str, Any] = {
        "reference": "A-1",
        "title": "Port",
        "prices": prices((5, "2.00"), (20, "1.50")),
        "pack_size": 5,
    }
    return PriceListRow(sku=sku, **fields | changes)


def price_list(*rows: PriceListRow, **changes: Any) -> PriceList:
    return PriceList(supplier=supplier(**changes), rows=rows, seen_at=NOW, order_on=TODAY)


async def test_a_price_list_is_a_source_that_knows_our_parts() -> None:
    source: OfferSource = price_list(row(), row("OTHER"))

    offers = await source.search(HDMI)

    assert [(offer.source, offer.sku) for offer in offers] == [("Acme Parts", "HDMI-PS5")]
    cost = landed_cost(offers[0], 4, RATES, NOW, POLICY)
    assert (cost.bought, cost.goods, cost.shipping, cost.tax) == (
        5,
        Decimal("14.00"),
        Decimal("9.80"),
        Decimal("1.19"),
    )


def test_lead_times_are_the_rows_else_the_suppliers() -> None:
    usual, special = row(), row(lead_days=(10, 20))
    listed = price_list(usual, special)

    assert listed.offer(usual).delivery == DeliveryWindow(
        earliest=date(2026, 11, 23), latest=date(2026, 11, 26)
    )
    assert listed.offer(special).delivery == DeliveryWindow(
        earliest=date(2026, 11, 30), latest=date(2026, 12, 10)
    )
    assert price_list(usual, lead_days=None).offer(usual).delivery is None
    with pytest.raises(ValidationError, match="least days"):
        row(lead_days=(6, 3))


def test_a_line_is_not_believed_to_come_sooner_than_our_orders_came() -> None:
    quick, special = row(lead_days=(1, 2)), row(lead_days=(10, 20))
    listed = price_list(quick, special, is_measured=True)

    assert listed.offer(quick).delivery == listed.offer(row()).delivery
    assert listed.offer(special).delivery == price_list(special).offer(special).delivery


def test_our_orders_there_are_its_ratings() -> None:
    seller = price_list().supplier.as_seller()

    assert (seller.ratings, seller.positive, seller.is_vetted) == (40, Decimal("0.95"), True)
    assert supplier(orders=None, good_orders=0).as_seller().positive is None
    with pytest.raises(ValidationError, match="good_orders"):
        supplier(orders=3, good_orders=4)


async def test_an_old_list_holds_until_it_ends() -> None:
    listed = price_list(row()).model_copy(
        update={"seen_at": NOW.replace(month=1), "valid_until": NOW.replace(month=12)}
    )
    ended = listed.model_copy(update={"valid_until": NOW})

    scores = [
        score((await source.search(HDMI))[0], HDMI, [], MARKET, POLICY)
        for source in (listed, ended)
    ]

    assert [one.is_excluded for one in scores] == [False, True]
