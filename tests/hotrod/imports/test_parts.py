"""Parts from a file: each row has its word, and stock is left alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.imports.parts import import_parts
from hotrod.imports.report import ImportReport, Outcome
from hotrod.imports.sheets import read_sheet
from hotrod.parts.models import Part
from hotrod.parts.store import catalogue

HEADER = "sku,name,category,fits,unit_cost,reorder_point"


async def imported(session: AsyncSession, *lines: str, **options: Any) -> ImportReport:
    sheet = read_sheet("parts.csv", "\n".join(lines).encode())
    return await import_parts(session, "parts.csv", sheet, currency="CAD", **options)


def outcomes(report: ImportReport) -> dict[str, str]:
    return {row.key: row.outcome for row in report.rows}


async def stored(session: AsyncSession, sku: str) -> Part | None:
    return (await session.exec(select(Part).where(Part.sku == sku))).one_or_none()


async def test_good_rows_are_written_whatever_becomes_of_the_others(session: AsyncSession) -> None:
    report = await imported(
        session,
        HEADER,
        "hdmi-ps5,,,,9.10,7",
        "FAN-PS5,,,,19.50,2",
        "NEW-1,New part,power,PS5;Xbox One,12.50,3",
        "BAD-1,Bad part,magic,PS5,12.50,3",
        "NEW-1,New part again,power,PS5,1.00,3",
    )

    assert [(row.number, row.key, row.outcome) for row in report.rows] == [
        (2, "HDMI-PS5", Outcome.CHANGED),
        (3, "FAN-PS5", Outcome.UNCHANGED),
        (4, "NEW-1", Outcome.CREATED),
        (5, "BAD-1", Outcome.REFUSED),
        (6, "NEW-1", Outcome.REFUSED),
    ]
    changed = [(one.field, one.before, one.after) for one in report.rows[0].changes]
    assert changed == [("unit_cost", "8.40", "9.10"), ("reorder_point", "5", "7")]
    assert "Choose of power" in report.rows[3].problems[0].cure
    assert "row 4" in report.rows[4].problems[0].reason
    part = await stored(session, "NEW-1")
    assert part is not None
    assert (part.fits, part.unit_cost, part.currency) == (
        ["PS5", "Xbox One"],
        Decimal("12.50"),
        "CAD",
    )
    assert await stored(session, "BAD-1") is None


async def test_a_file_says_how_parts_are_reordered_and_what_their_ean_is(
    session: AsyncSession,
) -> None:
    header = "sku,criticality,reorder_point,point_by_hand,ean"
    report = await imported(
        session,
        header,
        "HDMI-PS5,a,9,yes,036000291452",
        "FAN-PS5,D,,,",
        "OPAMP-LM4562,,,,036000291453",
    )
    assert list(outcomes(report).values()) == ["changed", "refused", "refused"]
    assert [row.problems[0].field for row in report.rows[1:]] == ["criticality", "ean"]
    part = await stored(session, "HDMI-PS5")
    assert part is not None
    assert (part.criticality, part.reorder_point, part.point_by_hand) == ("A", 9, True)
    assert part.ean == "0036000291452"
    assert set(outcomes(await imported(session, header, "HDMI-PS5,,,,")).values()) == {"unchanged"}


async def test_a_dry_run_tells_the_same_and_writes_nothing(session: AsyncSession) -> None:
    lines = (HEADER, "HDMI-PS5,,,,9.10,", "NEW-2,New part,power,PS5,12.50,3")
    before = [one.part.model_dump() for one in await catalogue(session)]

    dry = await imported(session, *lines, dry_run=True)

    assert [one.part.model_dump() for one in await catalogue(session)] == before
    real = await imported(session, *lines)
    assert outcomes(dry) == outcomes(real) == {"HDMI-PS5": "changed", "NEW-2": "created"}
    assert set(outcomes(await imported(session, *lines)).values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("NEW-3,,power,PS5,1,1", "name", "it is missing"),
        ("NEW-3,Name,power,,1,1", "fits", "it is missing"),
        ("N,Name,power,PS5,1,1", "sku", "'N' isn't one"),
        ("NEW-3,Name,power,;,1,1", "fits", "it is missing"),
        ("NEW-3,Name,power,PS5,99999999999,1", "unit_cost", "more than"),
        ("NEW-3,Name,power,PS5,1,9999999", "reorder_point", "above 1000000"),
        (",Name,power,PS5,1,1", "sku", "empty"),
        ("NEW-3,Name,power,PS5,0.005,1", "unit_cost", "more than 2 decimals"),
        ("NEW-3,Name,power,PS5,-1,1", "unit_cost", "below 0"),
        ("NEW-3,Name,power,PS5,19 USD,1", "unit_cost", "19 USD says USD, not CAD"),
        ("NEW-3,Name,power,PS5,12,1.5", "reorder_point", "no count"),
        ("NEW-3,Name,power,PS5,=A1,1", "unit_cost", "formula"),
        ("NEW-3,Name,power,PS5,12,50,1", "row", "beyond"),
        ("NEW-3," + "x" * 121 + ",power,PS5,1,1", "name", "longer than 120"),
    ],
)
async def test_a_refused_row_says_what_is_wrong(
    session: AsyncSession, line: str, field: str, words: str
) -> None:
    (row,) = (await imported(session, HEADER, line)).rows
    assert row.outcome == Outcome.REFUSED
    assert [one.field for one in row.problems] == [field]
    assert words in row.problems[0].reason
    assert row.problems[0].cure
    assert await stored(session, "NEW-3") is None


async def test_a_refused_row_says_how_it_is_written(session: AsyncSession) -> None:
    (row,) = (await imported(session, "sku,name,currency", "N,Name,dollars")).rows
    assert [f"{one.field}: {one.reason} {one.cure}" for one in row.problems] == [
        "sku: 'N' isn't one. Write 3 to 40 letters, digits and hyphens, with no hyphen first.",
        "category: it is missing. Fill in the column category, or add it.",
        "fits: it is missing. Fill in the column fits, or add it.",
        "unit_cost: it is missing. Fill in the column unit_cost, or add it.",
        "currency: 'DOLLARS' isn't one. Write three letters, e.g. CAD.",
    ]


async def test_the_currency_of_valued_stock_stays(session: AsyncSession) -> None:
    report = await imported(session, "sku,currency", "HDMI-PS5,usd", "FAN-PS5,cad")
    assert outcomes(report) == {"HDMI-PS5": "refused", "FAN-PS5": "unchanged"}
    assert "valued in CAD" in report.rows[0].problems[0].reason


async def test_a_cost_may_name_the_currency_of_its_part(session: AsyncSession) -> None:
    report = await imported(
        session,
        f"{HEADER},currency",
        "NEW-4,Name,power,PS5,19 USD,1,USD",
        "NEW-5,Name,power,PS5,19 USD,1,",
        "HDMI-PS5,,,,€ 9,,",
        "FAN-PS5,,,,$20,,",
    )
    assert list(outcomes(report).values()) == ["created", "refused", "refused", "changed"]
    assert "column currency" in report.rows[1].problems[0].cure


async def test_a_decimal_comma_is_understood_from_the_other_rows(session: AsyncSession) -> None:
    lines = ("sku;unit_cost", "HDMI-PS5;1.234", "FAN-PS5;12,50")
    await imported(session, *lines)
    part = await stored(session, "HDMI-PS5")
    assert part is not None
    assert part.unit_cost == 1234
    alone = await imported(session, *lines[:2])
    assert "--decimal" in alone.rows[0].problems[0].cure


async def test_a_part_that_is_low_by_a_new_reorder_point_is_told(session: AsyncSession) -> None:
    report = await imported(session, "sku,reorder_point", "HDMI-PS5,500", "FAN-PS5,3")
    assert [row.became_low for row in report.rows] == [True, False]
    part = await stored(session, "HDMI-PS5")
    assert part is not None
    assert part.low_since is not None


async def test_columns_that_are_not_read_are_told(session: AsyncSession) -> None:
    report = await imported(session, "sku,quantity,categry", "HDMI-PS5,99,x")
    assert outcomes(report) == {"HDMI-PS5": "unchanged"}
    stock, spelled = report.notes
    assert "hotrod stock count" in stock
    assert "did you mean category" in spelled


async def test_a_file_without_skus_is_refused(session: AsyncSession) -> None:
    with pytest.raises(InvalidInputError, match="no 'sku' among part, name"):
        await imported(session, "part,name", "HDMI-PS5,x")
