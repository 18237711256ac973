"""A supplier's price list from a file."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.imports.prices import import_prices, told_columns
from hotrod.imports.report import ImportReport, Outcome
from hotrod.imports.sheets import read_sheet
from hotrod.parts.models import Part
from hotrod.sourcing.models import Condition, Offer
from hotrod.suppliers.models import SupplierPrice
from hotrod.suppliers.store import find_supplier, price_lists
from tests.hotrod.sourcing.kit import HDMI, TODAY

LATER = datetime(2027, 1, 4, 9, tzinfo=UTC)


async def imported(session: AsyncSession, *lines: str, **options: Any) -> ImportReport:
    sheet = read_sheet("list.csv", "\n".join(lines).encode())
    supplier = await find_supplier(session, "northbench")
    return await import_prices(session, "list.csv", sheet, supplier, **{"at": LATER} | options)


async def hdmi_offers(session: AsyncSession) -> dict[str, Offer]:
    offers = await (await price_lists(session, TODAY))[-1].search(HDMI)
    return {offer.reference: offer for offer in offers}


async def test_a_list_becomes_offers(session: AsyncSession) -> None:
    report = await imported(
        session,
        "Reference;SKU;Title;Condition;Unit price;Price from 10;Price 100+;Minimum;Pack size;"
        "Available;Lead days;URL;Valid until",
        "X-1;hdmi-ps5;Port, gold;refurbished;6,40;5,90;4,10;5;5;250;2-4;https://n.example/x;"
        "2027-02-01",
    )

    assert [(row.key, row.outcome) for row in report.rows] == [("X-1", Outcome.CREATED)]
    offer = (await hdmi_offers(session))["X-1"]
    assert [(one.from_quantity, one.unit_price) for one in offer.prices] == [
        (5, Decimal("6.4")),
        (10, Decimal("5.9")),
        (100, Decimal("4.1")),
    ]
    assert (offer.title, offer.condition) == ("Port, gold", Condition.REFURBISHED)
    assert (offer.pack_size, offer.available, offer.url) == (5, 250, "https://n.example/x")
    assert offer.delivery is not None
    assert offer.delivery.latest == TODAY + timedelta(days=4)
    assert (offer.seen_at, offer.ends_at) == (LATER, datetime(2027, 2, 2, tzinfo=UTC))


async def test_a_new_line_needs_what_is_told_to_be_needed(session: AsyncSession) -> None:
    needed, others = (
        part.split(", ") for part in re.findall(r": (.*), which .*; and (.*), w", told_columns())[0]
    )
    values = {"reference": "X-9", "sku": "HDMI-PS5", "price": "5"}
    header, line = ",".join(needed), ",".join(values[name] for name in needed)
    (row,) = (await imported(session, header, line)).rows
    assert row.outcome == Outcome.CREATED
    report = await imported(session, ",".join([*needed, *others, "price_10"]), line)
    assert report.notes == ()


async def test_changes_are_told_and_seeing_it_again_is_none(session: AsyncSession) -> None:
    lines = ("reference,sku,price,price_10", "NB-2041,HDMI-PS5,8.20,6.90", "NB-2042,,8.90,7.60")

    changed, same = (await imported(session, *lines)).rows

    assert [(one.field, one.before, one.after) for one in changed.changes] == [
        ("prices", "8.20 from 1, 7.10 from 10", "8.20 from 1, 6.90 from 10")
    ]
    assert same.outcome == Outcome.UNCHANGED
    assert (await hdmi_offers(session))["NB-2041"].seen_at == LATER
    seen_again = await session.exec(
        select(SupplierPrice.seen_at).where(SupplierPrice.reference == "NB-2042")
    )
    assert seen_again.one() == LATER


async def test_a_dry_run_writes_nothing(session: AsyncSession) -> None:
    before = await hdmi_offers(session)
    report = await imported(
        session,
        "reference,sku,price",
        "NB-2041,HDMI-PS5,1.00",
        "X-1,HDMI-PS5,2.00",
        dry_run=True,
    )
    assert [row.outcome for row in report.rows] == [Outcome.CHANGED, Outcome.CREATED]
    assert await hdmi_offers(session) == before


@pytest.mark.parametrize(
    ("header", "line", "field", "words"),
    [
        ("sku,price", "HDMI-PS6,5", "sku", "no part HDMI-PS6"),
        ("sku,price", ",5", "sku", "empty"),
        ("sku,price", "HDMI-PS5,", "price", "it is missing"),
        ("sku,price", "HDMI-PS5,0", "row", "above 0"),
        ("sku,price,price_10", "HDMI-PS5,5,6", "row", "rises"),
        ("sku,price,price_1", "HDMI-PS5,5,6", "row", "same quantity"),
        ("sku,price,currency", "HDMI-PS5,5,USD", "currency", "sells in CAD"),
        ("sku,price", "HDMI-PS5,19 USD", "price", "19 USD says USD, not CAD"),
        ("sku,price", "HDMI-PS5,€ 12", "price", "says €"),
        ("sku,price,price_10", "HDMI-PS5,$5,4 EUR", "price_10", "says EUR"),
        ("sku,price,condition", "HDMI-PS5,5,shiny", "condition", "'shiny'"),
        ("sku,price,lead_days", "HDMI-PS5,5,soon", "lead_days", "no days"),
        ("sku,price,lead_days", "HDMI-PS5,5,5-2", "lead_days", "least days"),
        ("sku,price,url", "HDMI-PS5,5,javascript:x", "url", "'javascript:x' isn't one"),
        ("sku,price,pack_size", "HDMI-PS5,5,0", "pack_size", "below 1"),
    ],
)
async def test_a_refused_line_says_what_is_wrong(
    session: AsyncSession, header: str, line: str, field: str, words: str
) -> None:
    (bad, good) = (
        await imported(
            session,
            f"reference,{header}",
            f"X-1,{line}",
            f"X-2,HDMI-PS5,5{',' * header.count(',')}",
        )
    ).rows
    assert (bad.outcome, good.outcome) == (Outcome.REFUSED, Outcome.CREATED)
    assert [one.field for one in bad.problems] == [field]
    assert words in bad.problems[0].reason
    assert bad.problems[0].cure
    assert set(await hdmi_offers(session)) == {"NB-2041", "X-2"}


async def test_an_older_list_does_not_replace_a_newer_one(session: AsyncSession) -> None:
    await imported(session, "reference,sku,price", "X-1,HDMI-PS5,5")
    lines = ("reference,sku,price,seen_at", "X-1,HDMI-PS5,4,2026-12-31")
    (row,) = (await imported(session, *lines)).rows
    assert "a list of 2027-01-04" in row.problems[0].reason
    assert (await hdmi_offers(session))["X-1"].unit_price(1) == 5


async def test_a_number_without_a_price_gets_one_and_is_an_offer_from_then_on(
    session: AsyncSession,
) -> None:
    northbench = await find_supplier(session, "northbench")
    part = (await session.exec(select(Part).where(Part.sku == "HDMI-PS5"))).one()
    session.add(
        SupplierPrice(supplier_id=northbench.id, reference="X-2", part_id=part.id, title="Seen")
    )
    await session.flush()
    assert "X-2" not in await hdmi_offers(session)

    await imported(session, "reference,sku,price", "X-2,HDMI-PS5,6.10")

    assert (await hdmi_offers(session))["X-2"].unit_price(1) == Decimal("6.10")


async def test_prices_that_the_file_does_not_name_stay(session: AsyncSession) -> None:
    count = select(func.count()).select_from(SupplierPrice)
    before = (await session.exec(count)).one()
    await imported(session, "reference,sku,price", "X-1,HDMI-PS5,5")
    assert (await session.exec(count)).one() == before + 1
