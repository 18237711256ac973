"""Which methods forecast a part: those that would have forecast it best before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hotrod.errors import InvalidInputError
from hotrod.forecast.measures import bias, restlessness
from hotrod.forecast.methods import DEFAULT, YEAR, methods
from hotrod.forecast.models import Forecast, Series

_MONTHS_BETWEEN_TRIALS = 2
_LEAST_HISTORY = 6
_TAKEN = 3
_WATCHED_BIAS = 0.1


def forecast_part(part: str, history: Series, horizon: int) -> Forecast:
    """Forecast a part by the methods that did best in trials on its own past.

    A trial steps back to an origin, forecasts ``horizon`` months from what was known then, and
    compares. The last origin is ``horizon`` months ago, the others lie every second month of the
    year before it (rolling origin; Tashman 2000). The forecast is the mean of the three methods
    with the smallest RMSSE over all trials: a dozen months can't tell which one of them is the
    best (docs/decisions/0009). Without a trial, because the history is short or didn't change
    before, it is the mean of the past.

    Args:
        part: its name.
        history: at least one month.
        horizon: months ahead, at least one.

    Raises:
        InvalidInputError: there is no month of history.
    """
    if not history.size:
        cure = "Give a month at least, or forecast it from similar parts."
        raise InvalidInputError("history", f"that of {part} is empty.", cure)
    trials = _Trials(history, horizon)
    tried = trials.errors()
    chosen = tuple(sorted(tried, key=tried.__getitem__)[:_TAKEN]) or (DEFAULT,)
    error, leaning = trials.judged(chosen) if tried else (None, None)
    months = np.mean([methods()[name].forecast(history, horizon) for name in chosen], axis=0)
    return Forecast(
        part=part,
        methods=chosen,
        months=tuple(months.tolist()),
        sizes=tuple(history[history > 0].tolist()),
        rmsse=error,
        bias=leaning,
        tried=tried,
        reason=f"{sales_in_words(history)}; {_choice_in_words(chosen, error, leaning)}",
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
        first = max(last - YEAR + _MONTHS_BETWEEN_TRIALS, _LEAST_HISTORY)
        units = {
            origin: unit
            for origin in range(last, first - 1, -_MONTHS_BETWEEN_TRIALS)
            if (unit := restlessness(history[:origin])) > 0
        }
        known = min(units, default=0)
        self.names = [name for name, method in methods().items() if method.least <= known]
        self._units = np.array([*units.values()])
        self._actual = np.array([history[origin : origin + horizon] for origin in units])
        self._forecasts = np.array(
            [
                [methods()[name].forecast(history[:origin], horizon) for origin in units]
                for name in self.names
            ]
        )

    def errors(self) -> dict[str, float]:
        """Return each method's RMSSE over all trials; empty without a trial."""
        if not self.names:
            return {}
        return dict(zip(self.names, self._rmsse(self._forecasts).tolist(), strict=True))

    def judged(self, chosen: Sequence[str]) -> tuple[float, float | None]:
        """Return the RMSSE of the mean of methods, and its bias; None when nothing was sold."""
        mean = self._forecasts[[self.names.index(name) for name in chosen]].mean(axis=0)
        leaning = bias(self._actual, mean)
        return float(self._rmsse(mean)), None if math.isnan(leaning) else leaning

    def _rmsse(self, forecasts: Series) -> Series:
        squared = np.mean((forecasts - self._actual) ** 2, axis=-1)
        return np.asarray(np.sqrt(np.mean(squared / self._units, axis=-1)))


def _choice_in_words(chosen: Sequence[str], error: float | None, leaning: float | None) -> str:
    if error is None:
        return f"{DEFAULT}, because there is too little past to try methods on"
    why = dict.fromkeys(methods()[name].why for name in chosen)
    told = f"{', '.join(chosen)}, because in trials they erred least (RMSSE {error:.2f})"
    if leaning is not None and abs(leaning) > _WATCHED_BIAS:
        told += f", though {abs(leaning):.0%} too {'high' if leaning > 0 else 'low'}"
    return f"{told}: {'; '.join(why)}"


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"
