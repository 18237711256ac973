"""Methods against what they are by definition, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hotrod.forecast.methods import methods

SPARSE = np.array([0.0, 2, 0, 0, 5, 0])
# Croston, smoothing 0.1: sizes 2, 5 -> 2 + 0.1 * (5 - 2); intervals 2, 3 -> 2 + 0.1 * (3 - 2).
CROSTON = 2.3 / 2.1


def test_croston_by_hand() -> None:
    assert methods()["Croston"].forecast(SPARSE, 3) == pytest.approx([CROSTON] * 3)


def test_sba_takes_half_the_smoothing_off_croston() -> None:
    assert methods()["SBA"].forecast(SPARSE, 2) == pytest.approx([0.95 * CROSTON] * 2)


def test_tsb_by_hand() -> None:
    # Sizes as Croston's; chances 0, 1, 0, 0, 1, 0 smoothed by 0.1, from the first on.
    chance = 0.0
    for came in (1, 0, 0, 1, 0):
        chance += 0.1 * (came - chance)
    assert methods()["TSB"].forecast(SPARSE, 1) == pytest.approx([2.3 * chance])


def test_the_moving_mean_looks_at_half_a_year() -> None:
    series = np.array([100.0, 1, 2, 3, 4, 5, 6])
    assert methods()["half a year's mean"].forecast(series, 2) == pytest.approx([3.5, 3.5])


def test_the_seasonal_mean_knows_the_month() -> None:
    series = np.tile([0.0] * 11 + [6.0], 3)
    assert methods()["seasonal mean"].forecast(series, 12) == pytest.approx([0.0] * 11 + [6.0])


def test_each_method_works_on_the_least_history_it_asks_for() -> None:
    for name, method in methods().items():
        share = 0.95 if name == "SBA" else 1
        for level in (0, 1):
            forecast = method.forecast(np.full(method.least, float(level)), 3)
            assert forecast == pytest.approx([share * level] * 3), name
