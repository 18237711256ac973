from __future__ import annotations

from uuid import UUID

from bench.chaos_kills import Killed
from bench.invariants import DeliverySeen, Evidence, Harm, RunSeen
from bench.recover import Continued, summarize

KILLED = Killed("worker-1", 1, at=100.0)
RUNS = [UUID(int=number) for number in range(3)]


def evidence(*runs: RunSeen) -> Evidence:
    return Evidence(
        deliveries=[
            DeliverySeen(number, "repair.requested", f"NL-{number}", "done", RUNS[number], "")
            for number in range(3)
        ],
        runs=runs,
    )


def run_of(number: int, run: UUID | None = None) -> RunSeen:
    return RunSeen(run or RUNS[number], is_intake=True, state="COMPLETED", ticket=f"NL-{number}")


def test_a_run_goes_on_when_it_is_running_again_or_done() -> None:
    continued = [
        Continued(0, running=[98, 104], finished=106),
        Continued(1, running=[99], finished=101),
        Continued(2, running=[105], finished=107),
    ]
    result = summarize(3, KILLED, continued, evidence(*map(run_of, range(3))))
    assert result.interrupted == 2
    assert (result.goes_on_p50_seconds, result.goes_on_max_seconds) == (1, 4)
    assert (result.done_p50_seconds, result.done_max_seconds) == (6, 7)
    assert result.same_run == 2


def test_a_second_run_is_not_the_same_run() -> None:
    continued = [Continued(0, running=[98, 104], finished=106)]
    result = summarize(3, KILLED, continued, evidence(run_of(0), run_of(0, UUID(int=9))))
    assert result.same_run == 0
    assert result.doubled > 0
    assert any(line.startswith(Harm.DOUBLED) for line in result.violations)
    assert not result.is_kept


def test_a_kill_that_interrupted_nothing_proves_nothing() -> None:
    assert not summarize(3, KILLED, [], evidence()).is_kept
