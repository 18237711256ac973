"""``hotrod bench sleep``: what runs cost that wait for somebody, and that they wake up.

The whole stack is compared with itself, each time just started: with no run asleep, and with all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from bench.figures import Result, Row, all_of, at_most, in_words, none_of, quantile
from bench.prefect_api import PrefectApi
from bench.records import count_in
from bench.stack import BenchStack, bench_stack
from hotrod.durable.models import DeliveryState
from hotrod.errors import HotrodError

MOST_RUNS = 5000
_EXTRA_MB_BELOW = 50.0
_AWAKE_WITHIN_SECONDS = 20.0
_SLEEPER = "sleeper/sleeper"
_DEPLOYMENTS = Path(__file__).with_name("sleeper.yaml")
_MOST_WOKEN = 20
_SECONDS_PER_RUN = 4.0
_START_SECONDS = 60.0
_SETTLING_SECONDS = 20.0
_WATCHED_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.2


class SleepResult(Result):
    """``n`` runs asleep; memory and CPU of all processes of the stack together."""

    title: ClassVar[str] = "sleep: runs that wait for somebody"

    n: int
    asleep: int
    claimed: int
    mb_before: float
    mb_asleep: float
    extra_mb: float
    cpu_percent_before: float
    cpu_percent_asleep: float
    woken: int
    done: int
    awake_p50_seconds: float
    awake_max_seconds: float

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        return [
            all_of("runs asleep, after a restart of everything", self.asleep, self.n),
            none_of("deliveries that a worker holds", self.claimed),
            Row("memory of the stack, none asleep", f"{self.mb_before:.0f} MB"),
            Row("memory of the stack, all asleep", f"{self.mb_asleep:.0f} MB"),
            Row(
                "memory that they take",
                f"{self.extra_mb:.0f} MB",
                f"< {_EXTRA_MB_BELOW:.0f} MB",
                self.extra_mb < _EXTRA_MB_BELOW,
            ),
            Row("CPU of the stack, none asleep", f"{self.cpu_percent_before:.1f} % of a core"),
            Row("CPU of the stack, all asleep", f"{self.cpu_percent_asleep:.1f} % of a core"),
            all_of("done once they were resumed", self.done, self.woken),
            Row("from resuming until done, p50", in_words(self.awake_p50_seconds)),
            at_most(
                "from resuming until done, the last", self.awake_max_seconds, _AWAKE_WITHIN_SECONDS
            ),
        ]


@dataclass(frozen=True)
class _Rest:
    """What the stack takes when nothing is to be done: MB, and percent of a core."""

    mb: float
    cpu_percent: float


def measure_sleep(*, n: int, tell: Callable[[str], None] = lambda _: None) -> SleepResult:
    """Let runs fall asleep, restart everything, look what they cost, and wake some of them.

    Args:
        n: runs, up to ``MOST_RUNS``.
        tell: called with what is being done now.

    Raises:
        HotrodError: they don't fall asleep, or don't wake up.
    """
    n = min(n, MOST_RUNS)
    tell("starting the stack")
    with bench_stack(worker__deployments_file=_DEPLOYMENTS) as stack:
        before = _at_rest(stack)
        tell(f"letting {n} runs fall asleep")
        runs = _create(stack, n)
        _wait_for(stack, DeliveryState.SUSPENDED, n, _START_SECONDS + _SECONDS_PER_RUN * n)
        tell("restarting everything")
        stack.restart()
        asleep = _at_rest(stack)
        sleeping = count_in(stack.settings, DeliveryState.SUSPENDED)
        claimed = count_in(stack.settings, DeliveryState.CLAIMED)
        woken = runs[:: max(1, n // _MOST_WOKEN)][:_MOST_WOKEN]
        tell(f"waking {len(woken)} of them")
        waited = [_wake(stack, run, place) for place, run in enumerate(woken, start=1)]
        done = count_in(stack.settings, DeliveryState.DONE)
    return SleepResult(
        n=n,
        asleep=sleeping,
        claimed=claimed,
        mb_before=round(before.mb, 1),
        mb_asleep=round(asleep.mb, 1),
        extra_mb=round(asleep.mb - before.mb, 1),
        cpu_percent_before=round(before.cpu_percent, 1),
        cpu_percent_asleep=round(asleep.cpu_percent, 1),
        woken=len(woken),
        done=done,
        awake_p50_seconds=round(quantile(waited, 0.5), 2),
        awake_max_seconds=round(max(waited), 2),
    )


def _at_rest(stack: BenchStack) -> _Rest:
    """Return what the stack takes, some time after its start."""
    time.sleep(_SETTLING_SECONDS)
    begin, begun = stack.usage(), time.monotonic()
    time.sleep(_WATCHED_SECONDS)
    end, seconds = stack.usage(), time.monotonic() - begun
    cpu = sum(end[name].cpu_seconds - begin[name].cpu_seconds for name in begin)
    return _Rest(sum(one.rss_mb for one in end.values()), 100 * cpu / seconds)


def _create(stack: BenchStack, n: int) -> list[UUID]:
    with PrefectApi(stack.settings) as prefect:
        deployment = prefect.deployment(_SLEEPER)
        if deployment is None:
            raise HotrodError(f"there is no deployment {_SLEEPER}")
        return [prefect.create_run(deployment, {"number": number}).id for number in range(n)]


def _wake(stack: BenchStack, run: UUID, done: int) -> float:
    """Resume a run as the UI does; return the seconds until so many are done."""
    begun = time.monotonic()
    with PrefectApi(stack.settings) as prefect:
        prefect.resume(run)
    _wait_for(stack, DeliveryState.DONE, done, _START_SECONDS)
    return time.monotonic() - begun


def _wait_for(stack: BenchStack, state: DeliveryState, number: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (reached := count_in(stack.settings, state)) < number:
        if time.monotonic() > deadline:
            raise HotrodError(f"{reached} of {number} runs are {state} after {seconds:.0f} s")
        time.sleep(_LOOK_EVERY_SECONDS)
