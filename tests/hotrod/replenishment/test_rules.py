"""Laws of what a part needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.forecast.models import Forecast
from hotrod.forecast.orders import OrderTerms, PriceBreak
from hotrod.replenishment.models import Outlook, Shelf
from hotrod.replenishment.rules import need_of, net_demand, stock_out_on

TODAY = date(2026, 11, 20)

pieces = st.integers(-20, 60)
points = st.integers(0, 30)
demands = st.lists(st.integers(0, 300).map(lambda tenths: tenths / 10), min_size=1, max_size=8)
days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
laws = settings(max_examples=200, database=None)


def outlook(months: list[float] | None, point: int) -> Outlook:
    forecast = None if months is None else Forecast("X", (), tuple(months), (1.0,), "sold")
    return Outlook("X", forecast, point, (14.0,), 0.95, "sold")


shelves = st.builds(
    Shelf, st.just("X"), st.just("X"), st.just("power"), st.just(()), points, pieces, points
)
prospects = st.builds(outlook, st.none() | demands, points)
offers = st.builds(
    OrderTerms,
    currency=st.just("CAD"),
    price_breaks=st.lists(
        st.builds(
            PriceBreak,
            quantity=st.integers(1, 100),
            unit_price=st.integers(1, 500).map(lambda cents: Decimal(cents) / 10),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each.quantity,
    ).map(tuple),
    pack_size=st.integers(1, 10),
    order_cost=st.integers(0, 30).map(Decimal),
)


def quantity(shelf: Shelf, prospect: Outlook, terms: OrderTerms | None = None) -> int:
    need = need_of(shelf, prospect, TODAY, [terms] if terms else [])
    return need.wanted.quantity if need else 0


@given(shelf=shelves, prospect=prospects, more=st.integers(1, 40))
@laws
def test_more_on_hand_or_on_order_never_asks_for_more(
    shelf: Shelf, prospect: Outlook, more: int
) -> None:
    """Without terms: by packs and the cost of an order, a pack more may be cheaper over time."""
    asked = quantity(shelf, prospect)
    assert quantity(replace(shelf, available=shelf.available + more), prospect) <= asked
    assert quantity(replace(shelf, on_order=shelf.on_order + more), prospect) <= asked


@given(shelf=shelves, prospect=prospects, terms=st.none() | offers)
@laws
def test_nothing_is_needed_above_the_reorder_point(
    shelf: Shelf, prospect: Outlook, terms: OrderTerms | None
) -> None:
    if shelf.position > shelf.reorder_point:
        assert quantity(shelf, prospect, terms) == 0


@given(shelf=shelves, prospect=prospects, terms=st.none() | offers)
@laws
def test_what_is_low_is_ordered_above_its_reorder_point(
    shelf: Shelf, prospect: Outlook, terms: OrderTerms | None
) -> None:
    is_expected = prospect.forecast is not None and any(prospect.forecast.months)
    if shelf.is_low and (shelf.reorder_point > 0 or is_expected):
        after = shelf.position + quantity(shelf, prospect, terms)
        assert after > shelf.reorder_point


@given(shelf=shelves, prospect=prospects, terms=offers)
@laws
def test_terms_never_make_the_order_smaller(
    shelf: Shelf, prospect: Outlook, terms: OrderTerms
) -> None:
    assert quantity(shelf, prospect, terms) >= quantity(shelf, prospect)


@given(available=pieces, more=st.integers(0, 40), months=demands, today=days)
@laws
def test_more_on_hand_never_runs_out_sooner(
    available: int, more: int, months: list[float], today: date
) -> None:
    sooner = stock_out_on(available, months, today)
    later = stock_out_on(available + more, months, today)
    assert (sooner or date.max) <= (later or date.max)


@given(available=pieces, months=demands, today=days)
@laws
def test_stock_runs_out_on_the_day_on_which_demand_reaches_it(
    available: int, months: list[float], today: date
) -> None:
    eaten = list(accumulate(_daily(months, today)))
    reached = [day for day, total in enumerate(eaten) if total >= available - 1e-6]
    expected = today + timedelta(days=reached[0]) if reached else None
    assert stock_out_on(available, months, today) == expected


def _daily(months: list[float], today: date) -> list[float]:
    first_of = [
        date(today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1, 1)
        for n in range(len(months) + 1)
    ]
    return [
        months[n] / (first_of[n + 1] - first_of[n]).days
        for n in range(len(months))
        for _ in range((first_of[n + 1] - max(first_of[n], today)).days)
    ]


@given(net=st.lists(st.integers(-20, 20), min_size=1, max_size=24))
@laws
def test_what_came_back_was_never_asked_for(net: list[int]) -> None:
    found = net_demand(np.array(net, dtype=float))
    assert (found >= 0).all()
    assert (found <= np.maximum(net, 0)).all()
    for month in range(len(net)):
        assert found[month:].sum() >= sum(net[month:]), "a return takes off earlier months only"
    returned_before_use = -min(*accumulate(net), 0)
    assert found.sum() == sum(net) + returned_before_use


def test_a_part_that_nobody_asks_for_is_not_ordered_when_it_is_gone() -> None:
    gone = Shelf("X", "X", "power", (), 0, 0, 0)
    assert need_of(gone, outlook([0.0], 0), TODAY) is None
    assert need_of(gone, outlook(None, 0), TODAY) is None


def test_pieces_that_are_promised_and_missing_are_ordered() -> None:
    owed = Shelf("X", "X", "power", (), 0, -2, 0)
    assert quantity(owed, outlook([0.0], 0)) == 2


@pytest.mark.parametrize(
    ("months", "expected"),
    [([30.0, 31.0], date(2026, 11, 24)), ([0.0, 31.0], date(2026, 12, 5)), ([0.1], None)],
)
def test_five_pieces_last_until(months: list[float], expected: date | None) -> None:
    assert stock_out_on(5, months, TODAY) == expected
