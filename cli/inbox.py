"""Commands for the inbox: look at deliveries, redrive them, throw them away."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import err, out, print_json
from cli.database import opened, run, transaction
from cli.filters import filtered
from cli.run_states import run_states
from hotrod.db.columns import now
from hotrod.durable import search
from hotrod.durable.ages import age_in_words
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.durable.search import UNSETTLED, DeliveryFilter
from hotrod.errors import HotrodError, NotFoundError
from hotrod.settings import load_settings

app = typer.Typer(help="What was accepted, and where it stands.", no_args_is_help=True)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and stop.")]
All = Annotated[bool, typer.Option("--all", help="All there are; needed when nothing is given.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

_LONGEST_ERROR = 60


@app.command("list")
@filtered
def list_deliveries(
    given: DeliveryFilter,
    *,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=10_000, help="Most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first; without --state, those not finished and dead letters."""
    states = given.states or (() if given.ids else UNSETTLED)
    rows = run(_find(given.model_copy(update={"states": states}), limit + 1))
    shown, more = rows[:limit], len(rows) > limit
    if as_json:
        body = {"deliveries": [_as_json(row) for row in shown], "more": more}
        print_json(body)
        return
    out.print(_table(shown) if shown else "No delivery matches.")
    if more:
        out.print(Text(f"There are more than {limit}; --limit shows more.", style="dim"))


@app.command()
def show(
    delivery: Annotated[
        int, typer.Argument(metavar="ID", min=1, help="As `hotrod inbox list` shows it.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a delivery, and the states that its run went through."""
    settings = load_settings()
    found = run(_find(DeliveryFilter(ids=(delivery,)), 1))
    if not found:
        raise NotFoundError("delivery", str(delivery))
    (row,) = found
    url = f"{settings.prefect_url}/runs/flow-run/{row.run_id}" if row.run_id else None
    states = run_states(settings, row.run_id) if row.run_id else []
    body = {**_as_json(row), "payload": row.payload, "run_url": url, "run_states": states}
    if as_json:
        print_json(body)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in body.items():
        table.add_row(name, Text(_in_words(value)))
    out.print(table)


@app.command()
@filtered
def redrive(
    given: DeliveryFilter, *, every: All = False, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Give dead letters all their attempts again; finished steps of their runs aren't repeated.

    Discarded deliveries come back by id, or with --state discarded.
    """
    wanted = _checked(given, every=every).to_redrive()
    if _is_agreed("Redrive", wanted, yes=yes, dry_run=dry_run):
        out.print(f"{run(_redrive(wanted))} redriven.")


@app.command()
@filtered
def discard(
    given: DeliveryFilter,
    *,
    reason: Annotated[str, typer.Option(help="Kept with them.")] = "discarded by ops",
    every: All = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Throw deliveries away that no worker holds: they don't run, unless they are redriven.

    Of the claimed ones, those are meant that rest.
    """
    wanted = _checked(given, every=every).to_discard()
    if _is_agreed("Discard", wanted, yes=yes, dry_run=dry_run):
        out.print(f"{run(_discard(wanted, reason))} discarded.")


def _checked(given: DeliveryFilter, *, every: bool) -> DeliveryFilter:
    if given.is_empty and not every:
        raise HotrodError("name deliveries by id or by a filter, or say --all; see --help")
    return given


def _is_agreed(verb: str, wanted: DeliveryFilter, *, yes: bool, dry_run: bool) -> bool:
    """Say how many match, and ask; False: there are none, or it was only to be said.

    Raises:
        HotrodError: there is nobody to ask.
        typer.Abort: the answer was no.
    """
    counts = run(_tally(wanted))
    if sum(counts.values()) < len(set(wanted.ids)):
        states = " or ".join(wanted.states)
        erased = ", or what they say was erased" if wanted.is_whole else ""
        held = ", or a worker holds them" if wanted.is_free else ""
        unfit = f"not {states} deliveries{erased}{held}"
        err.print(f"Some of these ids are {unfit}; they are left alone.")
    if not counts:
        out.print("No delivery matches; nothing was changed.")
        return False
    question = f"{verb} {' and '.join(f'{count} {state}' for state, count in counts.items())}?"
    if dry_run:
        out.print(f"{question} Not done: --dry-run.")
        return False
    if not yes and not sys.stdin.isatty():
        raise HotrodError(f"{question} There is no terminal to ask at; say --yes or --dry-run")
    return yes or typer.confirm(question, abort=True)


async def _find(wanted: DeliveryFilter, limit: int) -> Sequence[Delivery]:
    async with transaction() as session:
        return await search.find(session, wanted, limit=limit)


async def _tally(wanted: DeliveryFilter) -> dict[DeliveryState, int]:
    async with transaction() as session:
        return await search.tally(session, wanted)


async def _redrive(wanted: DeliveryFilter) -> int:
    async with opened() as database:
        return await search.redrive_all(database, wanted)


async def _discard(wanted: DeliveryFilter, reason: str) -> int:
    async with opened() as database:
        return await search.discard_all(database, wanted, reason)


def _as_json(row: Delivery) -> dict[str, Any]:
    body = row.model_dump(mode="json", exclude={"payload", "answer", "lane_rank", "body_hash"})
    return {
        "id": body.pop("id"),
        "lane": tuple(Lane)[row.lane_rank],
        **body,
        "age_seconds": round((now() - row.accepted_at).total_seconds(), 3),
    }


def _table(rows: Sequence[Delivery]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "ticket", "event", "business", "lane", "state", "tries", "age", "run"):
        table.add_column(heading, no_wrap=heading in {"id", "age", "state"}, overflow="fold")
    table.add_column("last error", overflow="fold")
    for row in rows:
        table.add_row(
            str(row.id),
            Text(row.ordering_key.removeprefix("ticket:")),
            Text(row.event),
            Text(row.business_key),
            tuple(Lane)[row.lane_rank],
            Text(row.state, style="red" if row.state == DeliveryState.DEAD else ""),
            str(row.attempts),
            age_in_words(row.accepted_at),
            str(row.run_id or "")[:8],
            Text(_shortened(row.last_error)),
        )
    return table


def _shortened(error: str) -> str:
    line = (error.splitlines() or [""])[0]
    return line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…"


def _in_words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(map(_in_words, value))
    return value if isinstance(value, str) else json.dumps(value)
