"""``hotrod purchases``: what is bought of whom, and what a person says of it."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from decimal import Decimal, InvalidOperation
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out
from cli.database import run, transaction
from hotrod.errors import InvalidInputError

if TYPE_CHECKING:
    from hotrod.purchasing.models import Purchase, SourcingRound
    from hotrod.purchasing.store import ItemizedPurchase

app = typer.Typer(help="What is bought for the shelf, and of whom.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Number = Annotated[str, typer.Argument(help="As `hotrod purchases list` shows it, e.g. PO-1001.")]


@app.command("list")
def list_purchases(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the purchases that are planned, to be bought, or on their way."""
    rows = run(_list(every=every))
    if as_json:
        _print_json({"purchases": [_as_json(row) for row in rows]})
        return
    out.print(_table(rows) if rows else "Nothing is being bought.")


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show a purchase with its lines, and the pages on which it is bought."""
    found = run(_show(number))
    if as_json:
        _print_json(_as_json(found.purchase) | {"lines": _lines(found)})
        return
    out.print(_table([found.purchase]))
    for line in _lines(found):
        words = f"{line['quantity']} x {line['sku']} at {line['per_piece']}: {line['title']}"
        out.print(Text(words), Text(line["url"], style="blue"), soft_wrap=True)


@app.command()
def bought(
    number: Number,
    *,
    order_number: Annotated[str, typer.Option(help="The seller's number of the order.")],
    expected: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which it should come.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that you have bought it on the seller's page: its pieces are on order from now on."""
    if not order_number.strip():
        raise InvalidInputError("--order-number", "it is empty.", "Copy it from the seller's page.")
    row = run(_bought(number, order_number.strip(), expected))
    if as_json:
        _print_json(_as_json(row))
        return
    out.print(Text(f"{row.number} is on order as {row.order_number}."))


@app.command()
def cancel(number: Number, *, as_json: AsJson = False) -> None:
    """Say that it isn't bought, or won't come; its parts may be looked for again."""
    row = run(_cancel(number))
    if as_json:
        _print_json(_as_json(row))
        return
    out.print(Text(f"{row.number} is cancelled."))


@app.command()
def rounds(
    *,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=1000, help="Most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the rounds of sourcing, the newest first."""
    rows = run(_rounds(limit))
    if as_json:
        _print_json({"rounds": [_round_json(row) for row in rows]})
        return
    table = Table("opened", "state", "parts", "total", "id")
    for row in rows:
        body = _round_json(row)
        table.add_row(
            f"{row.opened_at:%F %H:%M}", row.state, ", ".join(body["parts"]), body["total"],
            str(row.id),
        )  # fmt: skip
    out.print(table if rows else "Nothing was ever low.")


@app.command()
def drop(
    sourcing_round: Annotated[UUID, typer.Argument(help="As `hotrod purchases rounds` shows it.")],
) -> None:
    """End a round that goes nowhere, e.g. one whose run was given up; its parts are free again."""
    run(_drop(sourcing_round))
    out.print("The round is over.")


@app.command()
def rate(
    currency: Annotated[str, typer.Argument(help="Of which, e.g. USD.")],
    value: Annotated[str, typer.Argument(help="What one unit is worth in the company's.")],
) -> None:
    """Tell an exchange rate; offers in a currency without a fresh one aren't bought."""
    try:
        worth = Decimal(value)
    except InvalidOperation:
        raise InvalidInputError(
            "value", f"{value!r} is no number.", "Write it like 1.37."
        ) from None
    run(_rate(currency, worth))
    out.print(Text(f"1 {currency} is {worth} from now on."))


async def _list(*, every: bool) -> list[Purchase]:
    from hotrod.purchasing.models import PurchaseState
    from hotrod.purchasing.store import purchases

    over = {PurchaseState.RECEIVED, PurchaseState.CANCELLED}
    states = [state for state in PurchaseState if every or state not in over]
    async with transaction() as session:
        return await purchases(session, states=states)


async def _show(number: str) -> ItemizedPurchase:
    from hotrod.purchasing.store import find_purchase

    async with transaction() as session:
        return await find_purchase(session, number)


async def _bought(number: str, order_number: str, expected: datetime | None) -> Purchase:
    from hotrod.purchasing.buying import note_ordered
    from hotrod.purchasing.store import find_purchase

    async with transaction() as session:
        found = await find_purchase(session, number)
        return await note_ordered(
            session,
            found.purchase.id,
            by=getuser(),
            order_number=order_number,
            expected_on=expected.date() if expected else None,
        )


async def _cancel(number: str) -> Purchase:
    from hotrod.purchasing.buying import cancel as cancel_purchase
    from hotrod.purchasing.store import find_purchase

    async with transaction() as session:
        found = await find_purchase(session, number)
        return await cancel_purchase(session, found.purchase.id, by=getuser())


async def _rounds(limit: int) -> list[SourcingRound]:
    from hotrod.purchasing.store import rounds as read_rounds

    async with transaction() as session:
        return list(await read_rounds(session, limit=limit))


async def _drop(sourcing_round: UUID) -> None:
    from hotrod.purchasing.models import RoundState
    from hotrod.purchasing.rounds import move_round
    from hotrod.purchasing.store import read_round

    async with transaction() as session:
        found = await read_round(session, sourcing_round, lock=True)
        move_round(found, RoundState.CANCELLED)
        session.add(found)


async def _rate(currency: str, value: Decimal) -> None:
    from hotrod.purchasing.store import tell_rate

    async with transaction() as session:
        await tell_rate(session, currency, value, told_by=getuser())


def _table(rows: list[Purchase]) -> Table:
    table = Table("number", "state", "seller", "total", "order", "expected", "placed by")
    for row in rows:
        table.add_row(
            row.number,
            row.state.replace("_", " "),
            Text(row.seller),
            f"{row.total:.2f} {row.currency}",
            Text(row.order_number),
            f"{row.expected_on or ''}",
            row.method,
        )
    return table


def _as_json(row: Purchase) -> dict[str, Any]:
    return {"number": row.number} | row.model_dump(
        mode="json", exclude={"serial", "round_id", "late_told_at"}
    )


def _lines(found: ItemizedPurchase) -> list[dict[str, Any]]:
    return [
        {
            "sku": found.skus[line.part_id],
            "quantity": line.quantity,
            "per_piece": f"{line.per_piece:.2f} {found.purchase.currency}",
            "title": line.title,
            "reference": line.reference,
            "url": line.url,
        }
        for line in found.lines
    ]


def _round_json(row: SourcingRound) -> dict[str, Any]:
    proposal = row.proposal
    return {
        "id": str(row.id),
        "state": row.state,
        "opened_at": row.opened_at.isoformat(),
        "parts": [need["wanted"]["sku"] for need in row.needs],
        "total": f"{proposal['total']} {proposal['currency']}" if proposal else "",
    }


def _print_json(body: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(body) + "\n")
