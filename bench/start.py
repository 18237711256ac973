"""``hotrod bench start``: from the webhook to the first mail, and to the running flow.

The baseline is stock Prefect: the same flow served by ``flow.serve()`` with default settings, on
the same server, right after. Its runs are of tickets that are done already, so every step is run
again and finds its work done; what is compared is only the time from the creation of a run until
it is RUNNING.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import ClassVar

from bench.figures import Result, Row, at_most, below, quantile
from bench.load import ACCEPTED, send_load, steadily
from bench.outcomes import acknowledgements, run_starts, seconds_until
from bench.prefect_api import PrefectApi
from bench.records import wait_until_idle
from bench.stack import BenchStack, bench_stack
from bench.stock import POLL_SECONDS, serving_stock, wait_until_run
from hotrod.errors import HotrodError

_LONGEST_RUN_SECONDS = 60.0
_SECONDS_PER_RUN = 3.0


class StartResult(Result):
    """Times from the moment that a webhook was due; those of stock from a run's creation."""

    title: ClassVar[str] = "start: one request per second"

    n: int
    ack_p50_seconds: float
    ack_p99_seconds: float
    run_p50_seconds: float
    run_p99_seconds: float
    stock_run_p50_seconds: float | None
    ratio: float | None

    def rows(self) -> list[Row]:
        """Return the figures; without a baseline no ratio is held against its promise."""
        rows = [
            Row("requests", str(self.n)),
            at_most("webhook -> acknowledgement mail, p50", self.ack_p50_seconds, 0.08),
            below("webhook -> acknowledgement mail, p99", self.ack_p99_seconds, 0.5),
            at_most("webhook -> flow running, p50", self.run_p50_seconds, 0.6),
            below("webhook -> flow running, p99", self.run_p99_seconds, 2.0),
        ]
        if self.stock_run_p50_seconds is None or self.ratio is None:
            return rows
        stock = Row("stock Prefect: created -> running, p50", f"{self.stock_run_p50_seconds:.2f} s")
        return [*rows, stock, Row("ratio", f"{self.ratio:.1f}", ">= 20", self.ratio >= 20)]  # noqa: PLR2004


def measure_start(
    *, n: int, stock_n: int, seed: int = 0, tell: Callable[[str], None] = lambda _: None
) -> StartResult:
    """Send one request per second, then run as many tickets again by stock Prefect.

    Args:
        n: requests.
        stock_n: runs of the baseline; 0: none.
        seed: of the requests' words.
        tell: called with what is being done now.

    Raises:
        HotrodError: a request was refused, or something came to no end.
    """
    tell("starting the stack")
    with bench_stack() as stack:
        tell(f"sending {n} requests, one per second")
        sent = send_load(stack, steadily(1.0, n), connections=4, seed=seed).sent
        refused = [one.status for one in sent if one.status != ACCEPTED]
        if refused:
            raise HotrodError(f"the gateway refused {len(refused)} requests: {set(refused)}")
        wait_until_idle(stack, _LONGEST_RUN_SECONDS + _SECONDS_PER_RUN * n)
        acknowledged = seconds_until(sent, acknowledgements(stack))
        running = seconds_until(sent, run_starts(stack))
        tickets = [one.ticket for one in sent][:stock_n]
        tell(f"running {len(tickets)} tickets by stock Prefect, one after another")
        stock = quantile(_stock_starts(stack, tickets, seed), 0.5) if tickets else None
    run_p50 = quantile(running, 0.5)
    return StartResult(
        n=n,
        ack_p50_seconds=round(quantile(acknowledged, 0.5), 3),
        ack_p99_seconds=round(quantile(acknowledged, 0.99), 3),
        run_p50_seconds=round(run_p50, 3),
        run_p99_seconds=round(quantile(running, 0.99), 3),
        stock_run_p50_seconds=None if stock is None else round(stock, 3),
        ratio=None if stock is None else round(stock / run_p50, 1),
    )


def _stock_starts(stack: BenchStack, tickets: list[str], seed: int) -> list[float]:
    """Return the seconds from creation to RUNNING of runs that stock Prefect makes, one by one."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    with serving_stock(stack) as deployment, PrefectApi(stack.settings) as prefect:
        starts: list[float] = []
        for ticket in tickets:
            time.sleep(chance.uniform(0, POLL_SECONDS))  # at any time between two polls
            run = prefect.create_run(deployment, {"ticket": ticket})
            (ended,) = wait_until_run(prefect, [run], _LONGEST_RUN_SECONDS)
            if ended.start_seconds is not None:
                starts.append(ended.start_seconds)
        return starts
