from __future__ import annotations

import math

import numpy as np
import pytest

from hotrod.forecast.measures import bias, restlessness, rmsse


def test_rmsse_by_hand() -> None:
    history = np.array([0.0, 0, 1, 3, 0])  # from the first demand on: changes of 2 and -3
    actual, forecast = np.array([2.0, 1]), np.array([1.0, 1])  # squared errors of 1 and 0
    assert restlessness(history) == pytest.approx((4 + 9) / 2)
    assert rmsse(history, actual, forecast) == pytest.approx(math.sqrt(0.5 / 6.5))


@pytest.mark.parametrize("history", [[], [0], [4], [0, 0], [0, 0, 4], [2, 2, 2]])
def test_a_history_that_never_changes_has_no_unit_of_errors(history: list[float]) -> None:
    series = np.array(history, dtype=float)
    assert math.isnan(rmsse(series, np.array([1.0]), np.array([2.0])))


def test_bias_is_the_share_by_which_forecasts_are_too_high() -> None:
    assert bias(np.array([1.0, 3]), np.array([3.0, 3])) == 0.5
    assert bias(np.array([1.0, 3]), np.array([1.0, 1])) == -0.5
    assert math.isnan(bias(np.zeros(2), np.ones(2)))
