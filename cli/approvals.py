"""Commands for approvals: what waits for a manager's yes, and saying it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out
from cli.database import run, transaction
from hotrod.approvals.models import Answer, Approval, ApprovalAnswer, Result, Via
from hotrod.db.columns import now
from hotrod.errors import HotrodError, InvalidInputError

if TYPE_CHECKING:
    from hotrod.approvals.decisions import Outcome
    from hotrod.approvals.store import AskedApproval

app = typer.Typer(help="What waits for a manager's yes.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(metavar="ID", help="As `hotrod approvals list` shows it.")]
As = Annotated[
    str, typer.Option("--as", metavar="KEY", help="Manager of the company file who says so.")
]
Quantities = Annotated[
    list[str] | None,
    typer.Option("--quantity", metavar="LINE=N", help="Fewer of a line; may be given again."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]

_MOST_DIGITS = 7


@app.command("list")
def list_approvals(
    *,
    every: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=10_000, help="Most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits for an answer, the newest first."""
    rows = run(_find(every=every, limit=limit))
    if as_json:
        _print_json({"approvals": [_approval_json(row) for row in rows]})
        return
    nothing = "Nothing was ever asked." if every else "Nothing waits for an answer."
    out.print(_table(rows) if rows else nothing)


@app.command()
def show(approval: Id, *, as_json: AsJson = False) -> None:
    """Show a question with its lines, whom it was put to, and all answers."""
    asked = run(_read(approval))
    if as_json:
        _print_json(
            {
                **_approval_json(asked.approval),
                "asked": [{"manager": one.manager, "role": one.role} for one in asked.asks],
                "answers": [_answer_json(one) for one in asked.answers],
            }
        )
        return
    for part in (_facts(asked), _lines_table(asked.approval), _answers_table(asked.answers)):
        out.print(part)


@app.command()
def approve(
    approval: Id, manager: As, quantities: Quantities = None, *, as_json: AsJson = False
) -> None:
    """Say yes to all of it, or to fewer pieces of some lines."""
    wanted = dict(_quantity(written) for written in quantities or [])
    given = Answer("approve", Via.CLI, quantities=wanted, address=getuser())
    _answer(approval, manager, given, as_json=as_json)


@app.command()
def decline(
    approval: Id,
    manager: As,
    reason: Annotated[str, typer.Option(help="Why not; kept with it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say no."""
    given = Answer("decline", Via.CLI, reason=reason, address=getuser())
    _answer(approval, manager, given, as_json=as_json)


def _answer(approval: UUID, manager: str, given: Answer, *, as_json: bool) -> None:
    """Give an answer and tell what became of it.

    Raises:
        HotrodError: it changed nothing.
    """
    outcome = run(_answered(approval, manager, given))
    counts = outcome.result in {Result.COUNTED, Result.FIRST_OF_TWO}
    if as_json:
        _print_json(
            {
                "result": outcome.result,
                "words": outcome.words,
                "approval": _approval_json(outcome.approval),
            }
        )
    elif counts:
        out.print(Text(outcome.words))
    if not counts:
        raise HotrodError(outcome.words)


def _quantity(written: str) -> tuple[str, int]:
    line, _, number = written.rpartition("=")
    if not (line and number.isdecimal() and len(number) <= _MOST_DIGITS):
        raise InvalidInputError(
            "--quantity", f"{written!r} is no quantity of a line.", "Write LINE=N, e.g. 1=4."
        )
    return line, int(number)


async def _answered(approval: UUID, manager: str, given: Answer) -> Outcome:
    from hotrod.approvals.decisions import answer
    from hotrod.company.load import get_company

    company = get_company()
    if company.manager(manager) is None:
        keys = ", ".join(one.key for one in company.managers)
        raise InvalidInputError("--as", f"{manager!r} is no manager.", f"Managers are: {keys}.")
    async with transaction() as session:
        return await answer(session, company, approval, manager, given, now())


async def _find(*, every: bool, limit: int) -> Sequence[Approval]:
    from hotrod.approvals import store

    async with transaction() as session:
        return await store.find(session, every=every, limit=limit)


async def _read(approval: UUID) -> AskedApproval:
    from hotrod.approvals import store

    async with transaction() as session:
        return await store.read_approval(session, approval)


def _print_json(body: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(body) + "\n")


def _approval_json(row: Approval) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _answer_json(row: ApprovalAnswer) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"id", "approval_id"})


def _table(rows: Sequence[Approval]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("id", no_wrap=True)
    table.add_column("what", overflow="fold")
    table.add_column("amount", justify="right", no_wrap=True)
    for heading in ("state", "until (UTC)"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(
            str(row.id),
            Text(row.title),
            f"{row.amount} {row.currency}",
            row.state,
            f"{row.deadline_at:%Y-%m-%d %H:%M}",
        )
    return table


def _facts(asked: AskedApproval) -> Table:
    row = asked.approval
    people = [f"{one.manager} ({one.role})" for one in asked.asks]
    facts = {
        "title": row.title,
        "amount": f"{row.amount} {row.currency}",
        "state": row.state,
        "needs": "two managers" if row.needs > 1 else "one manager",
        "asked": ", ".join(people),
        "round": str(row.round),
        "until": f"{row.deadline_at:%Y-%m-%d %H:%M} UTC",
        "reason": row.reason,
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            table.add_row(name, Text(value))
    return table


def _lines_table(row: Approval) -> Table:
    table = Table(pad_edge=False, box=None, header_style="dim")
    for heading in ("line", "sku", "what", "seller"):
        table.add_column(heading, overflow="fold")
    for heading in ("pieces", "approved", "each"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in row.items:
        table.add_row(
            Text(line.id),
            Text(line.sku),
            Text(line.words),
            Text(line.seller),
            str(line.quantity),
            "" if row.quantities is None else str(row.quantities[line.id]),
            f"{line.unit_amount:.2f}",
        )
    return table


def _answers_table(rows: Sequence[ApprovalAnswer]) -> Table | str:
    if not rows:
        return "No answer yet."
    table = Table(pad_edge=False, box=None, header_style="dim")
    for heading in ("at (UTC)", "manager", "said", "via", "result"):
        table.add_column(heading, no_wrap=True)
    table.add_column("reason", overflow="fold")
    for row in rows:
        table.add_row(
            f"{row.at:%Y-%m-%d %H:%M}",
            Text(row.manager),
            row.choice,
            row.via,
            row.result,
            Text(row.reason),
        )
    return table
