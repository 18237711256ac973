"""What is on the shelf, what is expected of it, and what it needs: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from hotrod.forecast.models import Forecast, Series
from hotrod.forecast.orders import Order
from hotrod.forecast.settings import Criticality, ForecastSettings
from hotrod.sourcing.models import Wanted


@dataclass(frozen=True)
class Shelf:
    """An active part and its stock over all locations, in pieces.

    Attributes:
        sku: of the part.
        name: of the part.
        category: fault category that it mends.
        fits: device types or models.
        reorder_point: as it is now.
        available: on hand, less reserved.
        on_order: still to come.
        criticality: how bad it is to be without.
        point_by_hand: a person has set the reorder point; the forecast doesn't move it.
    """

    sku: str
    name: str
    category: str
    fits: tuple[str, ...]
    reorder_point: int
    available: int
    on_order: int
    criticality: Criticality = Criticality.B
    point_by_hand: bool = False

    @property
    def position(self) -> int:
        """Pieces available and on order."""
        return self.available + self.on_order

    @property
    def is_low(self) -> bool:
        """Whether it is time to order."""
        return self.position <= self.reorder_point


@dataclass(frozen=True)
class Demand:
    """What was asked of a part.

    Attributes:
        months: pieces used on tickets less those returned, from the month of the first movement
            to the last month that is over; empty for a part that came this month.
        lost_in_a_year: pieces that counts and adjustments have taken, less those they have found,
            in the last twelve months that are over; never below 0.
    """

    months: Series
    lost_in_a_year: int


@dataclass(frozen=True)
class Aim:
    """How sure the stock must last, and how long.

    Attributes:
        service_levels: chance that it lasts until the delivery, between 0 and 1, by how bad it is
            to be without.
        lead_days: from order to shelf, for parts of which no delivery was measured.
        horizon_months: how far demand is forecast, the running month included.
    """

    service_levels: Mapping[Criticality, float]
    lead_days: tuple[float, ...]
    horizon_months: int = 6


def aim_of(policy: ForecastSettings) -> Aim:
    """Return what the settings aim at."""
    return Aim(policy.service_levels, (policy.lead_time_days,))


@dataclass(frozen=True)
class Outlook:
    """What is expected of a part.

    Attributes:
        sku: of the part.
        forecast: of its demand from the running month on; None when too little is known.
        reorder_point: that the forecast asks for, or else the part's own.
        lead_days: from order to shelf, as measured or assumed.
        service_level: at which the stock is to last until the delivery.
        reason: why, in words.
    """

    sku: str
    forecast: Forecast | None
    reorder_point: int
    lead_days: tuple[float, ...]
    service_level: float
    reason: str


@dataclass(frozen=True)
class StandIn:
    """A part on the shelf that can stand in for another; ``evidence`` is in words."""

    sku: str
    available: int
    evidence: str


class Need(BaseModel):
    """A part that is to be ordered, and why.

    ``reorder_point`` is the part's; ``months`` are the pieces expected to be asked for in the
    running month and those after it, none when too little is known. ``order`` is the cheapest one
    where terms are known. ``left`` are the pieces that a manager left of it, before they are asked
    anew; None: they left it as it was.
    """

    model_config = ConfigDict(frozen=True)

    wanted: Wanted
    available: int
    on_order: int
    reorder_point: int
    months: tuple[float, ...]
    order: Order | None = None
    reason: str
    left: int | None = None


class Refreshed(BaseModel):
    """What a refresh of the reorder points did; parts by SKU."""

    model_config = ConfigDict(frozen=True)

    changed: dict[str, tuple[int, int]]
    """Points before and after."""
    unchanged: int
    by_hand: tuple[str, ...]
    """Points that persons have set; they were left as they are."""
    unknown: tuple[str, ...]
    """Too little is known of them; their points were left as they are."""
    became_low: tuple[str, ...]
