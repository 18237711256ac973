"""What cells mean: never a guess about money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.imports.cells import (
    Amount,
    Mark,
    amount_in,
    decimal_mark,
    read_amount,
    read_choice,
    read_count,
    read_day,
    read_flag,
    read_list,
    read_number,
    read_text,
)
from hotrod.imports.sheets import Formula, Money


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.5"),
        ("1.234,50", "1234.5"),
        ("1 234,50", "1234.5"),
        ("1\u202f234,50 €", "1234.5"),
        ("1'234.50", "1234.5"),
        ("$1,234.50", "1234.5"),
        ("CA$ 5", "5"),
        ("5 CAD", "5"),
        ("1.234.567", "1234567"),
        ("0,125", "0.125"),
        ("-3", "-3"),
        ("12,50", "12.5"),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, number: str) -> None:
    assert read_number(text, "price", None) == Decimal(number)


@pytest.mark.parametrize("text", ["abc", "1,23,4", "1.2.3", "1,2345.6", "--3", "12 pieces", "1e5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"price: .* is no number"):
        read_number(text, "price", None)


def test_a_number_that_may_be_two_is_refused_unless_the_file_tells() -> None:
    with pytest.raises(InvalidInputError, match="--decimal"):
        read_number("1,234", "price", None)
    assert read_number("1,234", "price", ",") == Decimal("1.234")
    assert read_number("1,234", "price", ".") == 1234
    assert read_number("1.234", "price", ",") == 1234


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,234", "12,50"], ","),
        (["1,234", "12.50"], "."),
        (["1.234,5"], ","),
        (["1,234,567"], "."),
        (["1,234", "17"], None),
        (["12,50", "12.50"], None),
        ([Decimal("12.5"), "n/a"], None),
    ],
)
def test_the_other_numbers_tell_the_decimal_mark(cells: list[str], mark: str | None) -> None:
    assert decimal_mark(cells) == mark


@given(
    st.decimals(0, 10_000_000, allow_nan=False, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", "\u00a0"), (".", "'")]),
)
def test_every_amount_with_cents_is_read_back(amount: Decimal, marks: tuple[Mark, str]) -> None:
    mark, thousands = marks
    written = f"{amount:,.2f}".translate({ord(","): thousands, ord("."): mark})
    assert read_number(written, "price", None) == amount
    assert decimal_mark([written]) == mark


def test_numbers_of_a_spreadsheet_need_no_mark() -> None:
    assert read_number(Decimal("1.234"), "price", None) == Decimal("1.234")
    assert read_text(Decimal(12345), "sku") == "12345"
    assert read_text(Decimal("1E+3"), "sku") == "1000"


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19", "CAD"),
        ("19 CAD", "CAD"),
        ("cad 19", "CAD"),
        ("$19", "CAD"),
        ("19 $", "USD"),
        ("CA$ 19", "CAD"),
        ("US$19", "USD"),
        ("$19 USD", "USD"),
        ("€ 19", "EUR"),
        ("19 £", "GBP"),
        ("CHF 19", "CHF"),
    ],
)
def test_money_may_name_its_own_currency(text: str, currency: str) -> None:
    assert amount_in(read_amount(text, "price", None), currency, "price", "") == 19


@pytest.mark.parametrize(
    ("text", "currency", "sign"),
    [
        ("19 USD", "CAD", "USD"),
        ("usd 19", "CAD", "USD"),
        ("US$19", "CAD", "US$"),
        ("$19 USD", "CAD", "USD"),
        ("R$19", "CAD", "R$"),
        ("€ 19", "CAD", "€"),
        ("19 EUR", "CAD", "EUR"),
        ("$19", "EUR", "$"),
        ("$19", "MXN", "$"),
        ("¥19", "CAD", "¥"),
    ],
)
def test_money_of_another_currency_is_refused(text: str, currency: str, sign: str) -> None:
    amount = read_amount(text, "price", None)
    with pytest.raises(InvalidInputError) as refused:
        amount_in(amount, currency, "price", "Ask.")
    assert str(refused.value) == f"price: {text} says {sign}, not {currency}. Ask."


def test_numbers_of_a_spreadsheet_name_the_currency_of_their_format() -> None:
    cell = Money(19)
    cell.signs = ("€",)
    assert read_amount(cell, "price", None) == Amount(Decimal(19), "19 (€)", ("€",))
    assert read_amount(Decimal(19), "price", None).signs == ()


def test_counts_are_whole_and_not_negative() -> None:
    assert read_count("1,000.0", "pack_size", None) == 1000
    for wrong in ("1.5", "-1"):
        with pytest.raises(InvalidInputError, match="no count"):
            read_count(wrong, "pack_size", None)
    for price in ("$50", Money(50)):
        with pytest.raises(InvalidInputError, match="50 is money, not a count"):
            read_count(price, "minimum", None)


def test_formulas_without_result_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"=A1.*Paste it as a value"):
        read_number(Formula("=A1*2"), "price", None)


def test_words_days_and_lists_are_read_loosely() -> None:
    assert read_choice("For_Parts", "condition", ["new", "for parts"]) == "for parts"
    assert [read_flag(each, "active") for each in ("Yes", "0", True)] == [True, False, True]
    assert str(read_day("2026-11-30", "seen_at")) == "2026-11-30"
    assert read_list("PS5 ; PlayStation 5|PS5,\nXbox", "fits") == ["PS5", "PlayStation 5", "Xbox"]
    for wrong in ("03/04/2026", "soon"):
        with pytest.raises(InvalidInputError, match="2026-11-30"):
            read_day(wrong, "seen_at")
    with pytest.raises(InvalidInputError, match="Choose of new"):
        read_choice("shiny", "condition", ["new"])
    with pytest.raises(InvalidInputError, match="neither yes nor no"):
        read_flag("maybe", "active")
