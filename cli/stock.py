"""Commands for stock: what is there, how it came to be, and what moves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from cli.stock_forecast import forecast
from cli.stock_scan import Scan, receive_scanned
from cli.stock_tickets import Sku, Ticket, UnknownTicket, numbered, release, reserve
from cli.tables import Column, table_of
from hotrod.errors import InvalidInputError
from hotrod.money import unit_price
from hotrod.parts.models import BENCH, MovementKind, Part, StockMovement
from hotrod.parts.movements import NewMovement, Override
from hotrod.receiving.models import Answers
from hotrod.repairs.diagnosis import Category

if TYPE_CHECKING:
    from hotrod.parts.ledger import Posted
    from hotrod.parts.store import ShelvedPart

app = typer.Typer(help="What is on the shelf, and what moves.", no_args_is_help=True)
app.command("forecast")(forecast)
app.command("reserve")(reserve)
app.command("release")(release)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Pieces = Annotated[int, typer.Argument(min=1, help="How many pieces.")]
Location = Annotated[str, typer.Option(help="Where they are.")]
Cost = Annotated[str | None, typer.Option(help="Of one piece, e.g. 8.40; else the average.")]
Currency = Annotated[str | None, typer.Option(help="Of the cost; else the part's.")]
Lot = Annotated[str, typer.Option(help="Batch or serial number, where the part asks for it.")]
Reason = Annotated[str, typer.Option(help="Kept with it.")]
Overriding = Annotated[
    str, typer.Option("--override", metavar="WHY", help="Take what isn't there, or is reserved.")
]
Key = Annotated[
    str | None, typer.Option(help="Of your own: posted twice with it, a movement counts once.")
]


@app.command()
def levels(
    *,
    low: Annotated[bool, typer.Option("--low", help="Only parts at their reorder point.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is on hand, reserved, available and on order, by part and location."""
    rows = run(_levels(low=low))
    if as_json:
        print_json({"levels": [_level_json(row) for row in rows]})
        return
    out.print(_levels_table(rows) if rows else "No part is low." if low else "There are no parts.")


@app.command()
def movements(
    sku: Sku,
    *,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=10_000, help="Most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the movements of a part, the newest first."""
    rows = run(_movements(sku, limit))
    if as_json:
        print_json({"sku": sku, "movements": [_movement_json(row) for row in rows]})
        return
    out.print(_movements_table(rows) if rows else f"Nothing has moved of {sku}.")


@app.command()
def receive(  # noqa: PLR0913 - options of a command
    sku: Annotated[str | None, typer.Argument(help="Of the part; with a photo, if asked.")] = None,
    quantity: Annotated[
        int | None, typer.Argument(min=1, help="Pieces; with a photo, if asked.")
    ] = None,
    *,
    scan: Annotated[
        list[Path] | None, typer.Option(dir_okay=False, help="Photo of labels; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take in what a photo says, unasked.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Other bags, with labels that came before.")
    ] = False,
    create: Annotated[
        bool, typer.Option("--create", help="Make parts of labels that nobody knows.")
    ] = False,
    category: Annotated[Category, typer.Option(help="Of parts that are made.")] = "other",
    cost: Annotated[
        str | None,
        typer.Option(
            help="Of one piece, e.g. 8.40; else the average. With a photo, needed where no "
            "purchase awaits the part."
        ),
    ] = None,
    currency: Currency = None,
    order: Annotated[str, typer.Option(help="Reference of the order that they belong to.")] = "",
    location: Location = BENCH,
    lot: Lot = "",
    reason: Reason = "",
    key: Key = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With a photo: one JSON object; taken in only by --yes.")
    ] = False,
) -> None:
    """Take goods in: pieces of a part, or what photos of labels say.

    A label counts once, on however many photos it is. What it leaves open, the SKU, the number of
    pieces, --order, --cost and --lot answer.
    """
    if scan:
        if key or reason or currency:
            raise typer.BadParameter("--key, --reason and --currency don't go with --scan")
        answers = Answers(
            sku, quantity, order or None, _amount(cost), lot, creates=create, category=category
        )
        receive_scanned(Scan(scan, answers, location, yes, again, as_json))
        return
    if yes or again or create or as_json:
        raise typer.BadParameter("--yes, --again, --create and --json need a photo: --scan")
    if sku is None or quantity is None:
        raise typer.BadParameter("name the SKU and how many pieces, or give a photo with --scan")
    _post(
        sku,
        MovementKind.RECEIVE,
        quantity,
        key,
        unit_cost=_amount(cost),
        currency=currency,
        order_reference=run(_awaited(order)),
        location=location,
        lot=lot,
        reason=reason,
    )


@app.command()
def use(
    sku: Sku,
    quantity: Pieces,
    *,
    ticket: Ticket,
    location: Location = BENCH,
    lot: Lot = "",
    reason: Reason = "",
    override: Overriding = "",
    unknown_ticket: UnknownTicket = "",
    key: Key = None,
) -> None:
    """Take pieces for a ticket; those reserved for it first."""
    ticket, reason = numbered(ticket, unknown_ticket, reason)
    _post(
        sku,
        MovementKind.USE,
        quantity,
        key,
        ticket=ticket,
        location=location,
        lot=lot,
        reason=reason,
        override=_override(override),
    )


@app.command("return")
def give_back(
    sku: Sku,
    quantity: Pieces,
    *,
    ticket: Ticket,
    location: Location = BENCH,
    lot: Lot = "",
    reason: Reason = "",
    unknown_ticket: UnknownTicket = "",
    key: Key = None,
) -> None:
    """Put pieces back that a ticket didn't need."""
    ticket, reason = numbered(ticket, unknown_ticket, reason)
    _post(
        sku,
        MovementKind.RETURN,
        quantity,
        key,
        ticket=ticket,
        location=location,
        lot=lot,
        reason=reason,
    )


