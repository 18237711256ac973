"""``hotrod bench burst``: many requests at once, and an urgent one right after them.

The baseline is stock Prefect, as in ``start``: a few tickets that are done already are run again,
all at once; compared are the runs finished per second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from bench.figures import PartSpent, Result, Row, all_of, at_most, in_words, none_of, spent
from bench.load import ACCEPTED, Due, Sent, send_load
from bench.mailbox import read_arrivals
from bench.outcomes import (
    acknowledgements,
    doubled_tickets,
    read_runs,
    run_starts,
    seconds_until,
)
from bench.prefect_api import PrefectApi
from bench.records import DeliverySeen, read_deliveries, read_mails, wait_until_idle
from bench.stack import BenchStack, bench_stack
from bench.stock import serving_stock, wait_until_run
from hotrod.errors import HotrodError

_START_SECONDS = 120.0
_SECONDS_PER_RUN = 4.0
_SECONDS_PER_STOCK_RUN = 30.0


class BurstResult(Result):
    """Times count from the moment that all requests were due, the urgent one's from its sending.

    Args:
        n: requests, the urgent one among them.
        refused: answered 429 with Retry-After.
        failed: answered 5xx, or anything else that isn't promised.
        last_ack_seconds: until the last acknowledgement was accepted by the mail server.
        doubled: tickets of which a run or a mail of a kind exists twice.
        runs_per_second: finished, from the beginning to the last.
    """

    title: ClassVar[str] = "burst: all at once, then an urgent one"

    n: int
    clients: int
    accepted: int
    refused: int
    failed: int
    last_ack_seconds: float
    urgent_ack_seconds: float
    urgent_run_seconds: float
    done: int
    doubled: int
    seconds: float
    runs_per_second: float
    stock_runs_per_second: float | None
    ratio: float | None
    processes: dict[str, PartSpent]

    def rows(self) -> list[Row]:
        """Return the figures."""
        rows = [
            Row("requests", f"{self.n} from {self.clients} clients"),
            Row("accepted (202)", str(self.accepted)),
            Row("refused (429 with Retry-After)", str(self.refused)),
            none_of("failed (5xx and others)", self.failed),
            at_most("all acknowledged by mail within", self.last_ack_seconds, 15.0),
            at_most("urgent one acknowledged after", self.urgent_ack_seconds, 1.0),
            at_most("urgent one's flow running after", self.urgent_run_seconds, 5.0),
            all_of("runs done", self.done, self.accepted),
            none_of("tickets with a run or mail twice", self.doubled),
            Row("all done after", in_words(self.seconds)),
            Row("runs per second", f"{self.runs_per_second:.2f}"),
        ]
        if self.stock_runs_per_second is not None:
            rows.append(Row("stock Prefect: runs per second", f"{self.stock_runs_per_second:.2f}"))
        if self.ratio is not None:
            rows.append(Row("ratio", f"{self.ratio:.1f}"))
        return rows

    def parts(self) -> dict[str, PartSpent]:
        """Return what each process took until all was done."""
        return self.processes


def measure_burst(
    *,
    n: int,
    clients: int,
    stock_n: int,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> BurstResult:
    """Send requests all at once and an urgent one after them, and wait until all are done.

    Args:
        n: requests before the urgent one.
        clients: connections that send them.
        stock_n: runs of the baseline, at once; 0: none.
        seed: of the requests' words.
        tell: called with what is being done now.

    Raises:
        HotrodError: the urgent request was not accepted, or something came to no end.
    """
    tell("starting the stack")
    with bench_stack() as stack:
        tell(f"sending {n} requests from {clients} clients, and an urgent one")
        before = stack.usage()
        requests = [*(Due(number=number) for number in range(n)), Due(number=n, urgent=True)]
        sent = send_load(stack, requests, connections=clients, seed=seed).sent
        tell("waiting until all are done")
        wait_until_idle(stack, _START_SECONDS + _SECONDS_PER_RUN * n)
        begin = min(one.due for one in sent)
        deliveries = read_deliveries(stack.settings)
        seconds = last_finish(deliveries) - begin
        processes = spent(before, stack.usage(), seconds)
        accepted = [one for one in sent if one.status == ACCEPTED]
        urgent = [one.model_copy(update={"due": one.sent}) for one in accepted if one.urgent]
        if not urgent:
            raise HotrodError("the urgent request was not accepted")
        acks = acknowledgements(stack)
        result = BurstResult(
            n=len(sent),
            clients=clients,
            accepted=len(accepted),
            refused=sum(one.is_refused_well for one in sent),
            failed=sum(_is_failed(one) for one in sent),
            last_ack_seconds=round(max(seconds_until(accepted, acks)), 2),
            urgent_ack_seconds=round(max(seconds_until(urgent, acks)), 3),
            urgent_run_seconds=round(max(seconds_until(urgent, run_starts(stack))), 3),
            done=sum(one.is_done for one in deliveries),
            doubled=_count_doubled(stack),
            seconds=round(seconds, 1),
            runs_per_second=round(len(deliveries) / seconds, 2),
            stock_runs_per_second=None,
            ratio=None,
            processes=processes,
        )
        tickets = [one.ticket for one in accepted][:stock_n]
        if not tickets:
            return result
        tell(f"running {len(tickets)} tickets by stock Prefect, all at once")
        stock = _stock_rate(stack, tickets)
    ratio = round(result.runs_per_second / stock, 1)
    return result.model_copy(update={"stock_runs_per_second": round(stock, 3), "ratio": ratio})


def last_finish(deliveries: Sequence[DeliverySeen]) -> float:
    """Return when the last delivery was finished, in seconds since the epoch.

    Raises:
        HotrodError: none was.
    """
    finished = [one.finished_at.timestamp() for one in deliveries if one.finished_at]
    if not finished:
        raise HotrodError("no delivery was finished")
    return max(finished)


def _is_failed(one: Sent) -> bool:
    return one.status != ACCEPTED and not one.is_refused_well


def _count_doubled(stack: BenchStack) -> int:
    arrivals = read_arrivals(stack.settings.sandbox_url)
    return len(doubled_tickets(arrivals, read_mails(stack.settings), read_runs(stack)))


def _stock_rate(stack: BenchStack, tickets: Sequence[str]) -> float:
    """Return the runs per second that stock Prefect finishes, from the creation of the first."""
    with serving_stock(stack) as deployment, PrefectApi(stack.settings) as prefect:
        created = [prefect.create_run(deployment, {"ticket": ticket}) for ticket in tickets]
        ended = wait_until_run(
            prefect, created, _START_SECONDS + _SECONDS_PER_STOCK_RUN * len(tickets)
        )
        begin = min(run.created for run in created)
        end = max(run.end_time for run in ended if run.end_time)
        return len(ended) / (end - begin).total_seconds()
