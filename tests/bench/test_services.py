from __future__ import annotations

import pytest

from bench.services import busiest_window


@pytest.mark.parametrize(
    ("moments", "most"),
    [([], 0), ([0.0], 1), ([0.0, 9.9, 10.0], 2), ([0, 1, 2, 20, 21], 3), ([0, 5, 9, 11, 14], 4)],
)
def test_the_busiest_window_is_found_wherever_it_begins(moments: list[float], most: int) -> None:
    assert busiest_window(moments, 10.0) == most
