from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hotrod.company.load import load_company
from hotrod.company.models import Province
from hotrod.company.policies import CompetitorPrice, LabourRate, MarginRule, Pricing
from hotrod.quoting.models import LineKind
from hotrod.quoting.rules import (
    PartPrice,
    PricingInput,
    price,
    quote_expiry,
    reminder_due,
)
from hotrod.quoting.taxes import TAXES

CENT = Decimal("0.01")
PRICING = load_company().pricing
HDMI = PartPrice(sku="HDMI-PS5", name="HDMI port", unit_cost=Decimal("8.40"))
TORONTO = ZoneInfo("America/Toronto")


def repair(**changes: Any) -> PricingInput:
    fields: dict[str, Any] = {
        "device_type": "console",
        "category": "power",
        "labour_hours": Decimal("1.5"),
        "rush": False,
        "parts": (),
        "province": "ON",
        "pricing": PRICING,
    }
    return PricingInput(**fields | changes)


def pricing(**changes: Any) -> Pricing:
    return Pricing.model_validate(PRICING.model_dump() | changes)


def rows(given: PricingInput) -> list[tuple[str, str, str]]:
    return [(line.kind, line.description, str(line.amount)) for line in price(given).lines]


def test_a_whole_quote_line_by_line() -> None:
    to_order = PartPrice(
        sku="PSU", name="Power supply", unit_cost=Decimal(62), quantity=2, in_stock=False
    )
    quote = price(repair(parts=(HDMI, to_order), rush=True))

    assert [
        (line.kind.value, line.description, str(line.amount), line.reason) for line in quote.lines
    ] == [
        ("labour", "Labor", "133.50", "1.5 h on the bench at 89.00 per hour, by the repair plan"),
        ("part", "HDMI port", "15.12", "in stock"),
        ("part", "Power supply", "179.80", "to be ordered for this repair"),
        ("surcharge", "Rush service", "33.38", "rush was asked for: 25 % on labor"),
        ("adjustment", "Rounding", "0.20", "rounded up to full 1.00"),
        ("tax", "HST 13 %", "47.06", "sales tax of ON"),
    ]
    assert [line.sku for line in quote.lines[:3]] == [None, "HDMI-PS5", "PSU"]
    assert (quote.currency, quote.subtotal, quote.tax, quote.total) == (
        "CAD", Decimal("362.00"), Decimal("47.06"), Decimal("409.06"),
    )  # fmt: skip


def test_the_smallest_repair_and_the_default_rate() -> None:
    line = price(repair(device_type="toaster", labour_hours=Decimal("0.25"))).lines[0]

    assert (line.quantity, line.unit_price) == (Decimal("0.5"), Decimal(85))
    assert line.reason == "the smallest repair is 0.5 h, at 85.00 per hour"


@pytest.mark.parametrize(
    ("cost", "sold"),
    [("20.00", "36.00"), ("20.01", "29.01"), ("100.00", "145.00"), ("200.00", "250.00")],
)
def test_the_first_margin_that_fits_is_used(cost: str, sold: str) -> None:
    part = PartPrice(sku="P", name="Part", unit_cost=Decimal(cost))

    assert price(repair(parts=(part,))).lines[1].unit_price == Decimal(sold)


def rival(amount: str) -> tuple[CompetitorPrice, ...]:
    return tuple(
        CompetitorPrice(device_type="console", category="power", price=each, source="survey")
        for each in (amount, "5000")
    )


def test_a_lower_price_elsewhere_is_undercut() -> None:
    given = repair(labour_hours=Decimal(3), pricing=pricing(competitor_prices=rival("200")))
    quote = price(given)

    assert quote.subtotal == Decimal(194)
    assert quote.lines[1].amount == Decimal(-73)
    assert quote.lines[1].reason == "200.00 is asked elsewhere (survey); we go below"


