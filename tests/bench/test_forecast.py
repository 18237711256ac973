from __future__ import annotations

import numpy as np
import pytest

from bench.forecast import ForecastResult, Score, draw_parts, measure_forecast


def test_the_same_seed_draws_the_same_parts() -> None:
    one, same, other = (list(draw_parts(10, seed)) for seed in (1, 1, 2))
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first.demand, second.demand)
    assert any((a.demand != b.demand).any() for a, b in zip(one, other, strict=True))


def test_every_kind_is_drawn_and_judged() -> None:
    result = measure_forecast(parts=100, seed=0, tell=lambda _: None)
    kinds = {part.kind for part in draw_parts(100, 0)}
    assert set(result.chosen.kinds) == kinds
    assert all(set(score.kinds) == kinds for score in result.single.values())
    assert sum(result.chosen_times.values()) <= 300


@pytest.mark.parametrize(
    ("rmsse", "bias", "seconds", "kept"),
    [
        (0.6, 0.05, 30.0, True),
        (0.7, 0.05, 30.0, False),
        (0.6, -0.1, 30.0, False),
        (0.6, 0.05, 60.0, False),
    ],
)
def test_a_goal_that_is_missed_is_said(
    rmsse: float,
    bias: float,
    seconds: float,
    kept: bool,  # noqa: FBT001
) -> None:
    result = ForecastResult(
        parts_forecast=10_000,
        parts_judged=9_000,
        seconds=seconds,
        chosen=Score(rmsse=rmsse, bias=bias, kinds={}),
        single={"SES": Score(rmsse=0.7, bias=0.5, kinds={})},
        chosen_times={},
        lasted={},
    )
    assert result.is_kept is kept
