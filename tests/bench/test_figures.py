from __future__ import annotations

import math
from typing import ClassVar

import pytest
from rich.console import Console

from bench.figures import (
    PartSpent,
    Result,
    Row,
    all_of,
    at_most,
    below,
    in_words,
    none_of,
    quantile,
    spent,
)
from bench.stack import PartUsage


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_quantile_is_one_of_the_values(share: float, value: int) -> None:
    assert quantile(reversed(range(1, 101)), share) == value


def test_there_is_no_quantile_of_nothing() -> None:
    assert math.isnan(quantile([], 0.5))


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (at_most("x", 0.08, 0.08), True),
        (at_most("x", 0.081, 0.08), False),
        (at_most("x", None, 1), False),
        (at_most("x", math.nan, 1), False),
        (below("x", 0.05, 0.05), False),
        (below("x", 0.049, 0.05), True),
        (none_of("x", 0), True),
        (none_of("x", 1), False),
        (all_of("x", 5, 5), True),
        (all_of("x", 4, 5), False),
    ],
)
def test_a_figure_is_held_against_its_promise(row: Row, kept: bool) -> None:  # noqa: FBT001
    assert row.kept is kept


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0412, "41 ms"), (1.516, "1.52 s"), (73.2, "73 s"), (None, "none"), (math.nan, "none")],
)
def test_durations_read_well(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words


def test_what_a_part_took_counts_from_its_last_start() -> None:
    before = {"worker-1": PartUsage(10.0, 100), "gateway": PartUsage(8.0, 50)}
    after = {
        "worker-1": PartUsage(15.0, 120),
        "gateway": PartUsage(2.0, 60),
        "prefect": PartUsage(1.0, 200),
    }
    assert spent(before, after, 10) == {
        "worker-1": PartSpent(cpu_seconds=5.0, cpu_percent=50.0, rss_mb=120),
        "gateway": PartSpent(cpu_seconds=2.0, cpu_percent=20.0, rss_mb=60),
        "prefect": PartSpent(cpu_seconds=1.0, cpu_percent=10.0, rss_mb=200),
    }


class Example(Result):
    title: ClassVar[str] = "example"

    errors: int

    def rows(self) -> list[Row]:
        return [Row("sent", "5"), none_of("errors", self.errors)]

    def parts(self) -> dict[str, PartSpent]:
        return {"gateway": PartSpent(cpu_seconds=1.25, cpu_percent=12.5, rss_mb=60)}


@pytest.mark.parametrize(("errors", "verdict"), [(0, "yes"), (2, "no")])
def test_the_table_says_which_promise_is_kept(errors: int, verdict: str) -> None:
    result = Example(errors=errors)
    assert result.is_kept is (errors == 0)
    console = Console(width=80)
    with console.capture() as shown:
        console.print(result.tables())
    lines = [line.split() for line in shown.get().splitlines()]
    assert ["errors", str(errors), "0", verdict] in lines
    assert ["gateway", "1.2", "12", "60"] in lines