def test_a_price_elsewhere_is_not_followed_below_the_floor() -> None:
    given = repair(labour_hours=Decimal(3), pricing=pricing(competitor_prices=rival("100")))
    quote = price(given)

    assert quote.floor == Decimal("148.20")
    assert quote.subtotal == Decimal(149)
    assert quote.lines[1].reason == "100.00 is asked elsewhere (survey); we come as close as we can"


@pytest.mark.parametrize("changes", [{"rush": True}, {"category": "audio"}])
def test_other_work_is_not_compared(changes: dict[str, Any]) -> None:
    cheap = pricing(competitor_prices=rival("100"))

    assert "Price match" not in [row[1] for row in rows(repair(pricing=cheap, **changes))]


def test_a_price_below_the_floor_is_raised_and_says_so() -> None:
    dear = pricing(labour_cost_per_hour="80.00")
    quote = price(repair(labour_hours=Decimal(1), pricing=dear))

    assert quote.subtotal == quote.floor == Decimal("104.00")
    assert quote.lines[1].reason == "our smallest price for this work and its parts"


@pytest.mark.parametrize(
    ("province", "taxes"),
    [
        ("ON", [("HST 13 %", "17.42")]),
        ("QC", [("GST 5 %", "6.70"), ("QST 9.975 %", "13.37")]),
        ("BC", [("GST 5 %", "6.70"), ("PST 7 %", "9.38")]),
        ("MB", [("GST 5 %", "6.70"), ("RST 7 %", "9.38")]),
        ("SK", [("GST 5 %", "6.70"), ("PST 6 %", "8.04")]),
        ("AB", [("GST 5 %", "6.70")]),
        ("NS", [("HST 14 %", "18.76")]),
        ("NB", [("HST 15 %", "20.10")]),
        ("NU", [("GST 5 %", "6.70")]),
    ],
)
def test_tax_by_province(province: Province, taxes: list[tuple[str, str]]) -> None:
    assert [row[1:] for row in rows(repair(province=province)) if row[0] == "tax"] == taxes


def test_every_province_is_taxed_between_5_and_15_percent() -> None:
    assert set(TAXES) == set(get_args(Province))
    for taxes in TAXES.values():
        assert Decimal("0.05") <= sum(tax.rate for tax in taxes) <= Decimal("0.15")


@pytest.mark.parametrize(
    "changes",
    [{"labour_hours": Decimal(0)}, {"labour_hours": Decimal("1.234")}, {"province": "XX"}],
)
def test_what_cannot_be_priced_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        repair(**changes)


def test_the_fingerprint_is_of_values_not_of_their_spelling() -> None:
    same, other = repair(labour_hours=Decimal("1.50")), repair(labour_hours=Decimal("1.51"))

    assert price(same).fingerprint == price(repair()).fingerprint
    assert price(other).fingerprint != price(repair()).fingerprint
    assert len(price(same).fingerprint) == 64


def cents(least: int, most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda number: number * CENT)


PARTS = st.lists(
    st.builds(
        PartPrice,
        sku=st.sampled_from(["A", "B"]),
        name=st.just("Part"),
        unit_cost=cents(0, 60_000),
        quantity=st.integers(1, 3),
        in_stock=st.booleans(),
    ),
    max_size=3,
).map(tuple)
SHARES = st.integers(0, 20_000).map(lambda number: Decimal(number) / 10_000)
PRICINGS = st.builds(
    Pricing,
    minimum_labour_hours=st.sampled_from([Decimal("0.25"), Decimal("0.5"), Decimal(1)]),
    labour_rates=cents(0, 20_000).map(
        lambda rate: (LabourRate(device_type="default", per_hour=rate),)
    ),
    part_margins=st.tuples(SHARES, SHARES).map(
        lambda two: (
            MarginRule(up_to_cost=Decimal(50), margin=two[0]),
            MarginRule(up_to_cost=None, margin=two[1]),
        )
    ),
    rush_surcharge=SHARES,
    floor_margin=SHARES,
    labour_cost_per_hour=cents(0, 15_000),
    round_to=st.sampled_from([Decimal(0), CENT, Decimal("0.05"), Decimal(1), Decimal(5)]),
    undercut=st.sampled_from([Decimal(0), Decimal("0.03"), Decimal(1)]),
    competitor_prices=st.lists(
        st.builds(
            CompetitorPrice,
            device_type=st.just("console"),
            category=st.sampled_from(["power", "audio"]),
            price=cents(0, 60_000),
            source=st.just("survey"),
        ),
        max_size=2,
    ).map(tuple),
)
REPAIRS = st.builds(
    PricingInput,
    device_type=st.sampled_from(["console", "phone"]),
    category=st.sampled_from(["power", "audio"]),
    labour_hours=cents(25, 1200),
    rush=st.booleans(),
    parts=PARTS,
    province=st.sampled_from(get_args(Province)),
    pricing=PRICINGS,
)


