"""``hotrod bench services``: what connectors share, beside plain httpx, and its pace.

Several processes use one account as often as its limit allows; the stand-in's record of calls
says when each arrived. And one process calls by turns with and without all that is shared.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import ClassVar

import httpx

from bench.figures import Result, Row, below, in_words, quantile
from bench.paced import PATH, Pace, paced_client
from bench.stack import BenchStack, bench_stack
from connectors._http.limits import Rate
from hotrod.db.engine import Database
from hotrod.errors import HotrodError
from hotrod.stack.secrets import load_secrets
from tasks._accounts import Accounts

_LEAST_USED = 0.95
_OVERHEAD_SECONDS = 0.001
_START_SECONDS = 12.0
_WARM_CALLS = 50
_MANY = Rate(1_000_000, 10.0)  # a limit that keeps nobody waiting


class ServicesResult(Result):
    """The pace of an account shared by processes, and what a call costs beside plain httpx."""

    title: ClassVar[str] = "services: an account shared by processes, and the price of a call"

    processes: int
    limit: int
    window_seconds: float
    calls: int
    busiest_window: int
    used: float
    pairs: int
    plain_p50_seconds: float
    shared_p50_seconds: float
    overhead_p50_seconds: float
    overhead_mean_seconds: float

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        busiest = self.busiest_window
        return [
            Row("processes", str(self.processes)),
            Row("limit", f"{self.limit} in {self.window_seconds:g} s"),
            Row("calls that arrived", str(self.calls)),
            Row("busiest window", str(busiest), f"<= {self.limit}", busiest <= self.limit),
            Row("used", f"{self.used:.1%}", f">= {_LEAST_USED:.0%}", self.used >= _LEAST_USED),
            Row("plain httpx, p50", in_words(self.plain_p50_seconds)),
            Row("with all that is shared, p50", in_words(self.shared_p50_seconds)),
            below("overhead, p50 of pairs", self.overhead_p50_seconds, _OVERHEAD_SECONDS),
            below("overhead, mean of pairs", self.overhead_mean_seconds, _OVERHEAD_SECONDS),
        ]


def measure_services(
    *,
    processes: int = 4,
    limit: int = 100,
    window_seconds: float = 10.0,
    windows: int = 5,
    pairs: int = 400,
) -> ServicesResult:
    """Measure on a fresh stack.

    Args:
        processes: that share the account.
        limit: calls in a window.
        window_seconds: its length.
        windows: how many of them it takes.
        pairs: calls with and without.

    Raises:
        HotrodError: a process failed.
        StackError: a part could not be started.
    """
    with bench_stack() as stack:
        plain, shared = asyncio.run(_pairs(stack, pairs))
        arrivals = _share(stack, processes, Rate(limit, window_seconds), windows)
    differences = [long - short for short, long in zip(plain, shared, strict=True)]
    steady = [moment for moment in arrivals if moment >= arrivals[0] + window_seconds]
    return ServicesResult(
        processes=processes,
        limit=limit,
        window_seconds=window_seconds,
        calls=len(arrivals),
        busiest_window=busiest_window(arrivals, window_seconds),
        used=_used(steady, Rate(limit, window_seconds)),
        pairs=pairs,
        plain_p50_seconds=quantile(plain, 0.5),
        shared_p50_seconds=quantile(shared, 0.5),
        overhead_p50_seconds=quantile(differences, 0.5),
        overhead_mean_seconds=sum(differences) / len(differences),
    )


def busiest_window(moments: Sequence[float], seconds: float) -> int:
    """Return the most of these moments, in their order, that lie within so many seconds."""
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def _used(steady: Sequence[float], rate: Rate) -> float:
    """Return the share of the limit that was used, from one burst's begin to another's."""
    begins = [after for before, after in pairwise(steady) if after - before > rate.seconds / 4]
    if len(begins) > 1:  # the calls come in bursts, one a window: whole ones count
        whole = [moment for moment in steady if begins[0] <= moment < begins[-1]]
        return len(whole) / (rate.calls * (begins[-1] - begins[0]) / rate.seconds)
    return (len(steady) - 1) / (rate.calls * (steady[-1] - steady[0]) / rate.seconds)


def _share(stack: BenchStack, processes: int, rate: Rate, windows: int) -> list[float]:
    """Let processes use one account; return when their calls arrived, the earliest first."""
    control = httpx.Client(base_url=stack.settings.sandbox_url, trust_env=False)
    control.post("/_control/reset").raise_for_status()
    begin = time.time() + _START_SECONDS
    end = begin + (windows + 1) * rate.seconds
    pace = Pace(calls=rate.calls, seconds=rate.seconds, begin=begin, end=end)
    command = [sys.executable, "-m", "bench.paced", pace.model_dump_json()]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(processes)]
    failed = sum(one.wait(end - time.time() + 4 * rate.seconds) != 0 for one in running)
    if failed:
        raise HotrodError(f"{failed} of {processes} processes failed")
    calls = control.get("/_control/calls", params={"service": "slack"}).raise_for_status().json()
    control.close()
    return sorted(datetime.fromisoformat(call["at"]).timestamp() for call in calls)


async def _pairs(stack: BenchStack, pairs: int) -> tuple[list[float], list[float]]:
    """Call by turns with plain httpx and with all that is shared; return the times of both."""
    settings = stack.settings
    database = Database.connect(settings)
    accounts = Accounts(database, load_secrets(settings).secret_key)
    client = paced_client(settings, accounts, _MANY)
    headers = {"Authorization": f"Bearer {settings.slack.bot_token.get_secret_value()}"}
    plain, shared = list[float](), list[float]()
    async with httpx.AsyncClient(
        base_url=settings.slack.base_url, headers=headers, trust_env=False
    ) as bare:
        for place in range(_WARM_CALLS + pairs):
            begin = time.perf_counter()
            (await bare.post(PATH)).raise_for_status()
            between = time.perf_counter()
            await client.send("auth_test", "POST", PATH, safe=True)
            end = time.perf_counter()
            if place >= _WARM_CALLS:
                plain.append(between - begin)
                shared.append(end - between)
    await client.aclose()
    await accounts.aclose()
    await database.close()
    return plain, shared
