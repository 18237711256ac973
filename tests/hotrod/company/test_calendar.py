from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.company.calendar import (
    NeverOpenError,
    hours_text,
    is_open,
    next_opening,
    open_hours_later,
)
from hotrod.company.load import load_company
from hotrod.company.models import WEEKDAYS, Business

COMPANY = load_company()
TORONTO = ZoneInfo("America/Toronto")


def named(key: str) -> Business:
    business = COMPANY.business(key)
    assert business is not None
    return business


NOIZYLAB, WITHOUT_HOURS = named("noizylab"), named("fish_music")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-20T09:00", "2026-11-20T09:00"),
        ("2026-11-20T17:59:59", "2026-11-20T17:59:59"),
        ("2026-11-20T18:00", "2026-11-21T10:00"),
        ("2026-11-20T08:59", "2026-11-20T09:00"),
        ("2026-11-21T16:00", "2026-11-23T09:00"),
        ("2026-11-22T12:00", "2026-11-23T09:00"),
        ("2026-12-24T20:00", "2026-12-28T09:00"),
        ("2026-12-25T12:00", "2026-12-28T09:00"),
        ("2026-10-31T16:30", "2026-11-02T09:00"),
        ("2027-03-13T18:00", "2027-03-15T09:00"),
    ],
)
def test_next_opening_skips_nights_sundays_and_holidays(at: str, opening: str) -> None:
    assert next_opening(NOIZYLAB, COMPANY, local(at)) == local(opening)
    assert is_open(NOIZYLAB, COMPANY, local(at)) == (at == opening)


def test_hours_are_local_in_summer_and_winter() -> None:
    summer = datetime(2026, 7, 15, 13, tzinfo=UTC)
    winter = datetime(2026, 12, 16, 13, tzinfo=UTC)

    assert is_open(NOIZYLAB, COMPANY, summer)
    assert not is_open(NOIZYLAB, COMPANY, winter)
    assert next_opening(NOIZYLAB, COMPANY, winter) == winter + timedelta(hours=1)


def test_a_business_without_hours_says_what_is_missing() -> None:
    at = local("2026-11-20T12:00")

    assert not is_open(WITHOUT_HOURS, COMPANY, at)
    with pytest.raises(NeverOpenError, match=r"fish_music.*opening_hours"):
        next_opening(WITHOUT_HOURS, COMPANY, at)


def test_holidays_without_end_are_no_opening() -> None:
    start = date(2026, 11, 1)
    always = COMPANY.model_copy(
        update={"holidays": tuple(start + timedelta(days=day) for day in range(400))}
    )

    with pytest.raises(NeverOpenError, match="holidays"):
        next_opening(NOIZYLAB, always, local("2026-11-20T12:00"))


@pytest.mark.parametrize(
    ("at", "hours", "later"),
    [
        ("2026-11-20T09:00", 9, "2026-11-20T18:00"),
        ("2026-11-20T17:00", 2, "2026-11-21T11:00"),
        ("2026-11-21T15:00", 18, "2026-11-24T17:00"),
        ("2026-11-22T12:00", 1, "2026-11-23T10:00"),
        ("2026-12-24T18:00", 4, "2026-12-28T11:00"),
        ("2026-10-31T15:00", 2, "2026-11-02T10:00"),
    ],
)
def test_open_hours_are_counted_over_nights_sundays_and_holidays(
    at: str, hours: int, later: str
) -> None:
    moment = open_hours_later(NOIZYLAB, COMPANY, local(at), hours)
    assert moment == local(later)
    assert moment.tzinfo is UTC


def test_a_business_without_hours_counts_every_hour() -> None:
    at = local("2026-10-31T12:00")
    assert open_hours_later(WITHOUT_HOURS, COMPANY, at, 24) == at.astimezone(UTC) + timedelta(1)


def test_hours_text() -> None:
    assert hours_text(NOIZYLAB)[0] == "Mon 09:00-18:00"
    assert len(hours_text(NOIZYLAB)) == 6
    assert hours_text(WITHOUT_HOURS) == ()


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_next_opening_is_open_and_nothing_before_it_is(at: datetime) -> None:
    opening = next_opening(NOIZYLAB, COMPANY, at)

    assert opening >= at
    assert is_open(NOIZYLAB, COMPANY, opening)
    if opening > at:
        assert not is_open(NOIZYLAB, COMPANY, opening - timedelta(seconds=1))
        assert not is_open(NOIZYLAB, COMPANY, at + (opening - at) / 2)
        hours = NOIZYLAB.opening_hours[WEEKDAYS[opening.astimezone(TORONTO).weekday()]]
        assert opening.astimezone(TORONTO).time() == hours.opens != time(0)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 10, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_open_hours_add_up(at: datetime, first: int, then: int) -> None:
    between = open_hours_later(NOIZYLAB, COMPANY, at, first)
    later = open_hours_later(NOIZYLAB, COMPANY, between, then)
    assert later == open_hours_later(NOIZYLAB, COMPANY, at, first + then)
    assert between - at >= timedelta(hours=first)
    assert is_open(NOIZYLAB, COMPANY, between - timedelta(microseconds=1))
