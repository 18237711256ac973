"""Commands for the inbox: look at deliveries, redrive them, throw them away."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import err, out
from cli.database import opened, run, transaction
from cli.filters import (
    Business,
    ErrorText,
    Event,
    Ids,
    InLane,
    Newer,
    Older,
    States,
    Ticket,
    delivery_filter,
)
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.errors import HotrodError, NotFoundError
from hotrod.settings import Settings, load_settings

if TYPE_CHECKING:
    from hotrod.durable.search import DeliveryFilter

app = typer.Typer(help="What was accepted, and where it stands.", no_args_is_help=True)

_UNFINISHED = [
    state for state in DeliveryState if state not in {DeliveryState.DONE, DeliveryState.DISCARDED}
]
_LANES = tuple(Lane)
_LONGEST_ERROR = 60
_PREFECT_TIMEOUT_SECONDS = 5.0

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and stop.")]
All = Annotated[bool, typer.Option("--all", help="All there are; needed when nothing is given.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command("list")
def list_deliveries(
    *,
    state: States = None,
    event: Event = None,
    business: Business = None,
    lane: InLane = None,
    ticket: Ticket = None,
    older_than: Older = None,
    newer_than: Newer = None,
    error: ErrorText = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=10_000, help="Most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first: those not finished and the dead letters by default."""
    wanted = delivery_filter(
        states=state or _UNFINISHED,
        event=event,
        business=business,
        lane=lane,
        ticket=ticket,
        older_than=older_than,
        newer_than=newer_than,
        error=error,
    )
    rows = run(_find(wanted, limit + 1))
    shown, more = rows[:limit], len(rows) > limit
    if as_json:
        body = {"deliveries": [_as_json(row) for row in shown], "more": more}
        sys.stdout.write(json.dumps(body) + "\n")
        return
    if not shown:
        out.print("No delivery matches.")
        return
    out.print(_table(shown))
    if more:
        out.print(Text(f"There are more than {limit}; --limit shows more.", style="dim"))


@app.command()
def show(
    delivery: Annotated[int, typer.Argument(metavar="ID", help="As `hotrod inbox list` shows.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known of a delivery, and the states of its run."""
    settings = load_settings()
    rows = run(_find(delivery_filter(ids=[delivery]), 1))
    if not rows:
        raise NotFoundError("delivery", str(delivery))
    row = rows[0]
    body = _as_json(row) | {
        "run_url": f"{settings.prefect_url}/runs/flow-run/{row.run_id}" if row.run_id else None,
        "run_states": _run_states(settings, row),
        "payload": row.payload,
    }
    if as_json:
        sys.stdout.write(json.dumps(body) + "\n")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in body.items():
        lines = value if isinstance(value, list) else [value]
        for number, line in enumerate(lines):
            table.add_row(Text("" if number else name, style="dim"), Text(_in_words(line)))
    out.print(table)


@app.command()
def redrive(
    ids: Ids = None,
    *,
    state: States = None,
    event: Event = None,
    business: Business = None,
    lane: InLane = None,
    ticket: Ticket = None,
    older_than: Older = None,
    newer_than: Newer = None,
    error: ErrorText = None,
    every: All = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Give dead letters all their attempts again; finished steps of their runs aren't repeated.

    Takes ids or filters. Discarded deliveries are taken by id, or by --state discarded.
    """
    given = delivery_filter(
        ids=ids,
        states=state,
        event=event,
        business=business,
        lane=lane,
        ticket=ticket,
        older_than=older_than,
        newer_than=newer_than,
        error=error,
    )
    _refuse_everything(given, every=every)
    wanted = given.to_redrive()
    if _agreed(wanted, "Redrive", yes=yes, dry_run=dry_run):
        out.print(f"{run(_redrive(wanted))} redriven.")


@app.command()
def discard(
    ids: Ids = None,
    *,
    state: States = None,
    event: Event = None,
    business: Business = None,
    lane: InLane = None,
    ticket: Ticket = None,
    older_than: Older = None,
    newer_than: Newer = None,
    error: ErrorText = None,
    reason: Annotated[str, typer.Option(help="Kept with them.")] = "discarded by ops",
    every: All = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Throw deliveries away that no worker holds: they won't run, but can be redriven.

    Takes ids or filters.
    """
    given = delivery_filter(
        ids=ids,
        states=state,
        event=event,
        business=business,
        lane=lane,
        ticket=ticket,
        older_than=older_than,
        newer_than=newer_than,
        error=error,
    )
    _refuse_everything(given, every=every)
    wanted = given.to_discard()
    if _agreed(wanted, "Discard", yes=yes, dry_run=dry_run):
        out.print(f"{run(_discard(wanted, reason))} discarded.")


def _refuse_everything(given: DeliveryFilter, *, every: bool) -> None:
    if given.is_empty and not every:
        raise HotrodError("name deliveries by id or by a filter, or say --all; see --help")


def _agreed(wanted: DeliveryFilter, verb: str, *, yes: bool, dry_run: bool) -> bool:
    """Say how many match, and ask; False: there are none, or it was only to be said.

    Raises:
        HotrodError: nobody is there to be asked.
    """
    counts = run(_tally(wanted))
    if wanted.ids and sum(counts.values()) < len(set(wanted.ids)):
        states = " or ".join(wanted.states)
        err.print(Text(f"Not all of these ids are {states} deliveries.", style="yellow"))
    if not counts:
        out.print("No delivery matches; nothing was changed.")
        return False
    what = " and ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    noun = "delivery" if sum(counts.values()) == 1 else "deliveries"
    if dry_run:
        out.print(f"{verb} {what} {noun}: not done, because of --dry-run.")
        return False
    if not yes:
        if not sys.stdin.isatty():
            raise HotrodError(f"{verb} {what} {noun}? There is no terminal to ask at; say --yes")
        typer.confirm(f"{verb} {what} {noun}?", abort=True)
    return True


async def _find(wanted: DeliveryFilter, limit: int) -> Sequence[Delivery]:
    from hotrod.durable.search import find

    async with transaction() as session:
        return await find(session, wanted, limit=limit)


async def _tally(wanted: DeliveryFilter) -> dict[DeliveryState, int]:
    from hotrod.durable.search import tally

    async with transaction() as session:
        return await tally(session, wanted)


async def _redrive(wanted: DeliveryFilter) -> int:
    from hotrod.durable.search import redrive_all

    async with opened() as database:
        return await redrive_all(database, wanted)


async def _discard(wanted: DeliveryFilter, reason: str) -> int:
    from hotrod.durable.search import discard_all

    async with opened() as database:
        return await discard_all(database, wanted, reason)
