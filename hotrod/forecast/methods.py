"""The methods that compete for each part, all by statsforecast."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np

from hotrod.forecast.models import Series

YEAR = 12
DEFAULT = "historic average"
"""The method for parts of which too little is known to try any."""


class _Model(Protocol):
    def forecast(self, y: Series, h: int) -> Mapping[str, Series]: ...


class Method(NamedTuple):
    """A way to forecast a series.

    Attributes:
        model: of statsforecast.
        why: what it is good at, in words.
        least: months of history that it needs.
    """

    model: _Model
    why: str
    least: int = 1

    def forecast(self, history: Series, horizon: int) -> Series:
        """Return the expected demand of each of the coming months, in units.

        Args:
            history: at least ``least`` months.
            horizon: months ahead.
        """
        return np.asarray(self.model.forecast(history, horizon)["mean"], dtype=np.float64)


@cache
def methods() -> Mapping[str, Method]:
    """Return all methods by name; the first call imports statsforecast, which takes seconds.

    Sources: Croston (1972); SBA: Syntetos & Boylan (2005); TSB: Teunter, Syntetos & Babai (2011);
    ADIDA: Nikolopoulos et al. (2011); IMAPA: Petropoulos & Kourentzes (2015).
    """
    from statsforecast import models

    rare = "demand is rare, and how often and how much it comes are learned apart"
    fading = "it lets demand fade when none comes"
    blocks = "months taken together are calmer than single ones"
    season = "demand follows the year"
    return {
        "Croston": Method(models.CrostonClassic(), rare),
        "Croston optimized": Method(models.CrostonOptimized(), rare),
        "SBA": Method(models.CrostonSBA(), rare),
        "TSB": Method(models.TSB(alpha_d=0.1, alpha_p=0.1), fading),
        "TSB fast": Method(models.TSB(alpha_d=0.1, alpha_p=0.3), fading),
        "ADIDA": Method(models.ADIDA(), blocks),
        "IMAPA": Method(models.IMAPA(), blocks),
        "SES": Method(models.SimpleExponentialSmoothing(alpha=0.1), "demand drifts slowly"),
        "SES optimized": Method(models.SimpleExponentialSmoothingOptimized(), "demand drifts"),
        "half a year's mean": Method(
            models.WindowAverage(window_size=YEAR // 2), "only the last months count", YEAR // 2
        ),
        "last year's mean": Method(
            models.WindowAverage(window_size=YEAR), "only the last year counts", YEAR
        ),
        DEFAULT: Method(models.HistoricAverage(), "demand is the same all along"),
        "seasonal mean": Method(
            models.SeasonalWindowAverage(season_length=YEAR, window_size=3), season, 3 * YEAR
        ),
        "seasonal SES": Method(
            models.SeasonalExponentialSmoothing(season_length=YEAR, alpha=0.2), season, 2 * YEAR
        ),
    }
