"""``hotrod bench chaos``: parts are killed and services fail under load; then all is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import ClassVar

from pydantic import BaseModel, Field
from rich.console import Group
from rich.text import Text

from bench.chaos_kills import Killed
from bench.chaos_recovery import Blow, recoveries
from bench.chaos_schedule import draw_schedule
from bench.chaos_storm import Storm
from bench.evidence import gather, wait_until_at_rest
from bench.figures import Result, Row, at_most, in_words, none_of, quantile
from bench.invariants import Evidence, Harm, check
from bench.prefect_api import PrefectApi
from bench.records import fetch
from bench.stack import BenchStack, bench_stack

MOST_KILLS = 1000
INJECTED = ("TransientError", "RateLimitedError", "UnknownOutcomeError", "workers died")
"""Reasons of dead letters that the faults and kills explain."""

_RECOVERED_WITHIN_SECONDS = 20.0
_AT_REST_WITHIN_SECONDS = 300.0
_FILING_SECONDS = 2


class Recovery(BaseModel):
    """Of the kills of one part that no other kill followed before the work went on."""

    kills: int
    measured: int
    p50_seconds: float | None
    max_seconds: float | None


class ChaosResult(Result):
    """What was left when everything had come to rest.

    ``lost`` counts requests, deliveries and mails that are missing or unfinished, ``doubled`` what
    is there twice. ``happened`` is the schedule as it was carried out.
    """

    title: ClassVar[str] = "chaos: parts killed and services failing under load"

    seed: int
    kills: int
    accepted: int
    done: int
    dead: int
    lost: int
    doubled: int
    untrue: int
    recovery_p50_seconds: float | None
    recovery_max_seconds: float | None
    rest_seconds: float | None
    recovery: dict[str, Recovery]
    dead_reasons: dict[str, int]
    violations: list[str]
    home: str
    happened: list[str] = Field(exclude=True)

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        parts = [
            Row(
                f"recovery of {name}, p50 / max of {one.measured}",
                f"{in_words(one.p50_seconds)} / {in_words(one.max_seconds)}",
            )
            for name, one in self.recovery.items()
        ]
        return [
            Row("seed", str(self.seed)),
            Row("kills", str(self.kills)),
            Row("requests accepted", str(self.accepted)),
            Row("done", str(self.done)),
            Row("dead, for injected reasons", str(self.dead)),
            none_of("lost", self.lost),
            none_of("doubled", self.doubled),
            none_of("untrue in ledger or Prefect", self.untrue),
            at_most("at rest after the storm", self.rest_seconds, _AT_REST_WITHIN_SECONDS),
            Row("from a kill until work goes on, p50", in_words(self.recovery_p50_seconds)),
            at_most(
                "from a kill until work goes on, max",
                self.recovery_max_seconds,
                _RECOVERED_WITHIN_SECONDS,
            ),
            *parts,
        ]

    def tables(self) -> Group:
        """Return the figures; after a failure, also what was violated and what had happened."""
        if self.is_kept:
            return super().tables()
        lines = [*self.violations, "", *self.happened, "", f"Left for a look: {self.home}"]
        return Group(super().tables(), Text(), *map(Text, lines))


def measure_chaos(
    *, kills: int, seed: int, workers: int = 1, tell: Callable[[str], None] = lambda _line: None
) -> ChaosResult:
    """Kill parts under load until all kills are made, then check every invariant.

    Args:
        kills: how many; up to ``MOST_KILLS``.
        seed: of the schedule and of the requests.
        workers: processes that run flows.
        tell: is given a line for each event.

    Raises:
        StackError: the stack could not be started, or its supervisor ended.
    """
    schedule = draw_schedule(seed, min(kills, MOST_KILLS), workers)
    with bench_stack(
        mail__transport="graph",
        mail__filing_seconds=_FILING_SECONDS,
        worker__processes=workers,
        sandbox__journal="mail.jsonl",
    ) as stack:
        storm = Storm(stack, schedule, seed, tell)
        try:
            asyncio.run(storm.run())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        rest_seconds = wait_until_at_rest(stack, _AT_REST_WITHIN_SECONDS)
        evidence = gather(stack, storm.accepted, storm.refused, INJECTED)
        blows = storm.blows()
        running = _running(stack, evidence, blows)
        recovered = recoveries(blows, _finished(stack), running)
    violations = check(evidence)
    seconds = [one for _, one in recovered]
    requests = evidence.delivery_of().values()
    harms = Counter(one.harm for one in violations)
    return ChaosResult(
        seed=seed,
        kills=len(blows),
        accepted=len({one.ticket for one in storm.accepted} | evidence.delivery_of().keys()),
        done=sum(one.state == "done" for one in requests),
        dead=sum(one.state == "dead" for one in requests),
        lost=harms[Harm.LOST],
        doubled=harms[Harm.DOUBLED],
        untrue=harms[Harm.UNTRUE],
        recovery_p50_seconds=_quantile(seconds, 0.5),
        recovery_max_seconds=_quantile(seconds, 1.0),
        rest_seconds=rest_seconds,
        recovery=_by_part(blows, recovered),
        dead_reasons=Counter(one.last_error for one in requests if one.state == "dead"),
        violations=[f"{one.harm}: {one.about}: {one.what}" for one in violations],
        home=str(stack.settings.home),
        happened=storm.happened,
    )


def _finished(stack: BenchStack) -> list[float]:
    query = "SELECT finished_at FROM inbox WHERE finished_at IS NOT NULL"
    return [row["finished_at"].timestamp() for row in fetch(stack.settings, query)]


def _running(
    stack: BenchStack, evidence: Evidence, blows: Sequence[Blow]
) -> dict[int, list[float]]:
    """Return when the runs of interrupted deliveries came to be RUNNING, each time."""
    interrupted = {key for blow in blows for key in blow.interrupted}
    with PrefectApi(stack.settings) as prefect:
        return {
            one.id: [moment.timestamp() for moment in prefect.running_times(one.run_id)]
            for one in evidence.deliveries
            if one.id in interrupted and one.run_id is not None
        }


def _by_part(
    blows: Sequence[Blow], recovered: Sequence[tuple[Killed, float]]
) -> dict[str, Recovery]:
    kills = Counter(blow.killed.part for blow in blows)
    seconds = {part: [s for killed, s in recovered if killed.part == part] for part in kills}
    return {
        part: Recovery(
            kills=kills[part],
            measured=len(seconds[part]),
            p50_seconds=_quantile(seconds[part], 0.5),
            max_seconds=_quantile(seconds[part], 1.0),
        )
        for part in sorted(kills)
    }


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    return round(quantile(seconds, share), 2) if seconds else None
