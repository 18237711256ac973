from __future__ import annotations

import pytest

from bench.accept import highest_rate


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
    assert highest_rate(100, lambda rate: bool(tried.append(rate)), held=False) == 0
    assert len(tried) == 12


def test_the_search_is_bounded() -> None:
    assert highest_rate(1000, lambda _: True, held=True) <= 2000
