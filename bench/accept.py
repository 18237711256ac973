"""``hotrod bench accept``: how quickly requests are accepted while the worker works."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import ClassVar

from bench.figures import PartSpent, Result, Row, below, in_words, none_of, quantile, spent
from bench.load import ACCEPTED, LoadReport, send_load, steadily
from bench.records import count_in
from bench.stack import BenchStack, PartUsage, bench_stack
from hotrod.durable.models import DeliveryState
from hotrod.errors import HotrodError

P99_BELOW_SECONDS = 0.05
_CONNECTIONS = 16
_STEP_SECONDS = 10.0
_STEP = 1.25
_MOST_STEPS = 12
_MOST_PER_SECOND = 2000.0
_DISCARD_WITHIN_SECONDS = 600


class AcceptResult(Result):
    """Latencies count from the time that a request was due until its 202 was complete.

    Args:
        errors: answers other than 202, and requests without any.
        highest_rate: per second, of the steps tried; 0: not even the lowest was held.
        discarded: deliveries thrown away in the end, as ops would do it.
    """

    title: ClassVar[str] = "accept: a steady stream of requests while the worker works"

    rate: float
    seconds: float
    n: int
    errors: int
    p50_seconds: float
    p99_seconds: float
    max_seconds: float
    highest_rate: float | None
    discarded: int
    discard_seconds: float
    processes: dict[str, PartSpent]

    def rows(self) -> list[Row]:
        """Return the figures."""
        highest = (
            []
            if self.highest_rate is None
            else [Row("highest rate with p99 < 50 ms", f"{self.highest_rate:.0f}/s")]
        )
        return [
            Row("requests", f"{self.n} ({self.rate:g}/s for {self.seconds:g} s)"),
            Row("accepted, p50", in_words(self.p50_seconds)),
            below("accepted, p99", self.p99_seconds, P99_BELOW_SECONDS),
            Row("accepted, slowest", in_words(self.max_seconds)),
            none_of("errors", self.errors),
            *highest,
            Row("backlog discarded", f"{self.discarded} in {in_words(self.discard_seconds)}"),
        ]

    def parts(self) -> dict[str, PartSpent]:
        """Return what each process took while the steady stream came in."""
        return self.processes


def measure_accept(
    *,
    rate: float,
    seconds: float,
    search: bool,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> AcceptResult:
    """Send a steady stream of requests; then look for the highest rate that is held.

    Args:
        rate: requests per second.
        seconds: how long.
        search: whether to look for the highest rate, in steps of ten seconds.
        seed: of the requests' words.
        tell: called with what is being done now.

    Raises:
        HotrodError: the load could not be sent, or the backlog not be discarded.
    """
    tell("starting the stack")
    with bench_stack() as stack:
        steps = _Steps(stack, seed)
        before, begun = stack.usage(), time.monotonic()
        tell(f"sending {rate:g} requests per second for {seconds:g} s")
        report = steps.send(rate, seconds)
        load = {"load": PartUsage(report.cpu_seconds, report.rss_mb)}
        processes = spent(before, stack.usage() | load, time.monotonic() - begun)
        highest = None
        if search:
            highest = highest_rate(rate, steps.is_held, held=_is_held(report), tell=tell)
        tell("discarding the backlog")
        begun = time.monotonic()
        discarded = _discard(stack)
        discard_seconds = time.monotonic() - begun
    latencies = [one.latency for one in report.sent]
    return AcceptResult(
        rate=rate,
        seconds=seconds,
        n=len(report.sent),
        errors=_errors(report),
        p50_seconds=round(quantile(latencies, 0.5), 4),
        p99_seconds=round(quantile(latencies, 0.99), 4),
        max_seconds=round(max(latencies), 4),
        highest_rate=highest,
        discarded=discarded,
        discard_seconds=round(discard_seconds, 2),
        processes=processes,
    )


class _Steps:
    """Sends one stretch of requests after another, each with numbers of its own."""

    def __init__(self, stack: BenchStack, seed: int) -> None:
        self._stack = stack
        self._seed = seed
        self._next_number = 0

    def send(self, rate: float, seconds: float) -> LoadReport:
        requests = steadily(rate, seconds, self._next_number)
        self._next_number += len(requests)
        return send_load(self._stack, requests, connections=_CONNECTIONS, seed=self._seed)

    def is_held(self, rate: float) -> bool:
        return _is_held(self.send(rate, _STEP_SECONDS))


def highest_rate(
    first: float,
    is_held: Callable[[float], bool],
    *,
    held: bool,
    tell: Callable[[str], None] = lambda _: None,
) -> float:
    """Return the highest rate that is held, by steps of a quarter up or down from the first.

    Args:
        first: rate that was tried already.
        is_held: tries a rate.
        held: whether the first one was held.
        tell: called with what is being tried.

    Returns:
        requests per second; 0 when none was held.
    """
    best = first if held else 0.0
    rate = first
    for _ in range(_MOST_STEPS):
        rate = rate * _STEP if held else rate / _STEP
        if rate > _MOST_PER_SECOND:
            break
        tell(f"trying {rate:.0f} requests per second")
        if is_held(rate):
            best = rate
        if (best == rate) != held:  # it turned
            break
    return round(best, 1)


def _errors(report: LoadReport) -> int:
    return sum(one.status != ACCEPTED for one in report.sent)


def _is_held(report: LoadReport) -> bool:
    p99 = quantile((one.latency for one in report.sent), 0.99)
    return p99 < P99_BELOW_SECONDS and _errors(report) == 0


def _discard(stack: BenchStack) -> int:
    """Discard what waits, by the command that ops would use; return how many that were."""
    command = [sys.executable, "-m", "cli.main", "inbox", "discard", "--state", "waiting", "--yes"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_DISCARD_WITHIN_SECONDS
    )
    if done.returncode != 0:
        raise HotrodError(f"the backlog could not be discarded: {done.stderr.strip()[-300:]}")
    return count_in(stack.settings, DeliveryState.DISCARDED)
