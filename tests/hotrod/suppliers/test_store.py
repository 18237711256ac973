"""Suppliers of the company file, as sources of offers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.company.store import sync_company
from hotrod.errors import InvalidInputError
from hotrod.parts.models import Part
from hotrod.sourcing.models import DeliveryWindow
from hotrod.suppliers.models import SupplierPrice, SupplierRow
from hotrod.suppliers.rules import PastOrder
from hotrod.suppliers.store import find_supplier, price_lists
from tests.hotrod.sourcing.kit import HDMI, TODAY


async def test_the_sample_company_has_three_sources_with_offers(session: AsyncSession) -> None:
    lists = await price_lists(session, TODAY)

    assert [one.name for one in lists] == [
        "Great Lakes Components",
        "Harbor Mobile Supply",
        "Northbench Parts",
    ]
    offers = [offer for source in lists for offer in await source.search(HDMI)]
    assert [(offer.source, offer.reference, offer.buyable(4)) for offer in offers] == [
        ("Harbor Mobile Supply", "HM-PS5-HDMI", 5),
        ("Northbench Parts", "NB-2041", 4),
    ]
    northbench = offers[1]
    assert [northbench.unit_price(count) for count in (1, 9, 10)] == [
        Decimal("8.20"),
        Decimal("8.20"),
        Decimal("7.10"),
    ]
    assert northbench.terms is not None
    assert (northbench.terms.shipping, northbench.terms.is_per_listing) == (Decimal("9.50"), False)
    assert northbench.delivery == DeliveryWindow(
        earliest=TODAY + timedelta(days=1), latest=TODAY + timedelta(days=3)
    )
    assert (northbench.seller.is_vetted, northbench.seller.ratings) == (True, None)


async def test_what_has_no_page_of_its_own_is_bought_where_the_supplier_takes_orders(
    session: AsyncSession,
) -> None:
    by_mail, by_page, _ = await price_lists(session, TODAY)
    (row, *_) = by_page.rows
    assert by_page.offer(row).url == "https://harbor.example.com/basket"
    own = row.model_copy(update={"url": "https://harbor.example.com/hdmi"})
    assert by_page.offer(own).url == "https://harbor.example.com/hdmi"
    assert by_mail.offer(by_mail.rows[0]).url == ""


async def test_what_our_orders_took_replaces_what_the_supplier_says(session: AsyncSession) -> None:
    slow = PastOrder(date(2026, 9, 1), date(2026, 9, 4), date(2026, 9, 8))
    lists = await price_lists(session, TODAY, {"northbench": [slow] * 6})
    northbench = lists[-1].supplier
    assert (northbench.lead_days, northbench.orders, northbench.good_orders) == ((7, 7), 6, 0)
    assert lists[0].supplier.lead_days == (2, 5)


async def test_each_price_ends_on_its_own_day(session: AsyncSession) -> None:
    (price,) = await session.exec(select(SupplierPrice).where(SupplierPrice.reference == "NB-2041"))
    price.valid_until = price.seen_at + timedelta(days=2)
    session.add(price)
    await session.flush()

    northbench = (await price_lists(session, TODAY))[-1]

    ends = {row.reference: northbench.offer(row).ends_at for row in northbench.rows}
    assert ends.pop("NB-2041") == price.valid_until
    assert set(ends.values()) == {None}


async def test_suppliers_and_parts_that_are_gone_offer_nothing(
    session: AsyncSession, company: Company
) -> None:
    await session.exec(update(Part).where(col(Part.sku) == "HDMI-PS5").values(active=False))
    without = company.model_copy(update={"suppliers": company.suppliers[:1]})
    await sync_company(session, without)

    (northbench,) = await price_lists(session, TODAY)

    assert northbench.name == "Northbench Parts"
    assert await northbench.search(HDMI) == []
    with pytest.raises(InvalidInputError, match="northbench"):
        await find_supplier(session, "great_lakes")


async def test_the_company_file_changes_terms_but_not_newer_prices(
    session: AsyncSession, company: Company
) -> None:
    await session.exec(
        update(SupplierPrice)
        .where(col(SupplierPrice.reference) == "NB-2041")
        .values(prices=[{"from_quantity": 1, "unit_price": "6.00"}])
    )
    first, *others = company.suppliers
    dearer = first.model_copy(update={"shipping": Decimal("12.00")})
    await sync_company(session, company.model_copy(update={"suppliers": (dearer, *others)}))

    northbench = (await price_lists(session, TODAY))[-1]

    (offer,) = await northbench.search(HDMI)
    assert offer.unit_price(50) == Decimal("6.00")
    assert offer.terms is not None
    assert offer.terms.shipping == Decimal("12.00")


async def test_a_suppliers_currency_does_not_change_under_its_prices(
    session: AsyncSession, company: Company
) -> None:
    first, *others = company.suppliers
    abroad = first.model_copy(update={"currency": "USD"})
    with pytest.raises(InvalidInputError, match="key of its own"):
        await sync_company(session, company.model_copy(update={"suppliers": (abroad, *others)}))
    (row,) = await session.exec(select(SupplierRow).where(SupplierRow.key == "northbench"))
    assert row.currency == "CAD"