@given(REPAIRS)
def test_any_quote_adds_up_in_cents_and_says_why(given: PricingInput) -> None:
    quote = price(given)
    tax = [line.amount for line in quote.lines if line.kind is LineKind.TAX]

    assert sum(line.amount for line in quote.lines) == quote.total
    assert sum(tax) == quote.tax
    assert quote.subtotal + quote.tax == quote.total
    assert all(line.amount == line.amount.quantize(CENT) for line in quote.lines)
    assert all(line.reason and line.amount is not None for line in quote.lines)
    assert all(
        line.amount == (line.quantity * line.unit_price).quantize(CENT, "ROUND_HALF_UP")
        for line in quote.lines
    )


@given(REPAIRS)
def test_any_quote_is_repeatable_and_not_below_the_floor(given: PricingInput) -> None:
    quote = price(given)
    parts = sum((part.unit_cost * part.quantity for part in given.parts), Decimal(0))
    hours = max(given.labour_hours, given.pricing.minimum_labour_hours)
    cost = hours * given.pricing.labour_cost_per_hour + parts

    assert quote == price(given.model_copy(deep=True))
    assert quote.subtotal >= cost * (1 + given.pricing.floor_margin)
    step = given.pricing.round_to
    assert step == 0 or quote.subtotal % step == 0


@given(REPAIRS, cents(0, 500))
def test_more_hours_never_cost_less(given: PricingInput, more: Decimal) -> None:
    longer = given.model_copy(update={"labour_hours": given.labour_hours + more})

    assert price(longer).total >= price(given).total


@given(REPAIRS)
def test_rush_is_never_cheaper(given: PricingInput) -> None:
    normal, rush = (given.model_copy(update={"rush": rush}) for rush in (False, True))

    assert price(rush).total >= price(normal).total


def test_a_quote_holds_until_the_end_of_the_last_local_day() -> None:
    created = datetime(2026, 10, 25, 3, 30, tzinfo=UTC)

    assert quote_expiry(created, 14, TORONTO) == datetime(2026, 11, 8, 4, 59, 59, tzinfo=UTC)


SENT = datetime(2026, 11, 20, 15, tzinfo=UTC)
EXPIRES = SENT + timedelta(days=14)


@pytest.mark.parametrize(
    ("hours", "already", "due"),
    [
        (23.9, set(), None),
        (24, set(), "reminder_24h"),
        (40, {"reminder_24h"}, None),
        (72, {"reminder_24h"}, "reminder_72h"),
        (80, set(), "reminder_72h"),
        (80, {"reminder_72h"}, None),
        (200, {"reminder_24h", "reminder_72h", "quote"}, None),
        (14 * 24, {"reminder_24h", "reminder_72h"}, "expired"),
        (14 * 24 + 1, set(), "expired"),
    ],
)
def test_reminders(hours: float, already: set[str], due: str | None) -> None:
    assert reminder_due(SENT, EXPIRES, SENT + timedelta(hours=hours), already) == due
