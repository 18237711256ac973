"""What a part needs: pure rules over what is there and what is expected."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from hotrod.forecast.models import Series
from hotrod.forecast.orders import Order, OrderTerms, order_quantity
from hotrod.replenishment.models import Need, Outlook, Shelf, StandIn
from hotrod.sourcing.models import Wanted

_YEAR = 12
_DIGITS = 6  # what is beyond is arithmetic, not demand


def net_demand(net: Series) -> Series:
    """Return what was really asked for, by month: what came back takes off the uses before it.

    Args:
        net: pieces used less pieces returned; below 0 in a month in which more came back.
    """
    if (net >= 0).all():
        return net
    asked, owed = np.zeros(net.size), 0.0
    for month in reversed(range(net.size)):
        left = net[month] + owed
        asked[month], owed = max(left, 0.0), min(left, 0.0)
    return asked


def need_of(
    shelf: Shelf,
    outlook: Outlook,
    today: date,
    terms: Sequence[OrderTerms] = (),
    stand_ins: Sequence[StandIn] = (),
) -> Need | None:
    """Return what is to be ordered of a part; None while it is above its reorder point.

    Without terms it is ordered up to the reorder point and a month's demand, one piece above the
    point at least: it would be low still. The point is the part's, or, unless a person has set it,
    what its forecast asks for when that is more; where it is 0 and nobody is expected to ask,
    nothing is ordered. With terms more is ordered where that costs less. Of a part of which too
    little is known, it is ordered up to twice its point.

    Args:
        shelf: what is there, and on order.
        outlook: of the same part.
        today: where the company is; the forecast begins with its month.
        terms: of the suppliers that sell it, all in one currency.
        stand_ins: parts on the shelf that can stand in for it; they change no quantity, but whoever
            approves reads of them.
    """
    missing = _order_up_to(shelf, outlook) - shelf.position
    if not shelf.is_low or missing < 1:
        return None
    months = outlook.forecast.months if outlook.forecast else ()
    order = order_quantity(missing, _yearly(months), terms)
    until = stock_out_on(shelf.available, months, today)
    return Need(
        wanted=Wanted(
            sku=shelf.sku,
            name=shelf.name,
            fits=shelf.fits,
            quantity=order.quantity if order else missing,
            stock_out_on=until,
        ),
        available=shelf.available,
        on_order=shelf.on_order,
        reorder_point=shelf.reorder_point,
        months=months,
        order=order,
        reason=_in_words(shelf, outlook, missing, order, until, stand_ins),
    )


def stock_out_on(available: int, months: Sequence[float], today: date) -> date | None:
    """Return the first day on which the expected demand has eaten what is available.

    Args:
        available: pieces; today is the day when there are none.
        months: expected demand of the running month, the one after it, and so on, spread evenly
            over their days.
        today: the day that the rest of the running month begins with.

    Returns:
        None when it lasts longer than the forecast.
    """
    left, day = float(available), today
    if left <= 0:
        return today
    for expected in months:
        length = monthrange(day.year, day.month)[1]
        daily, days = expected / length, length - day.day + 1
        if left <= daily * days:
            return day + timedelta(days=math.ceil(round(left / daily, _DIGITS)) - 1)
        left -= daily * days
        day += timedelta(days=days)
    return None


def _order_up_to(shelf: Shelf, outlook: Outlook) -> int:
    if outlook.forecast is None:
        return 2 * shelf.reorder_point
    a_month = math.ceil(round(_yearly(outlook.forecast.months) / _YEAR, _DIGITS))
    asked = 0 if shelf.point_by_hand else outlook.reorder_point
    point = max(shelf.reorder_point, asked)
    return point + max(a_month, 1) if point else a_month


def _yearly(months: Sequence[float]) -> float:
    return sum(months) / len(months) * _YEAR if months else 0.0


def _in_words(
    shelf: Shelf,
    outlook: Outlook,
    missing: int,
    order: Order | None,
    until: date | None,
    stand_ins: Sequence[StandIn],
) -> str:
    coming = f" and {shelf.on_order} on order" * bool(shelf.on_order)
    lasting = f", expected to last until {until}" if until and shelf.available > 0 else ""
    quantity = order.reason if order else f"{missing} needed"
    return (
        f"{shelf.available} available{coming}{lasting}, to be ordered at {shelf.reorder_point}; "
        f"{quantity}; {''.join(map(_stands_in, stand_ins))}{outlook.reason}"
    )


def _stands_in(one: StandIn) -> str:
    return f"{one.available} of {one.sku} could stand in, {one.evidence}; "
