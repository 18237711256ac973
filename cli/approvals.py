"""Commands for approvals: what waits for a manager's yes, and saying it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from cli.tables import Column, table_of
from hotrod.approvals.models import Answer, Approval, ApprovalAnswer, Result, Via
from hotrod.db.columns import now
from hotrod.errors import HotrodError, InvalidInputError
from hotrod.money import money, unit_figure

if TYPE_CHECKING:
    from hotrod.approvals.decisions import Outcome
    from hotrod.approvals.store import AskedApproval
    from hotrod.sourcing.models import Score

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
        print_json({"approvals": [_approval_json(row) for row in rows]})
        return
    nothing = "Nothing was ever asked." if every else "Nothing waits for an answer."
    out.print(_table(rows) if rows else nothing)


@app.command()
def show(approval: Id, *, as_json: AsJson = False) -> None:
    """Show a question with its lines, whom it was put to, and all answers."""
    asked, price, scores = run(_read(approval))
    if as_json:
        print_json(
            {
                **_approval_json(asked.approval),
                "scores": {line: one.model_dump(mode="json") for line, one in scores.items()},
                "asked": [{"manager": one.manager, "role": one.role} for one in asked.asks],
                "answers": [_answer_json(one) for one in asked.answers],
            }
        )
        return
    for part in (_facts(asked, price), _lines_table(asked.approval), _answers_table(asked.answers)):
        out.print(part)
    for number, score in scores.items():
        for why in score.reasons:
            out.print(Text(f"{number}: {why.points:+d} {why.words}"), soft_wrap=True)
    for line in asked.approval.items:
        for what, url in (("page", line.url), ("picture", line.picture_url)):
            if url:
                out.print(Text(f"{line.id} {what}:"), Text(url, style="blue"), soft_wrap=True)


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
        print_json(
            {
                "result": outcome.result,
                "words": outcome.words,
                "approval": _approval_json(outcome.approval),
            }
        )
    elif counts:
        out.print(Text(outcome.words))
        for words in _bought(outcome.approval):
            out.print(Text(words), soft_wrap=True)
    if not counts:
        raise HotrodError(outcome.words)


def _bought(row: Approval) -> Iterator[str]:
    """Say of each line how much of it is bought, once that is decided."""
    if row.quantities is None:
        return
    for line in row.items:
        pieces = row.quantities[line.id]
        words = f"{pieces} of {line.quantity} x {line.sku} of {line.seller}"
        yield f"{line.id}: {words if pieces else f'no {line.sku}'}"


def _quantity(written: str) -> tuple[str, int]:
    from hotrod.approvals.rules import written_quantity

    line, _, number = written.rpartition("=")
    pieces = written_quantity(number)
    if not line or pieces is None:
        raise InvalidInputError(
            "--quantity", f"{written!r} is no quantity of a line.", "Write LINE=N, e.g. 1=4."
        )
    return line, pieces


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


async def _read(approval: UUID) -> tuple[AskedApproval, str, dict[str, Score]]:
    from hotrod.approvals import store
    from hotrod.purchasing.models import SourcingRound
    from hotrod.purchasing.words import price_in_words, proposal_behind
    from hotrod.sourcing.reductions import scores_by_line

    async with transaction() as session:
        asked = await store.read_approval(session, approval)
        current = await session.get(SourcingRound, asked.approval.subject_id)
        price = price_in_words(asked.approval, current)
        proposal = proposal_behind(asked.approval, current)
        return asked, price, scores_by_line(proposal) if proposal else {}


def _approval_json(row: Approval) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _answer_json(row: ApprovalAnswer) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"id", "approval_id"})


def _table(rows: Sequence[Approval]) -> Table:
    at = now()
    return table_of(
        rows,
        Column("id, and what", lambda row: f"{row.id}\n{row.title}"),
        Column("amount", lambda row: money(row.amount, row.currency), "right"),
        Column("state", lambda row: row.standing(at), wraps=True),
        Column("until (UTC)", lambda row: f"{row.deadline_at:%Y-%m-%d %H:%M}", wraps=True),
    )


def _facts(asked: AskedApproval, price: str) -> Table:
    row = asked.approval
    people = [f"{one.manager} ({one.role})" for one in asked.asks]
    facts = {
        "title": row.title,
        "amount": price,
        "state": row.standing(now()),
        "needs": "two managers" if row.needs > 1 else "one manager",
        "asked": ", ".join(people),
        "round": str(row.round),
        "asked again": row.why_again,
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
    approved = row.quantities or {}
    return table_of(
        row.items,
        Column("line", lambda line: line.id),
        Column("sku", lambda line: line.sku),
        Column("what", lambda line: line.words, wraps=True),
        Column("seller", lambda line: line.seller, wraps=True),
        Column("pieces", lambda line: str(line.quantity), "right"),
        Column("approved", lambda line: str(approved.get(line.id, "")), "right"),
        Column("each", lambda line: unit_figure(line.unit_amount), "right"),
        Column("out of stock", lambda line: f"{line.stock_out_on or ''}", "right"),
    )


def _pieces(row: ApprovalAnswer) -> str:
    return ", ".join(f"{line}={pieces}" for line, pieces in row.quantities.items())


def _answers_table(rows: Sequence[ApprovalAnswer]) -> Table | str:
    if not rows:
        return "No answer yet."
    return table_of(
        rows,
        Column("at (UTC)", lambda row: f"{row.at:%Y-%m-%d %H:%M}"),
        Column("manager", lambda row: row.manager, wraps=True),
        Column("said", lambda row: row.choice),
        Column("pieces", _pieces, wraps=True),
        Column("via", lambda row: row.via),
        Column("result", lambda row: row.result.replace("_", " "), wraps=True),
        Column("reason", lambda row: row.reason, wraps=True),
    )
