"""What past orders tell of a supplier."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotrod.suppliers.rules import LEAST_MEASURED, PastOrder, track_record

TODAY = date(2026, 11, 20)

days = st.integers(0, 200)


@st.composite
def past_orders(draw: st.DrawFn) -> PastOrder:
    ordered = TODAY - timedelta(days=draw(st.integers(0, 200)))
    promised = draw(st.none() | days.map(lambda ahead: ordered + timedelta(days=ahead)))
    latest = (TODAY - ordered).days
    received = draw(
        st.none() | st.integers(0, latest).map(lambda took: ordered + timedelta(days=took))
    )
    return PastOrder(ordered, promised, received, draw(st.booleans()))


def received_after(*took: int, promised: int = 5) -> list[PastOrder]:
    ordered = date(2026, 3, 2)
    return [
        PastOrder(ordered, ordered + timedelta(days=promised), ordered + timedelta(days=one))
        for one in took
    ]


def test_few_orders_leave_the_suppliers_word() -> None:
    few = received_after(9, 9, 9, 9)
    assert track_record(few, TODAY, (1, 3)).lead_days == (1, 3)
    assert track_record([*few, *received_after(9)], TODAY, (1, 3)).lead_days == (9, 9)
    assert track_record(few[:1], TODAY, None).lead_days == (9, 9)
    assert track_record([], TODAY, None).lead_days is None


def test_lead_days_leave_out_the_fastest_and_the_slowest_tenth() -> None:
    record = track_record(received_after(1, *[4] * 10, *[6] * 8, 60), TODAY, (1, 3))
    assert record.lead_days == (4, 6)


def test_an_order_is_good_if_it_came_right_and_in_time() -> None:
    in_time, late = received_after(5, 6)
    wrong = PastOrder(date(2026, 3, 2), None, date(2026, 3, 4), came_right=False)
    never = PastOrder(date(2026, 3, 2), date(2026, 3, 9))
    on_its_way = PastOrder(TODAY, TODAY + timedelta(days=3))
    unpromised = PastOrder(date(2026, 3, 2))

    record = track_record([in_time, late, wrong, never, on_its_way, unpromised], TODAY, None)

    assert (record.orders, record.good_orders) == (4, 1)


def test_an_order_that_never_came_takes_longer_every_day() -> None:
    lost = [PastOrder(date(2026, 11, 1), date(2026, 11, 5))] * LEAST_MEASURED
    assert track_record(lost, date(2026, 11, 5), None).lead_days is None
    assert track_record(lost, date(2026, 11, 11), None).lead_days == (10, 10)
    assert track_record(lost, date(2026, 11, 21), None).lead_days == (20, 20)


@given(st.lists(past_orders(), max_size=30))
def test_the_record_keeps_its_order_and_its_bounds(history: list[PastOrder]) -> None:
    record = track_record(history, TODAY, None)
    assert 0 <= record.good_orders <= record.orders <= len(history)
    assert (record.lead_days is None) == (record.orders == 0)
    if record.lead_days:
        counted = [one for one in history if one.received_on or one.is_overdue(TODAY)]
        took = [((one.received_on or TODAY) - one.ordered_on).days for one in counted]
        least, most = record.lead_days
        assert min(took) <= least <= most <= max(took)
        assert sum(one <= most for one in took) >= 0.9 * len(took)
    assert track_record(reversed(history), TODAY, None) == record
