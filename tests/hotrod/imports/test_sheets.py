"""Files as spreadsheet programs save them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from hotrod.errors import InvalidInputError
from hotrod.imports import sheets
from hotrod.imports.sheets import Formula, Money, read_sheet


def workbook(*tables: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for place, rows in enumerate(tables):
        sheet = book.create_sheet(f"Sheet {place}")
        for row in rows:
            sheet.append(row)
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "sku,name\nA-1,Café\n".encode(),
        "\ufeffSKU;Name\r\nA-1;Café\r\n".encode(),
        "sku\tname\nA-1\tCafé\n".encode("cp1252"),
        "sku,name\nA-1,Café\n".encode("utf-16"),
        'sep=;\r\n"sku";"name"\r\n="A-1";"Café"'.encode(),
        "\n\n Sku ,Name\n\nA-1, Café ,\n,,\n".encode(),
    ],
    ids=["UTF-8", "with mark", "Windows-1252", "UTF-16", "as Excel hints", "with empty rows"],
)
def test_csv_is_read_whoever_saved_it(content: bytes) -> None:
    sheet = read_sheet("parts.CSV", content)
    assert sheet.columns == ("sku", "name")
    assert [dict(row.cells) for row in sheet.rows] == [{"sku": "A-1", "name": "Café"}]


def test_rows_keep_the_numbers_that_a_spreadsheet_shows() -> None:
    sheet = read_sheet("a.csv", b'sku,name\n\nA-1,"two\nlines"\nA-2,x\n')
    assert [(row.number, row.cells["name"]) for row in sheet.rows] == [(3, "two\nlines"), (5, "x")]


def test_cells_beyond_the_header_are_noticed() -> None:
    sheet = read_sheet("a.csv", b"sku,price\nA-1,1,234\nA-2,5,\n")
    assert [row.has_more for row in sheet.rows] == [True, False]


def test_xlsx_numbers_days_and_flags_are_what_they_are() -> None:
    day = datetime(2026, 11, 30)  # noqa: DTZ001 - as Excel keeps it
    content = workbook([], [["SKU", "Unit cost", "Seen at", "Active"], ["A-1", 8.4, day, True]])

    sheet = read_sheet("parts.xlsx", content)

    assert sheet.columns == ("sku", "unit_cost", "seen_at", "active")
    assert dict(sheet.rows[0].cells) == {
        "sku": "A-1",
        "unit_cost": Decimal("8.4"),
        "seen_at": day,
        "active": True,
    }
    assert (sheet.rows[0].number, sheet.other_sheets) == (2, ("Sheet 0",))


@pytest.mark.parametrize(
    ("number_format", "signs"),
    [
        ("General", ()),
        ("[Red]#,##0.00", ()),
        ("[$-409]0.00", ()),
        ('"$"#,##0.00', ("$",)),
        ("[$€-407]#,##0.00;[Red]-[$€-407]#,##0.00", ("€",)),
        ("[$USD] #,##0.00", ("USD",)),
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_)', ("$",)),
        ('"US$"#,##0.00', ("US$",)),
        ("\\U\\S$#,##0.00", ("US$",)),
        ('#,##0.00 "eur"', ("EUR",)),
        ('#,##0.00 "a piece"', ()),
        ('#,##0.00 "EUR"', ("EUR",)),
    ],
)
def test_xlsx_numbers_keep_the_currency_of_their_format(
    number_format: str, signs: tuple[str, ...]
) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["price"])
    sheet.append([8.4])
    sheet["A2"].number_format = number_format
    saved = BytesIO()
    book.save(saved)

    cell = read_sheet("a.xlsx", saved.getvalue()).rows[0].cells["price"]

    assert cell == Decimal("8.4")
    assert (cell.signs if isinstance(cell, Money) else ()) == signs


def test_a_formula_without_its_result_is_told_apart() -> None:
    rows = read_sheet("a.xlsx", workbook([["sku", "price"], ["A-1", "=2*3"]])).rows
    assert rows[0].cells["price"] == Formula("=2*3")
    rows = read_sheet("a.csv", b"sku,price\nA-1,=2*3\n").rows
    assert rows[0].cells["price"] == Formula("=2*3")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b" \n", "empty"),
        ("a.csv", b"\n,,\n", "no rows"),
        ("a.csv", b"sku,name\n\n,\n", "no row below its heading.*Add a row"),
        ("a.xlsx", workbook([["sku"]], [["A"]]), "no row below its heading"),
        ("a.csv", b"sku,SKU \nA,B\n", "twice: sku"),
        ("a.csv", b'sku\n"A-1\n', "line 2 can't be read"),
        ("a.csv", b"sku\n\x81\n", "isn't text"),
        ("a.csv", b"s\0k\0u\0\n", "isn't text"),
        ("a.xls", b"sku", "Save it as CSV or XLSX"),
        ("a", b"sku", "no ending"),
        ("a.xlsx", b"sku,name", "password"),
        ("a.xlsx", workbook([], []), "all its sheets are empty"),
        ("a.xlsx", workbook([["sku"], ["A"]])[:-200], "password"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_cure(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_sheet(name, content)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(InvalidInputError, match="Split the file"):
        read_sheet("a.csv", b"sku\n1\n2\n3\n")
    monkeypatch.setattr(sheets, "MOST_UNPACKED_BYTES", 1000)
    with pytest.raises(InvalidInputError, match="too large"):
        read_sheet("a.xlsx", workbook([["sku"]]))


@given(st.sampled_from(["a.csv", "a.xlsx"]), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    with suppress(InvalidInputError):
        assert read_sheet(name, content).columns
