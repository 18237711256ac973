"""When to order: the stock that lasts until the delivery, at a service level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from hotrod.errors import InvalidInputError
from hotrod.forecast.models import Forecast, Series

DAYS_IN_MONTH = 365.25 / 12
_DIGITS = 6  # what is beyond is arithmetic, not demand
_DRAWS = 2000
_LONGEST_DAYS = 3 * 365


def reorder_point(
    forecast: Forecast, lead_times_days: Sequence[float], service_level: float
) -> int:
    """Return the stock, in units, at which to order: on hand and on order, less reserved.

    The smallest whole number that the demand until the delivery doesn't exceed with the
    probability ``service_level``.

    Args:
        forecast: of the part.
        lead_times_days: from order to shelf, as measured for some deliveries, or one estimate.
        service_level: more than 0 and less than 1.

    Raises:
        InvalidInputError: a lead time or the service level is out of range.
    """
    if not 0 < service_level < 1:
        raise InvalidInputError(
            "service_level", f"it is {service_level}.", "Give a share such as 0.95."
        )
    demand = lead_time_demand(forecast, lead_times_days)
    stock = float(np.quantile(demand, service_level, method="inverted_cdf"))
    return math.ceil(round(stock, _DIGITS))


def lead_time_demand(forecast: Forecast, lead_times_days: Sequence[float]) -> Series:
    """Draw the demand until the delivery many times, in units.

    Each draw takes one of the lead times. A month has demand as often as its forecast asks for,
    and then of a size that was seen before (bootstrap in the manner of Willemain, Smart & Schwarz
    2004, its chance of demand from the forecast); it falls on one moment of the month, which may
    be after the delivery. Months beyond the forecast are like its last one. Months are drawn
    independently, and by the same random numbers for every part.

    Raises:
        InvalidInputError: there is no lead time, or one is out of range.
    """
    if not lead_times_days or not all(0 < days <= _LONGEST_DAYS for days in lead_times_days):
        raise InvalidInputError(
            "lead_times_days",
            f"they are {list(lead_times_days)}.",
            f"Give days, each more than 0 and at most {_LONGEST_DAYS}.",
        )
    if not forecast.sizes:
        return np.zeros(_DRAWS)
    leads = np.asarray(lead_times_days, dtype=np.float64) / DAYS_IN_MONTH
    ahead = math.ceil(leads.max())
    delivery, coming, size, moment = _chances(ahead)
    sizes = np.sort(np.asarray(forecast.sizes, dtype=np.float64))
    expected = np.asarray((*forecast.months, *[forecast.months[-1]] * ahead)[:ahead])
    per_time = expected / sizes.mean()
    chance, growth = np.minimum(per_time, 1), np.maximum(per_time, 1)
    lead = leads[(delivery * leads.size).astype(int)]
    in_time = np.arange(ahead) + moment < lead[:, None]
    drawn = sizes[(size * sizes.size).astype(int)] * growth
    return np.asarray(np.where(in_time & (coming < chance), drawn, 0.0).sum(axis=1))


@lru_cache(maxsize=4)
def _chances(ahead: int) -> tuple[Series, Series, Series, Series]:
    """Return random numbers from 0 to 1: one per draw, then three times one per month of each.

    Longer lead times get the same numbers in their first months, so that only the time counts.
    """
    draw = np.random.default_rng(0)
    delivery = draw.random(_DRAWS)
    months = draw.random((ahead, 3, _DRAWS))
    return delivery, months[:, 0].T, months[:, 1].T, months[:, 2].T
