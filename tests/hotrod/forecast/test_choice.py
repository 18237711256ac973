from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.forecast.choice import forecast_part, sales_in_words
from hotrod.forecast.models import Series

sparse = st.lists(
    st.one_of(st.just(0.0), st.integers(0, 40).map(float)), min_size=1, max_size=60
).map(np.array)
horizons = st.integers(1, 12)


@given(history=sparse, horizon=horizons)
@settings(max_examples=60, database=None)
def test_a_forecast_is_a_demand_for_each_month(history: Series, horizon: int) -> None:
    months = forecast_part("X", history, horizon).months
    assert len(months) == horizon
    assert all(0 <= month <= history.max() for month in months)


@given(history=sparse, horizon=horizons, power=st.integers(-3, 8))
@settings(max_examples=60, database=None)
def test_demand_in_another_unit_is_forecast_in_that_unit(
    history: Series, horizon: int, power: int
) -> None:
    here = forecast_part("X", history, horizon)
    there = forecast_part("X", history * 2.0**power, horizon)
    assert there.methods == here.methods
    assert there.months == pytest.approx([month * 2.0**power for month in here.months])
    assert there.rmsse == pytest.approx(here.rmsse)


def test_the_choice_differs_by_part() -> None:
    seasonal = forecast_part("S", np.tile([9.0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0], 5), 3)
    fading = forecast_part("F", np.array([9.0] * 12 + [5] * 12 + [2] * 12 + [0] * 24), 3)
    assert {"seasonal mean", "seasonal SES"} <= set(seasonal.methods)
    assert seasonal.months[0] == max(seasonal.months)
    assert "historic average" not in fading.methods
    assert sum(fading.months) < 1


def test_the_methods_taken_are_those_with_the_least_errors() -> None:
    found = forecast_part("X", np.tile([0.0, 3, 0, 0, 1, 0, 2], 8), 6)
    worst_taken = max(found.tried[name] for name in found.methods)
    assert all(
        error >= worst_taken for name, error in found.tried.items() if name not in found.methods
    )
    assert len(found.methods) == 3


@pytest.mark.parametrize("history", [[3.0], [0.0] * 40, [2.0] * 40, [0.0] * 39 + [5.0]])
def test_without_a_trial_it_is_the_mean_of_the_past(history: list[float]) -> None:
    found = forecast_part("X", np.array(history), 2)
    assert found.methods == ("historic average",)
    assert found.months == pytest.approx([np.mean(history)] * 2)
    assert found.rmsse is None
    assert "too little past" in found.reason


def test_no_history_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="similar parts"):
        forecast_part("X", np.array([]), 2)


def test_a_choice_that_was_far_off_says_so() -> None:
    found = forecast_part("X", np.array([4.0, 6] * 18 + [0] * 6 + [1] * 2), 3)
    assert found.bias is not None
    assert found.bias > 0.1
    assert f"{found.bias:.0%} too high" in found.reason


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([0, 0], "not sold in 2 months"),
        ([1, 0, 2, 0], "sold in 2 of the last 4 months, 1.5 at a time, most recently 1 month ago"),
        ([3], "sold in 1 of the last 1 month, 3 at a time, most recently in the last one"),
        ([5] + [0] * 30, "not sold in the last 24 months, most recently 30 months ago"),
    ],
)
def test_sales_are_told_in_words(history: list[float], words: str) -> None:
    assert sales_in_words(np.array(history, dtype=float)) == words
