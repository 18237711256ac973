"""What our past orders at a supplier say of the next: how long it takes, and whether it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from hotrod.sourcing.sources import LeadDays

LEAST_MEASURED = 5
"""Orders from which on our own measure counts more than what the supplier says."""
_FAST, _SLOW = 0.1, 0.9


@dataclass(frozen=True)
class PastOrder:
    """An order that we placed; days are the company's.

    ``promised_on`` is the last day on which it should have come; ``came_right`` tells whether
    what came was what we had ordered, whole and working.
    """

    ordered_on: date
    promised_on: date | None = None
    received_on: date | None = None
    came_right: bool = True

    def is_overdue(self, on: date) -> bool:
        """Tell whether it should have come before a day, and hasn't."""
        return self.received_on is None and self.promised_on is not None and self.promised_on < on

    @property
    def is_good(self) -> bool:
        """Whether it came, right and in time."""
        return (
            self.came_right
            and self.received_on is not None
            and (self.promised_on is None or self.received_on <= self.promised_on)
        )


@dataclass(frozen=True)
class TrackRecord:
    """How many of our orders came right and in time, and in how many days, least and most.

    The days are what the supplier states unless ``is_measured``.
    """

    orders: int
    good_orders: int
    lead_days: LeadDays | None
    is_measured: bool


def track_record(history: Iterable[PastOrder], on: date, stated: LeadDays | None) -> TrackRecord:
    """Return what past orders tell.

    An order counts once it came or is overdue; an overdue one has taken the days until now, so
    that waiting for ever doesn't look fast. The days are the 10th and the 90th percentile; below
    ``LEAST_MEASURED`` orders they are what the supplier says, and where it says nothing, all we
    have measured.

    Args:
        history: orders at one supplier, in any order.
        on: the day to judge on.
        stated: the lead time that the supplier states, least and most days.
    """
    known = [order for order in history if order.received_on or order.is_overdue(on)]
    days = sorted(((order.received_on or on) - order.ordered_on).days for order in known)
    is_measured = bool(days) and (stated is None or len(days) >= LEAST_MEASURED)
    return TrackRecord(
        orders=len(known),
        good_orders=sum(order.is_good for order in known),
        lead_days=(_percentile(days, _FAST), _percentile(days, _SLOW)) if is_measured else stated,
        is_measured=is_measured,
    )


def _percentile(rising: Sequence[int], share: float) -> int:
    """Return the nearest rank: the least value that so large a share doesn't exceed."""
    return rising[ceil(share * len(rising)) - 1]
