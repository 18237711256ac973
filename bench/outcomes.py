"""What became of the requests: when each was acknowledged and run, and what happened twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from bench.load import Sent
from bench.mailbox import Arrival, read_arrivals
from bench.prefect_api import PrefectApi, Run
from bench.records import MailKnown, read_mails
from bench.stack import BenchStack
from hotrod.errors import HotrodError

INTAKE = "repair-intake/repair-intake"
ACKNOWLEDGEMENT = "acknowledgement"


def acknowledgements(stack: BenchStack) -> dict[str, datetime]:
    """Return when the mail stand-in accepted each ticket's acknowledgement for the first time."""
    wanted = {one.message_id for one in read_mails(stack.settings) if one.kind == ACKNOWLEDGEMENT}
    first: dict[str, datetime] = {}
    for one in read_arrivals(stack.settings.sandbox_url):
        if one.message_id in wanted:
            first.setdefault(one.ticket, one.at)
    return first


def run_starts(stack: BenchStack) -> dict[str, datetime]:
    """Return when each ticket's run was RUNNING for the first time."""
    return {
        str(run.parameters["ticket"]): run.start_time
        for run in read_runs(stack)
        if run.start_time is not None
    }


def seconds_until(sent: list[Sent], moments: dict[str, datetime]) -> list[float]:
    """Return the seconds from each request's due time to its ticket's moment.

    Raises:
        HotrodError: a ticket has none.
    """
    missing = [one.ticket for one in sent if one.ticket not in moments]
    if missing:
        raise HotrodError(f"{len(missing)} tickets never came so far: {', '.join(missing[:5])}")
    return [moments[one.ticket].timestamp() - one.due for one in sent]


def read_runs(stack: BenchStack) -> list[Run]:
    """Return the runs of our own deployment of the flow."""
    with PrefectApi(stack.settings) as prefect:
        intake = prefect.deployment(INTAKE)
        return prefect.runs_of(intake) if intake else []


def doubled_tickets(
    arrivals: Iterable[Arrival], mails: Sequence[MailKnown], runs: Iterable[Run]
) -> set[str]:
    """Return the tickets that something happened to twice: a mail of a kind, or a run.

    Args:
        arrivals: what the mail stand-in accepted.
        mails: what we composed; tells the kind of an arrival.
        runs: of the flow.
    """
    kinds = {mail.message_id: mail.kind for mail in mails}
    happened = Counter((one.ticket, kinds.get(one.message_id, one.message_id)) for one in arrivals)
    happened.update((str(run.parameters["ticket"]), "run") for run in runs)
    return {ticket for (ticket, _), times in happened.items() if times > 1}
