"""When a business is open, in its own time zone, holidays and daylight saving included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hotrod.company.models import WEEKDAYS, Business, Company, Hours
from hotrod.errors import HotrodError

_LONGEST_CLOSURE_DAYS = 60


class NeverOpenError(HotrodError):
    """A business that doesn't open in sight was asked when it opens."""

    def __init__(self, business: Business) -> None:
        super().__init__(
            f"{business.key} doesn't open within {_LONGEST_CLOSURE_DAYS} days; "
            "check its opening_hours and the holidays in the company file"
        )


def is_open(business: Business, company: Company, at: datetime) -> bool:
    """Tell whether a business is open at a moment (with time zone).

    It is closed on holidays, and always when it has no opening hours.
    """
    local = at.astimezone(company.zone)
    hours = _hours(business, company, local.date())
    return hours is not None and hours.opens <= local.time() < hours.closes


def next_opening(business: Business, company: Company, at: datetime) -> datetime:
    """Return the moment itself when the business is open, else when it opens next.

    Raises:
        NeverOpenError: it has no opening hours, or holidays close it for two months.
    """
    if is_open(business, company, at):
        return at
    zone: ZoneInfo = company.zone
    local = at.astimezone(zone)
    for days in range(_LONGEST_CLOSURE_DAYS):
        day = local.date() + timedelta(days=days)
        hours = _hours(business, company, day)
        if hours is None:
            continue
        opening = datetime.combine(day, hours.opens, tzinfo=zone)
        if opening > at:
            return opening
    raise NeverOpenError(business)


def open_hours_later(business: Business, company: Company, at: datetime, hours: int) -> datetime:
    """Return the moment, in UTC, by which a business was open for some hours since another.

    A business without opening hours is taken to be always open.

    Raises:
        NeverOpenError: holidays close it for two months.
    """
    moment, left = at.astimezone(UTC), timedelta(hours=hours)
    if not business.opening_hours:
        return moment + left
    while True:
        opening = next_opening(business, company, moment).astimezone(UTC)
        closing = _closing(business, company, opening)
        if left <= closing - opening:
            return opening + left
        left -= closing - opening
        moment = closing


def hours_text(business: Business) -> tuple[str, ...]:
    """Return the opening hours, a line per weekday; empty when the business has none."""
    return tuple(
        f"{day.capitalize()} {hours.opens:%H:%M}-{hours.closes:%H:%M}"
        for day in WEEKDAYS
        if (hours := business.opening_hours.get(day)) is not None
    )


def _closing(business: Business, company: Company, opening: datetime) -> datetime:
    day = opening.astimezone(company.zone).date()
    closes = business.opening_hours[WEEKDAYS[day.weekday()]].closes
    return datetime.combine(day, closes, tzinfo=company.zone).astimezone(UTC)


def _hours(business: Business, company: Company, day: date) -> Hours | None:
    if day in company.holidays:
        return None
    return business.opening_hours.get(WEEKDAYS[day.weekday()])
