"""``hotrod bench drain``: how quickly a backlog is worked off, against the floor.

The floor is what Prefect's server takes by itself: a bare loop makes as many runs by the same
calls, as many at a time, with as many task states and artifacts as our runs turned out to have.
Both end when the server has recorded the end of the last task: what is in its queue is work, too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, Field

from bench.burst import last_finish
from bench.figures import PartSpent, Result, Row, all_of, in_words, spent
from bench.load import ACCEPTED, Due, send_load
from bench.outcomes import INTAKE
from bench.prefect_api import PrefectApi
from bench.records import read_deliveries, wait_until_idle
from bench.stack import BenchStack, bench_stack
from hotrod.errors import HotrodError
from hotrod.stack.environment import part_environment
from hotrod.stack.secrets import load_secrets

RATIO_AT_LEAST = 0.8
_CLIENTS = 4
_START_SECONDS = 120.0
_SECONDS_PER_RUN = 4.0
_RECORDED_WITHIN_SECONDS = 3.0
_LOOK_EVERY_SECONDS = 0.2
FLOOR = "floor/floor"


class FloorLoad(BaseModel):
    """How much the bare loop does: runs, each with so many tasks and artifacts."""

    runs: int = Field(ge=1, le=10_000)
    at_a_time: int = Field(ge=1, le=64)
    tasks: int = Field(ge=0, le=100)
    artifacts: int = Field(ge=0, le=100)


class FloorTimes(BaseModel):
    """When the bare loop began and ended, in seconds since the epoch."""

    begin: float
    end: float


class DrainResult(Result):
    """Rates are runs per second; the seconds count from the moment that the worker may begin."""

    title: ClassVar[str] = "drain: a backlog is worked off"

    n: int
    done: int
    undone: list[str]
    """What the inbox says of each that isn't done."""
    seconds: float
    runs_per_second: float
    floor_runs_per_second: float
    ratio: float
    tasks_per_run: int
    artifacts_per_run: int
    processes: dict[str, PartSpent]

    def rows(self) -> list[Row]:
        """Return the figures."""
        what = f"{self.tasks_per_run} tasks, {self.artifacts_per_run} artifacts each"
        return [
            Row("backlog", f"{self.n} requests"),
            all_of("done", self.done, self.n),
            *(Row("not done", why) for why in self.undone),
            Row("after", in_words(self.seconds)),
            Row("runs per second", f"{self.runs_per_second:.2f}"),
            Row(f"the floor ({what})", f"{self.floor_runs_per_second:.2f}"),
            Row(
                "ratio to the floor",
                f"{self.ratio:.2f}",
                f">= {RATIO_AT_LEAST}",
                self.ratio >= RATIO_AT_LEAST,
            ),
        ]

    def parts(self) -> dict[str, PartSpent]:
        """Return what each process took until all was done."""
        return self.processes


def measure_drain(
    *, n: int, seed: int = 0, tell: Callable[[str], None] = lambda _: None
) -> DrainResult:
    """Let requests pile up while the workers stand still, and measure how they are worked off.

    Args:
        n: requests.
        seed: of their words.
        tell: called with what is being done now.

    Raises:
        HotrodError: a request was refused, or something came to no end.
    """
    tell("starting the stack")
    with bench_stack() as stack:
        tell(f"accepting {n} requests while the workers stand still")
        with workers_paused(stack):
            requests = [Due(number=number) for number in range(n)]
            sent = send_load(stack, requests, connections=_CLIENTS, seed=seed).sent
        begin = time.time()
        before = stack.usage()
        refused = sum(one.status != ACCEPTED for one in sent)
        if refused:
            raise HotrodError(f"the gateway refused {refused} of {n} requests")
        tell("the workers work it off")
        wait_until_idle(stack, _START_SECONDS + _SECONDS_PER_RUN * n)
        deliveries = read_deliveries(stack.settings)
        with PrefectApi(stack.settings) as prefect:
            tasks, end = recorded(prefect, INTAKE, since=last_finish(deliveries))
            artifacts = prefect.count_artifacts(_deployment(prefect, INTAKE))
        seconds = end - begin
        processes = spent(before, stack.usage(), seconds)
        load = FloorLoad(
            runs=n,
            at_a_time=stack.settings.worker.claim_window,
            tasks=round(tasks / n),
            artifacts=round(artifacts / n),
        )
        tell("the bare loop does as many runs")
        with workers_paused(stack):
            floor = measure_floor(stack, load)
    return DrainResult(
        n=n,
        done=sum(one.is_done for one in deliveries),
        undone=[f"{one.state}: {one.last_error}" for one in deliveries if not one.is_done],
        seconds=round(seconds, 1),
        runs_per_second=round(n / seconds, 2),
        floor_runs_per_second=round(floor, 2),
        ratio=round(n / seconds / floor, 2),
        tasks_per_run=load.tasks,
        artifacts_per_run=load.artifacts,
        processes=processes,
    )


@contextmanager
def workers_paused(stack: BenchStack) -> Iterator[None]:
    """Let the worker processes stand still for the block."""
    workers = [pid for name, pid in stack.pids().items() if name.startswith("worker-")]
    try:
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def measure_floor(stack: BenchStack, load: FloorLoad) -> float:
    """Return the runs per second that the bare loop gets from a stack's Prefect server.

    Raises:
        HotrodError: the loop failed.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.floor", load.model_dump_json()],
            env=part_environment(stack.settings, load_secrets(stack.settings)),
            stdout=subprocess.PIPE,
            timeout=_START_SECONDS + _SECONDS_PER_RUN * load.runs,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise HotrodError(f"the floor could not be measured: {type(error).__name__}") from None
    times = FloorTimes.model_validate_json(done.stdout)
    with PrefectApi(stack.settings) as prefect:
        tasks, end = recorded(prefect, FLOOR, since=times.end)
    if tasks != load.runs * load.tasks:
        raise HotrodError(f"the floor has {tasks} tasks, not {load.runs * load.tasks}")
    return load.runs / (end - times.begin)


def recorded(prefect: PrefectApi, deployment: str, *, since: float) -> tuple[int, float]:
    """Wait until the server records no more ends of tasks of a deployment's runs.

    Returns:
        how many have ended, and when the last one was recorded, in seconds since the epoch;
        ``since`` when it had been by the first look.
    """
    key = _deployment(prefect, deployment)
    known, changed, looked = prefect.count_ended_tasks(key), since, time.time()
    while time.time() < max(changed, looked) + _RECORDED_WITHIN_SECONDS:
        time.sleep(_LOOK_EVERY_SECONDS)
        if (found := prefect.count_ended_tasks(key)) != known:
            known, changed = found, time.time()
    return known, changed


def _deployment(prefect: PrefectApi, name: str) -> UUID:
    found = prefect.deployment(name)
    if found is None:
        raise HotrodError(f"there is no deployment {name}")
    return found