@app.command(context_settings={"ignore_unknown_options": True})
def adjust(
    sku: Sku,
    quantity: Annotated[int, typer.Argument(help="The difference; -2: two are gone.")],
    *,
    reason: Annotated[str, typer.Option(help="What happened.")],
    cost: Cost = None,
    currency: Currency = None,
    location: Location = BENCH,
    lot: Lot = "",
    override: Overriding = "",
    key: Key = None,
) -> None:
    """Put the stock right by a difference: lost, found, broken, sent back."""
    _post(
        sku,
        MovementKind.ADJUST,
        quantity,
        key,
        unit_cost=_amount(cost),
        currency=currency,
        location=location,
        lot=lot,
        reason=reason,
        override=_override(override),
    )


@app.command()
def count(
    sku: Sku,
    quantity: Annotated[int, typer.Argument(min=0, help="How many are there.")],
    *,
    cost: Cost = None,
    currency: Currency = None,
    location: Location = BENCH,
    reason: Reason = "",
    override: Overriding = "",
    key: Key = None,
) -> None:
    """Say how many pieces were counted on the shelf."""
    _post(
        sku,
        MovementKind.COUNT,
        quantity,
        key,
        unit_cost=_amount(cost),
        currency=currency,
        location=location,
        reason=reason,
        override=_override(override),
    )


def _post(
    sku: str,
    kind: MovementKind,
    quantity: int,
    key: str | None,
    **said: Any,  # noqa: ANN401 - of the movement's fields
) -> None:
    new = NewMovement(key or f"cli:{uuid4()}", sku, kind, quantity, f"cli:{getuser()}", **said)
    posted = run(_posted(new))
    moved = posted.movement
    if posted.is_repeated:
        out.print(Text(f"{moved.key} was posted before; nothing was changed."))
        return
    out.print(Text(f"{sku} at {moved.location}: {moved.quantity:+}, now {moved.on_hand_after}."))
    if posted.became_low:
        out.print(Text(f"{sku} is low now.", style="yellow"))


def _amount(written: str | None) -> Decimal | None:
    try:
        return None if written is None else Decimal(written)
    except InvalidOperation:
        raise InvalidInputError("cost", f"{written!r} is no amount.", "E.g. 8.40.") from None


def _override(reason: str) -> Override | None:
    return Override(f"cli:{getuser()}", reason) if reason else None


async def _awaited(order: str) -> str:
    from hotrod.purchasing.awaited import awaited_reference

    async with transaction() as session:
        return await awaited_reference(session, order)


async def _posted(new: NewMovement) -> Posted:
    from hotrod.parts.ledger import post

    async with transaction() as session:
        return await post(session, new)


async def _levels(*, low: bool) -> list[ShelvedPart]:
    from hotrod.parts import store

    async with transaction() as session:
        return await store.levels(session, low=low)


async def _movements(sku: str, limit: int) -> Sequence[StockMovement]:
    from hotrod.parts import store

    async with transaction() as session:
        part = await store.find_part(session, sku)
        return await store.movements(session, part.id, limit=limit)


def _level_json(row: ShelvedPart) -> dict[str, Any]:
    part, level = row.part, row.level
    return {
        "sku": part.sku,
        "name": part.name,
        "location": level.location,
        "on_hand": level.on_hand,
        "reserved": level.reserved,
        "available": level.on_hand - level.reserved,
        "on_order": row.on_order,
        "reorder_point": part.reorder_point,
        "low_since": part.low_since and part.low_since.isoformat(),
        "average_cost": None if part.average_cost is None else str(part.average_cost),
        "currency": part.currency,
    }


def _movement_json(row: StockMovement) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"part_id"})


def _levels_table(rows: Sequence[ShelvedPart]) -> Table:
    return table_of(
        rows,
        Column("sku", lambda row: Text(row.part.sku, style="yellow" if row.part.low_since else "")),
        Column("name", lambda row: row.part.name, wraps=True),
        Column("location", lambda row: row.level.location, only_if_differs=True),
        Column("on hand", lambda row: str(row.level.on_hand), "right"),
        Column("reserved", lambda row: str(row.level.reserved or ""), "right"),
        Column("available", lambda row: str(row.level.on_hand - row.level.reserved), "right"),
        Column("on order", lambda row: str(row.on_order or ""), "right"),
        Column("order at", lambda row: str(row.part.reorder_point), "right"),
        Column("average", lambda row: _cost(row.part), "right", wraps=True),
    )


def _cost(part: Part) -> str:
    return "" if part.average_cost is None else unit_price(part.average_cost, part.currency)


def _movements_table(rows: Sequence[StockMovement]) -> Table:
    return table_of(
        rows,
        Column("at", lambda row: f"{row.at:%Y-%m-%d %H:%M}", wraps=True),
        Column("kind", lambda row: row.kind),
        Column("location", lambda row: row.location, only_if_differs=True),
        Column("change", lambda row: f"{row.quantity:+}", "right"),
        Column("on hand", lambda row: str(row.on_hand_after), "right"),
        Column("cost", lambda row: unit_price(row.unit_cost, row.currency), "right"),
        Column("for", lambda row: row.ticket or row.order_reference, wraps=True),
        Column("lot", lambda row: row.lot, wraps=True),
        Column("by, and why", _by_and_why, wraps=True),
    )


def _by_and_why(row: StockMovement) -> str:
    override = f"override by {row.override_by}: {row.override_reason}" * bool(row.override_by)
    return "; ".join(filter(None, (row.actor, row.reason, override)))
