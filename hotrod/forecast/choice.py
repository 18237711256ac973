"""Which method forecasts a part: the one that would have forecast it best before."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from hotrod.forecast.measures import bias, restlessness
from hotrod.forecast.methods import DEFAULT, YEAR, methods
from hotrod.forecast.models import Forecast, Series

TRIALS = 12
"""Origins at most: one in each month of a year."""

_LEAST_HISTORY = 6
_WATCHED_BIAS = 0.1


def forecast_part(part: str, history: Series, horizon: int) -> Forecast:
    """Forecast a part by the method that did best in trials on its own past.

    A trial steps back to an origin, forecasts ``horizon`` months from what was known then, and
    compares. The last origin is ``horizon`` months ago, the others are the months before it
    (rolling origin; Tashman 2000). The method with the smallest RMSSE over all trials is taken.
    Without a trial, for a short history or one that never changes, it is the mean.

    Args:
        part: its name.
        history: at least one month.
        horizon: months ahead, at least one.
    """
    trials = _Trials(history, horizon)
    tried = trials.errors()
    method = min(tried, key=lambda name: tried[name], default=DEFAULT)
    leaning = trials.bias(method) if tried else math.nan
    return Forecast(
        part=part,
        method=method,
        months=tuple(methods()[method].forecast(history, horizon).tolist()),
        sizes=tuple(history[history > 0].tolist()),
        rmsse=tried.get(method),
        bias=None if math.isnan(leaning) else leaning,
        tried=tried,
        reason=f"{sales_in_words(history)}; {_choice_in_words(method, tried, leaning)}",
    )


def sales_in_words(history: Series) -> str:
    """Say how often, how much and when a part was last sold."""
    sold = np.flatnonzero(history)
    if not sold.size:
        return f"not sold in {_months(history.size)}"
    recent = history[-2 * YEAR :]
    times = np.count_nonzero(recent)
    ago = history.size - 1 - int(sold[-1])
    when = f"most recently {_months(ago)} ago" if ago else "most recently in the last one"
    if not times:
        return f"not sold in the last {_months(recent.size)}, {when}"
    size = f"{recent.sum() / times:.3g}"
    return f"sold in {times} of the last {_months(recent.size)}, {size} at a time, {when}"


class _Trials:
    """What each method would have forecast at each origin, and what came."""

    def __init__(self, history: Series, horizon: int) -> None:
        last = history.size - horizon
        first = max(last - TRIALS + 1, _LEAST_HISTORY)
        known = {origin: history[:origin] for origin in range(first, last + 1)}
        units = {origin: restlessness(past) for origin, past in known.items()}
        origins = [origin for origin, unit in units.items() if unit > 0]
        self._units = np.array([units[origin] for origin in origins])
        self._actual = np.array([history[origin : origin + horizon] for origin in origins])
        self._forecasts = {
            name: np.array([method.forecast(known[origin], horizon) for origin in origins])
            for name, method in methods().items()
            if origins and method.least <= origins[0]
        }

    def errors(self) -> dict[str, float]:
        """Return each method's RMSSE over all trials; empty without a trial."""
        return {
            name: math.sqrt(np.mean(np.mean((forecasts - self._actual) ** 2, axis=1) / self._units))
            for name, forecasts in self._forecasts.items()
        }

    def bias(self, name: str) -> float:
        """Return a method's bias over all trials; NaN when nothing was sold in them."""
        return bias(self._actual, self._forecasts[name])


def _choice_in_words(method: str, tried: Mapping[str, float], leaning: float) -> str:
    if not tried:
        return f"{method}, because there is too little to compare methods by"
    told = f"{method}, because {methods()[method].why}: RMSSE {tried[method]:.2f}"
    others = sorted((error, name) for name, error in tried.items() if name != method)
    if others:
        error, name = others[0]
        told += f", next {name} {error:.2f}"
    if abs(leaning) > _WATCHED_BIAS:
        told += f"; it was {abs(leaning):.0%} too {'high' if leaning > 0 else 'low'} in its trials"
    return told


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"
