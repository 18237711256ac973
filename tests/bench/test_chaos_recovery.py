from __future__ import annotations

from bench.chaos_kills import Killed
from bench.chaos_recovery import Blow, recoveries


def blow(at: float, ready_at: float | None, *interrupted: int) -> Blow:
    return Blow(Killed("worker-1", 1, at), ready_at, interrupted)


def seconds(
    blows: list[Blow], finished: list[float], running: dict[int, list[float]]
) -> list[float]:
    return [found for _, found in recoveries(blows, finished, running)]


def test_the_part_must_be_ready_and_a_delivery_finished() -> None:
    assert seconds([blow(10, 13)], [9, 12, 30], {}) == [3]
    assert seconds([blow(10, 13)], [9, 18, 17], {}) == [7]


def test_an_interrupted_run_must_be_running_again() -> None:
    assert seconds([blow(10, 13, 1, 2)], [14], {1: [8, 19], 2: [9, 21]}) == [9]


def test_what_never_recovered_has_no_figure() -> None:
    assert seconds([blow(10, None)], [12], {}) == []
    assert seconds([blow(10, 11)], [9], {}) == []


def test_a_kill_before_the_recovery_takes_its_place() -> None:
    assert seconds([blow(10, 13), blow(14, 16)], [20], {}) == [6]
    assert seconds([blow(10, 13), blow(14, 16)], [13.5, 20], {}) == [3.5, 6]
