from __future__ import annotations

import pytest

from bench.accept import AcceptResult, highest_rate


@pytest.mark.parametrize(
    ("limit", "highest"), [(100, 100), (124, 100), (130, 125), (200, 195.3), (79, 64), (80, 80)]
)
def test_the_highest_rate_is_found_going_up_or_down(limit: float, highest: float) -> None:
    tried: list[float] = []

    def is_held(rate: float) -> bool:
        tried.append(rate)
        return rate <= limit

    assert highest_rate(100, is_held, held=limit >= 100) == pytest.approx(highest, abs=0.1)
    assert 100 not in tried


def test_a_rate_that_is_never_held_ends_the_search() -> None:
    tried: list[float] = []

    def is_held(rate: float) -> bool:
        tried.append(rate)
        return False

    assert highest_rate(100, is_held, held=False) == 0
    assert len(tried) == 12


def test_the_search_is_bounded() -> None:
    assert highest_rate(1000, lambda _: True, held=True) <= 2000


@pytest.mark.parametrize(("highest", "shown"), [(None, []), (244.1, ["244/s"])])
def test_the_highest_rate_is_shown_if_it_was_looked_for(
    highest: float | None, shown: list[str]
) -> None:
    result = AcceptResult(
        rate=100,
        seconds=60,
        n=6000,
        errors=0,
        p50_seconds=0.01,
        p99_seconds=0.04,
        max_seconds=0.2,
        highest_rate=highest,
        discarded=5000,
        discard_seconds=1.5,
        processes={},
    )
    assert [row.value for row in result.rows() if row.name.startswith("highest")] == shown
    assert result.is_kept
