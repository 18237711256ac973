"""How wrong a forecast was."""

from __future__ import annotations

import math

import numpy as np

from hotrod.forecast.models import Series


def restlessness(history: Series) -> float:
    """Return the unit of errors: the mean squared change from one month to the next.

    It is the squared error of "as many as last month", counted from the first demand on as in the
    M5 competition. NaN when nothing ever changes: then there is no such unit.
    """
    sold = np.flatnonzero(history)
    changes = np.diff(history[sold[0] :]) if sold.size else history[:0]
    return float(np.mean(changes**2)) if changes.any() else math.nan


def rmsse(history: Series, actual: Series, forecast: Series) -> float:
    """Return the root mean squared scaled error; NaN when the history never changes.

    The root of the mean squared error over the months forecast, divided by the history's
    ``restlessness``; below 1 the forecast errs less than "as many as last month" did. Source:
    Hyndman & Koehler, "Another look at measures of forecast accuracy" (2006), in the form of the
    M5 competition (Makridakis, Spiliotis & Assimakopoulos 2022).
    """
    return math.sqrt(float(np.mean((forecast - actual) ** 2)) / restlessness(history))


def bias(actual: Series, forecast: Series) -> float:
    """Return the share by which forecasts were too high in sum; NaN when nothing was sold."""
    sold = float(np.sum(actual))
    return float(np.sum(forecast) - sold) / sold if sold else math.nan
