"""What is expected of each part: by its own past, or by that of parts like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz

from hotrod.forecast.choice import forecast_part
from hotrod.forecast.models import Forecast, Series
from hotrod.forecast.reorder import reorder_point
from hotrod.forecast.similar import forecast_new_part
from hotrod.replenishment.models import Aim, Demand, Outlook, Shelf

LEAST_MONTHS = 6
"""A part known for less is forecast from parts like it."""

_MOST_ALIKE = 3
_ALIKE = 65
_UNKNOWN = Demand(np.array([]), 0)


def outlooks(
    shelves: Sequence[Shelf],
    demand: Mapping[str, Demand],
    lead_days: Mapping[str, tuple[float, ...]],
    aim: Aim,
    *,
    only: Collection[str] | None = None,
) -> list[Outlook]:
    """Return what is expected of parts; 10,000 take half a minute, so call it in a thread.

    Args:
        shelves: all active parts: those that are new are compared with the others.
        demand: of those that have moved, by SKU.
        lead_days: measured, by SKU.
        aim: for all of them.
        only: SKUs of the parts to be looked at; all by default.
    """
    alike = _Alike(shelves, demand)
    return [
        _outlook(shelf, demand.get(shelf.sku, _UNKNOWN), alike, lead_days.get(shelf.sku), aim)
        for shelf in shelves
        if only is None or shelf.sku in only
    ]


def _outlook(
    shelf: Shelf, demand: Demand, alike: _Alike, measured: tuple[float, ...] | None, aim: Aim
) -> Outlook:
    leads = measured or aim.lead_days
    level = aim.service_levels[shelf.criticality]
    by_hand = f"; {shelf.reorder_point} is set by hand" * shelf.point_by_hand
    forecast = _forecast(shelf, demand, alike, aim)
    if forecast is None:
        return Outlook(
            shelf.sku,
            None,
            shelf.reorder_point,
            leads,
            level,
            f"known for {demand.months.size} months, and no part like it for longer: its reorder "
            f"point stays {shelf.reorder_point}{by_hand}",
        )
    point = reorder_point(forecast, leads, level)
    days = f"{np.median(leads):.0f} days" + (" as measured" if measured else "")
    lost = demand.lost_in_a_year
    return Outlook(
        shelf.sku,
        forecast,
        point,
        leads,
        level,
        f"{forecast.reason}; {point} last until a delivery, {days}, in {level:.0%} of cases"
        f"{by_hand}{f'; {lost} lost in a year are no demand: find out why' * bool(lost)}",
    )


def _forecast(shelf: Shelf, demand: Demand, alike: _Alike, aim: Aim) -> Forecast | None:
    if demand.months.size >= LEAST_MONTHS:
        return forecast_part(shelf.sku, demand.months, aim.horizon_months)
    if similar := alike.to(shelf):
        return forecast_new_part(shelf.sku, demand.months, similar, aim.horizon_months)
    return None


class _Alike:
    """Finds the parts known long enough that are most like a new one."""

    def __init__(self, shelves: Sequence[Shelf], demand: Mapping[str, Demand]) -> None:
        self._demand = demand
        self._known = defaultdict[str, list[Shelf]](list)
        for shelf in shelves:
            if shelf.sku in demand and demand[shelf.sku].months.size >= LEAST_MONTHS:
                self._known[shelf.category].append(shelf)

    def to(self, new: Shelf) -> dict[str, Series]:
        """Return the demand of up to three parts that mend the same faults.

        They fit a device that it fits too, or have almost its name.
        """
        rated = sorted(
            (-fits, -likeness, shelf.sku)
            for shelf in self._known[new.category]
            if shelf.sku != new.sku
            for fits, likeness in [self._likeness(new, shelf)]
            if fits or likeness >= _ALIKE
        )
        return {sku: self._demand[sku].months for _, _, sku in rated[:_MOST_ALIKE]}

    @staticmethod
    def _likeness(new: Shelf, shelf: Shelf) -> tuple[bool, float]:
        return not set(new.fits).isdisjoint(shelf.fits), fuzz.token_set_ratio(new.name, shelf.name)
