from __future__ import annotations

import pytest

from bench.burst import BurstResult
from bench.drain import DrainResult
from bench.start import StartResult

START = StartResult(
    n=100,
    ack_p50_seconds=0.08,
    ack_p99_seconds=0.49,
    run_p50_seconds=0.6,
    run_p99_seconds=1.99,
    stock_run_p50_seconds=12.0,
    ratio=20.0,
)
BURST = BurstResult(
    n=501,
    clients=16,
    accepted=499,
    refused=2,
    failed=0,
    last_ack_seconds=15,
    urgent_ack_seconds=1,
    urgent_run_seconds=5,
    done=499,
    doubled=0,
    seconds=250,
    runs_per_second=2,
    stock_runs_per_second=None,
    ratio=None,
    processes={},
)
DRAIN = DrainResult(
    n=200,
    done=200,
    undone=[],
    seconds=100,
    runs_per_second=2,
    floor_runs_per_second=2.5,
    ratio=0.8,
    tasks_per_run=10,
    artifacts_per_run=3,
    processes={},
)


def test_the_keys_of_start_are_the_promised_ones() -> None:
    assert list(START.model_dump()) == [
        "n",
        "ack_p50_seconds",
        "ack_p99_seconds",
        "run_p50_seconds",
        "run_p99_seconds",
        "stock_run_p50_seconds",
        "ratio",
    ]


def test_promises_may_be_kept_to_the_limit() -> None:
    assert START.is_kept
    assert BURST.is_kept
    assert DRAIN.is_kept


def test_a_baseline_that_was_left_out_breaks_no_promise() -> None:
    alone = START.model_copy(update={"stock_run_p50_seconds": None, "ratio": None})
    assert alone.is_kept


@pytest.mark.parametrize(
    "worse",
    [
        START.model_copy(update={"ack_p50_seconds": 0.081}),
        START.model_copy(update={"ack_p99_seconds": 0.5}),
        START.model_copy(update={"run_p50_seconds": 0.61}),
        START.model_copy(update={"run_p99_seconds": 2.0}),
        START.model_copy(update={"ratio": 19.9}),
        BURST.model_copy(update={"failed": 1}),
        BURST.model_copy(update={"last_ack_seconds": 15.1}),
        BURST.model_copy(update={"urgent_ack_seconds": 1.1}),
        BURST.model_copy(update={"urgent_run_seconds": 5.1}),
        BURST.model_copy(update={"done": 498}),
        BURST.model_copy(update={"doubled": 1}),
        DRAIN.model_copy(update={"done": 199}),
        DRAIN.model_copy(update={"ratio": 0.79}),
    ],
    ids=repr,
)
def test_each_promise_can_be_broken(worse: StartResult | BurstResult | DrainResult) -> None:
    assert not worse.is_kept
