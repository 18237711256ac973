"""``hotrod bench outage``: Prefect is away while requests come in; all are done afterwards."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import ClassVar

from bench.chaos_kills import StackWatch
from bench.evidence import gather, wait_until_at_rest
from bench.figures import Result, Row, all_of, in_words, none_of, quantile
from bench.invariants import Accepted, Harm, check
from bench.load import ACCEPTED, Due, Sent, send_load
from bench.outcomes import acknowledgements, seconds_until
from bench.stack import BenchStack, bench_stack
from hotrod.errors import HotrodError

MOST_SECONDS = 600
_PART = "prefect"
_SECONDS_BETWEEN = 2.0
_AT_REST_WITHIN_SECONDS = 600.0


class OutageResult(Result):
    """``n`` requests while Prefect was away for ``seconds``."""

    title: ClassVar[str] = "outage: Prefect is away while requests come in"

    seconds: float
    kills: int
    n: int
    accepted: int
    done: int
    ack_p50_seconds: float
    ack_max_seconds: float
    at_rest_seconds: float
    lost: int
    doubled: int
    violations: list[str]

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        return [
            Row("Prefect was away for", in_words(self.seconds)),
            Row("killed whenever it came back", f"{self.kills} times"),
            all_of("accepted meanwhile", self.accepted, self.n),
            Row("webhook -> acknowledgement mail, p50", in_words(self.ack_p50_seconds)),
            Row("webhook -> acknowledgement mail, the last", in_words(self.ack_max_seconds)),
            all_of("done afterwards", self.done, self.n),
            Row("all done, after its return", in_words(self.at_rest_seconds)),
            none_of("lost", self.lost),
            none_of("doubled", self.doubled),
            none_of("violated invariants", len(self.violations)),
        ]


def measure_outage(*, seconds: float, seed: int = 0) -> OutageResult:
    """Keep Prefect away, send a request every two seconds, and wait until all are done.

    Args:
        seconds: how long Prefect is away, up to ``MOST_SECONDS``.
        seed: of the requests' words.

    Raises:
        HotrodError: not all came to an end.
    """
    seconds = min(seconds, MOST_SECONDS)
    with bench_stack(mail__transport="graph", sandbox__journal="mail.jsonl") as stack:
        sent, kills = asyncio.run(_keep_away(stack, seconds, seed))
        rested = wait_until_at_rest(stack, _AT_REST_WITHIN_SECONDS)
        if rested is None:
            raise HotrodError(f"not all is done after {_AT_REST_WITHIN_SECONDS:.0f} s")
        accepted = [one for one in sent if one.status == ACCEPTED]
        evidence = gather(stack, [Accepted(one.number, one.ticket) for one in accepted])
        waited = seconds_until(accepted, acknowledgements(stack))
    violations = check(evidence)
    harms = Counter(one.harm for one in violations)
    return OutageResult(
        seconds=seconds,
        kills=kills,
        n=len(sent),
        accepted=len(accepted),
        done=sum(one.state == "done" for one in evidence.deliveries if one.ticket),
        ack_p50_seconds=round(quantile(waited, 0.5), 3),
        ack_max_seconds=round(quantile(waited, 1.0), 3),
        at_rest_seconds=round(rested, 1),
        lost=harms[Harm.LOST],
        doubled=harms[Harm.DOUBLED],
        violations=[f"{one.harm}: {one.about}: {one.what}" for one in violations],
    )


async def _keep_away(stack: BenchStack, seconds: float, seed: int) -> tuple[list[Sent], int]:
    """Kill Prefect whenever it lives, while requests are sent."""
    number = max(1, int(seconds / _SECONDS_BETWEEN))
    due = [Due(number=one, after_seconds=one * _SECONDS_BETWEEN) for one in range(number)]
    watch = StackWatch(stack)
    until = time.monotonic() + seconds
    await watch.kill(_PART)
    load = asyncio.create_task(asyncio.to_thread(send_load, stack, due, connections=4, seed=seed))
    kills = 1
    while time.monotonic() < until:
        if _PART in stack.pids():
            await watch.kill(_PART)
            kills += 1
        await asyncio.sleep(0.5)
    return (await load).sent, kills
