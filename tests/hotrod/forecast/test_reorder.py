from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.forecast.models import Forecast
from hotrod.forecast.reorder import DAYS_IN_MONTH, lead_time_demand, reorder_point


def expecting(months: list[float], sizes: list[float]) -> Forecast:
    return Forecast("X", ("SES",), tuple(months), tuple(sizes), "")


forecasts = st.builds(
    expecting,
    st.lists(st.floats(0, 50), min_size=1, max_size=12),
    st.lists(st.integers(1, 60).map(float), min_size=1, max_size=20),
)
leads = st.lists(st.floats(1, 300), min_size=1, max_size=5)
levels = st.floats(0.5, 0.999)


@given(forecast=forecasts, lead=leads, one=levels, other=levels)
@settings(max_examples=60, database=None)
def test_a_higher_service_level_never_needs_less_stock(
    forecast: Forecast, lead: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert 0 <= reorder_point(forecast, lead, low) <= reorder_point(forecast, lead, high)


@given(forecast=forecasts, lead=leads, longer=st.floats(1, 3), level=levels)
@settings(max_examples=60, database=None)
def test_longer_lead_times_never_need_less_stock(
    forecast: Forecast, lead: list[float], longer: float, level: float
) -> None:
    later = [days * longer for days in lead]
    assert reorder_point(forecast, lead, level) <= reorder_point(forecast, later, level)


@given(forecast=forecasts, more=st.floats(1, 3), lead=leads, level=levels)
@settings(max_examples=60, database=None)
def test_more_demand_never_needs_less_stock(
    forecast: Forecast, more: float, lead: list[float], level: float
) -> None:
    larger = expecting([month * more for month in forecast.months], list(forecast.sizes))
    assert reorder_point(forecast, lead, level) <= reorder_point(larger, lead, level)


def test_the_draws_have_the_demand_that_is_expected() -> None:
    rare = expecting([0.5, 1.0], [1, 1, 4])  # 2 at a time, so in a quarter, then half of months
    assert lead_time_demand(rare, [2 * DAYS_IN_MONTH]).mean() == pytest.approx(1.5, rel=0.1)
    often = expecting([6.0], [1, 1, 4])  # more than 2 each month
    assert lead_time_demand(often, [DAYS_IN_MONTH / 2]).mean() == pytest.approx(3, rel=0.1)
    assert lead_time_demand(often, [3 * DAYS_IN_MONTH]).mean() == pytest.approx(18, rel=0.1)


def test_demand_that_never_varies_needs_exactly_that_stock() -> None:
    steady = expecting([4.0], [4, 4])
    assert reorder_point(steady, [2 * DAYS_IN_MONTH], 0.98) == 8


def test_one_late_delivery_in_four_counts_at_a_high_level_only() -> None:
    steady = expecting([4.0], [4])
    leads = [DAYS_IN_MONTH] * 3 + [5 * DAYS_IN_MONTH]
    assert reorder_point(steady, leads, 0.6) == 4
    assert reorder_point(steady, leads, 0.95) == 20


def test_a_part_that_was_never_asked_for_needs_no_stock() -> None:
    assert reorder_point(expecting([0.0], []), [30], 0.98) == 0


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("nan")])
def test_a_service_level_is_a_share(level: float) -> None:
    with pytest.raises(InvalidInputError, match=r"0\.95"):
        reorder_point(expecting([1.0], [1]), [30], level)


@pytest.mark.parametrize("leads", [[], [0], [-3], [14, float("inf")], [float("nan")], [5000]])
def test_lead_times_out_of_range_are_refused(leads: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="Give days"):
        reorder_point(expecting([1.0], [1]), leads, 0.95)
