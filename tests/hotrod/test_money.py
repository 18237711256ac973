"""Amounts are written in one way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hotrod.money import figure, money, unit_figure, unit_price


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("189.84", "189.84"),
        ("1234567.5", "1,234,567.50"),
        ("0", "0.00"),
        ("-5", "-5.00"),
        ("0.005", "0.01"),
        ("14.635", "14.64"),
        ("43.225", "43.23"),
        ("7.1", "7.10"),
        ("1E+2", "100.00"),
    ],
)
def test_amounts_have_two_decimals_rounded_half_up(amount: str, written: str) -> None:
    assert figure(Decimal(amount)) == written
    assert money(Decimal(amount), "CAD") == f"{written} CAD"


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("14.635000", "14.64"),
        ("43.225", "43.23"),
        ("33.5", "33.50"),
        ("1234.5", "1,234.50"),
        ("1.255", "1.26"),
        ("0.50", "0.50"),
        ("0.085", "0.085"),
        ("0.0033", "0.0033"),
        ("0.003312", "0.003312"),
        ("0.333333", "0.3333"),
        ("0.999999", "1.00"),
        ("0", "0.00"),
    ],
)
def test_prices_of_cheap_pieces_keep_their_digits(price: str, written: str) -> None:
    assert unit_figure(Decimal(price)) == written
    assert unit_price(Decimal(price), "USD") == f"{written} USD"
