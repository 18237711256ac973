from __future__ import annotations

import numpy as np
import pytest

from hotrod.errors import InvalidInputError
from hotrod.forecast.reorder import reorder_point
from hotrod.forecast.similar import forecast_new_part

SIMILAR = {"A": np.full(24, 2.0), "B": np.full(24, 4.0)}


def test_a_part_without_a_past_is_expected_to_sell_as_its_likes_do() -> None:
    found = forecast_new_part("new", np.array([]), SIMILAR, 3)
    assert found.months == pytest.approx([3.0] * 3)
    assert "A, B" in found.reason
    assert reorder_point(found, [30], 0.95) > 0


def test_at_a_year_its_own_past_counts_as_much() -> None:
    found = forecast_new_part("new", np.full(12, 9.0), SIMILAR, 1)
    assert found.months == pytest.approx([6.0])
    assert "count 50%" in found.reason


def test_a_part_like_no_other_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Name a part like new"):
        forecast_new_part("new", np.array([]), {}, 3)
