"""``hotrod bench recover``: the worker is killed in the middle of its runs; they go on.

Each interrupted run must be the same run in Prefect afterwards, and its mails must come once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from bench.chaos_kills import Killed, StackWatch
from bench.evidence import gather, wait_until_at_rest
from bench.figures import Result, Row, all_of, at_most, none_of, quantile
from bench.invariants import Accepted, Evidence, Harm, check
from bench.load import ACCEPTED, Due, send_load
from bench.prefect_api import PrefectApi
from bench.records import fetch
from bench.stack import BenchStack, bench_stack
from hotrod.errors import HotrodError

MOST_REQUESTS = 100
_WORKER = "worker-1"
_GOES_ON_WITHIN_SECONDS = 20.0
_FIRST_DONE_WITHIN_SECONDS = 60.0
_AT_REST_WITHIN_SECONDS = 180.0
_LOOK_EVERY_SECONDS = 0.05

_DONE = "SELECT id, run_id, finished_at FROM inbox WHERE state = 'done' ORDER BY id"


class RecoverResult(Result):
    """Times from the kill of the worker, with ``n`` requests in flight.

    A run is interrupted when it had been RUNNING, and its delivery was not done. It goes on when
    it is RUNNING again, or done. ``same_run`` counts the interrupted deliveries that have a
    single run in Prefect.
    """

    title: ClassVar[str] = "recover: kill -9 of the worker in the middle of its runs"

    n: int
    interrupted: int
    goes_on_p50_seconds: float
    goes_on_max_seconds: float
    done_p50_seconds: float
    done_max_seconds: float
    same_run: int
    lost: int
    doubled: int
    violations: list[str]

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        goes_on = at_most("the last one goes on", self.goes_on_max_seconds, _GOES_ON_WITHIN_SECONDS)
        return [
            Row("requests in flight", str(self.n)),
            Row("interrupted runs", str(self.interrupted), "> 0", self.interrupted > 0),
            Row("killed -> a run goes on, p50", f"{self.goes_on_p50_seconds:.1f} s"),
            goes_on,
            Row("killed -> a delivery is done, p50", f"{self.done_p50_seconds:.1f} s"),
            Row("all are done", f"{self.done_max_seconds:.1f} s"),
            all_of("continued by the same run", self.same_run, self.interrupted),
            none_of("lost", self.lost),
            none_of("doubled", self.doubled),
            none_of("violated invariants", len(self.violations)),
        ]


@dataclass(frozen=True)
class Continued:
    """A delivery that was unfinished at the kill; times are seconds since the epoch."""

    delivery: int
    running: list[float]
    finished: float

    def was_running(self, killed_at: float) -> bool:
        """Whether its run had begun."""
        return any(moment <= killed_at for moment in self.running)

    def went_on(self, killed_at: float) -> float:
        """Return the seconds until its run was RUNNING again, or done."""
        return min(at for at in (*self.running, self.finished) if at > killed_at) - killed_at


def measure_recover(*, n: int, seed: int = 0) -> RecoverResult:
    """Send requests at once, and kill the worker as soon as the first of them is done.

    Args:
        n: requests, up to ``MOST_REQUESTS``.
        seed: of the requests' words.

    Raises:
        HotrodError: a request was refused, or something came to no end.
    """
    n = min(n, MOST_REQUESTS)
    with bench_stack(mail__transport="graph", sandbox__journal="mail.jsonl") as stack:
        due = [Due(number=number) for number in range(n)]
        sent = send_load(stack, due, connections=n, seed=seed).sent
        accepted = [Accepted(one.number, one.ticket) for one in sent if one.status == ACCEPTED]
        if len(accepted) < n:
            raise HotrodError(f"the gateway refused {n - len(accepted)} of {n} requests")
        killed = asyncio.run(_kill_in_the_middle(stack))
        if wait_until_at_rest(stack, _AT_REST_WITHIN_SECONDS) is None:
            raise HotrodError(f"not all is done {_AT_REST_WITHIN_SECONDS:.0f} s after the kill")
        evidence = gather(stack, accepted)
        continued = _continued(stack, killed)
    return summarize(n, killed, continued, evidence)


def summarize(
    n: int, killed: Killed, continued: list[Continued], evidence: Evidence
) -> RecoverResult:
    """Return the figures of a kill.

    Args:
        n: requests in flight.
        killed: the worker.
        continued: the deliveries that were unfinished when it was killed.
        evidence: gathered when all was done.
    """
    interrupted = [one for one in continued if one.was_running(killed.at)]
    goes_on = [one.went_on(killed.at) for one in interrupted]
    done = [one.finished - killed.at for one in continued]
    runs = Counter(one.ticket for one in evidence.runs if one.is_intake)
    tickets = {one.id: one.ticket for one in evidence.deliveries}
    violations = check(evidence)
    harms = Counter(one.harm for one in violations)
    return RecoverResult(
        n=n,
        interrupted=len(interrupted),
        goes_on_p50_seconds=round(quantile(goes_on, 0.5), 2),
        goes_on_max_seconds=round(quantile(goes_on, 1.0), 2),
        done_p50_seconds=round(quantile(done, 0.5), 2),
        done_max_seconds=round(quantile(done, 1.0), 2),
        same_run=sum(runs[tickets[one.delivery]] == 1 for one in interrupted),
        lost=harms[Harm.LOST],
        doubled=harms[Harm.DOUBLED],
        violations=[f"{one.harm}: {one.about}: {one.what}" for one in violations],
    )


async def _kill_in_the_middle(stack: BenchStack) -> Killed:
    deadline = time.monotonic() + _FIRST_DONE_WITHIN_SECONDS
    while not await asyncio.to_thread(fetch, stack.settings, _DONE):
        if time.monotonic() > deadline:
            raise HotrodError(f"no request was done in {_FIRST_DONE_WITHIN_SECONDS:.0f} s")
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    killed = await StackWatch(stack).kill(_WORKER)
    if killed is None:
        raise HotrodError("there was no worker to be killed")
    return killed


def _continued(stack: BenchStack, killed: Killed) -> list[Continued]:
    later = [
        row for row in fetch(stack.settings, _DONE) if row["finished_at"].timestamp() > killed.at
    ]
    with PrefectApi(stack.settings) as prefect:
        return [
            Continued(
                delivery=row["id"],
                running=[moment.timestamp() for moment in prefect.running_times(row["run_id"])],
                finished=row["finished_at"].timestamp(),
            )
            for row in later
        ]
