"""Commands for parts: what we know of them, who sells them, what stands in for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from cli.catalogue_change import change, substitute
from cli.catalogue_import import WithColumns, import_file
from cli.console import out, print_json
from cli.database import run, transaction
from cli.tables import Column, table_of
from hotrod.money import unit_figure, unit_price

if TYPE_CHECKING:
    from hotrod.parts.substitutes import Substitute
    from hotrod.sourcing.sources import PriceListRow

app = typer.Typer(help="Parts: where they fit, who sells them.", no_args_is_help=True)
app.command("import", cls=WithColumns)(import_file)
app.command()(change)
app.command()(substitute)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Sku = Annotated[str, typer.Argument(help="As `hotrod parts list` shows it.")]


_NUMBERS = {"unit_cost", "available", "reorder_point", "quantity", "per_piece"}
_WHOLE = _NUMBERS | {"sku", "purchase", "ordered_on"}
_SETTINGS = {"currency", "criticality", "point_by_hand"}
"""What companies mostly leave the same for all."""


@app.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the parts with what they fit, and how many are free."""
    parts = run(_parts())
    if as_json:
        print_json({"parts": parts})
        return
    shown = ("sku", "name", "category", "fits", "unit_cost", "available", "criticality")
    _print_table(parts, (*shown, "reorder_point", "point_by_hand"))


@app.command()
def show(sku: Sku, *, as_json: AsJson = False) -> None:
    """Show a part: what it fits, who sells it, what stands in for it, which faults take it."""
    part = run(_part(sku))
    if as_json:
        print_json(part)
        return
    out.print(Text(f"{part['sku']}  {part['name']}", style="bold"))
    if not part["active"]:
        out.print("not active: neither listed, forecast nor ordered")
    out.print(Text(f"{part['category']}, fits {', '.join(part['fits'])}"))
    setter = "by hand" if part["point_by_hand"] else "by the forecast"
    out.print(f"criticality {part['criticality']}, ordered at {part['reorder_point']}, {setter}")
    if part["ean"]:
        out.print(f"EAN {part['ean']}")
    for heading in ("offers", "substitutes", "faults"):
        if part[heading]:
            out.print(f"\n{heading}", style="dim")
            _print_table(part[heading], tuple(part[heading][0]))


@app.command()
def suppliers(*, as_json: AsJson = False) -> None:
    """List the suppliers: what an order costs there besides its goods, and how to place it."""
    rows = run(_suppliers())
    if as_json:
        print_json({"suppliers": rows})
        return
    shown = ("key", "name", "region", "currency", "shipping", "free_from", "lead_days", "order_at")
    _print_table(rows, shown)


@app.command()
def substitutes(sku: Sku, *, as_json: AsJson = False) -> None:
    """List the parts of which it is known whether they can stand in for a part, and how."""
    rows = run(_substitutes(sku))
    if as_json:
        print_json({"sku": sku, "substitutes": rows})
    elif rows:
        _print_table(rows, tuple(rows[0]))
    else:
        out.print(f"Nothing is known to stand in for {sku}.", markup=False)


@app.command()
def prices(sku: Sku, *, as_json: AsJson = False) -> None:
    """List what pieces of a part have cost at the door, the newest first, and their median."""
    body = run(_prices(sku))
    if as_json:
        print_json(body)
    elif body["prices"]:
        rows = [
            row | {"per_piece": unit_figure(Decimal(row["per_piece"]))} for row in body["prices"]
        ]
        _print_table(rows, tuple(rows[0]))
        if body["median"]:
            median = unit_price(Decimal(body["median"]), body["currency"])
            words = f"Median of {body['median_days']} days: {median}"
            out.print(Text(words))
    else:
        out.print(f"{sku} was never bought.", markup=False)


async def _parts() -> list[dict[str, Any]]:
    from hotrod.parts.store import catalogue

    async with transaction() as session:
        return [
            {
                **one.part.model_dump(mode="json", exclude={"id", "low_since"}),
                "available": one.available,
            }
            for one in await catalogue(session)
        ]


async def _part(sku: str) -> dict[str, Any]:
    from hotrod.parts.store import fault_bills, find_part
    from hotrod.parts.substitutes import substitutes as known_substitutes
    from hotrod.suppliers.store import prices_of

    async with transaction() as session:
        part = await find_part(session, sku)
        offers = await prices_of(session, part.id)
        standing_in = await known_substitutes(session, part.id)
        bills = await fault_bills(session)
    return {
        **part.model_dump(mode="json", exclude={"id"}),
        "offers": [
            {"supplier": supplier.key, **_offer(row, supplier.currency)} for supplier, row in offers
        ],
        "substitutes": [_substitute(one) for one in standing_in],
        "faults": [
            {"device": line.device, "category": line.category, "quantity": line.quantity}
            for line in bills
            if line.sku == sku
        ],
    }


async def _suppliers() -> list[dict[str, Any]]:
    from hotrod.suppliers import store

    async with transaction() as session:
        rows = await store.suppliers(session)
    days = {"lead_days_least", "lead_days_most"}
    return [
        {
            **row.model_dump(mode="json", exclude={"id", "active", *days}),
            "lead_days": [row.lead_days_least, row.lead_days_most]
            if row.lead_days_least is not None
            else None,
        }
        for row in rows
    ]


async def _substitutes(sku: str) -> list[dict[str, Any]]:
    from hotrod.parts.store import find_part
    from hotrod.parts.substitutes import substitutes as known_substitutes

    async with transaction() as session:
        part = await find_part(session, sku)
        return [_substitute(one) for one in await known_substitutes(session, part.id)]


async def _prices(sku: str) -> dict[str, Any]:
    from hotrod.company.load import get_company
    from hotrod.db.columns import now
    from hotrod.parts.store import find_part
    from hotrod.purchasing.store import bought_lines, paid_prices
    from hotrod.sourcing.costs import usual_price

    company = get_company()
    async with transaction() as session:
        await find_part(session, sku)
        bought = await bought_lines(session, sku)
        usual = usual_price(await paid_prices(session, sku), now(), company.sourcing)
    return {
        "sku": sku,
        "currency": company.pricing.currency,
        "median": None if usual is None else f"{usual:f}",
        "median_days": company.sourcing.history_days,
        "prices": [
            {
                "purchase": purchase.number,
                "ordered_on": f"{purchase.ordered_at:%Y-%m-%d}",
                "seller": purchase.seller,
                "quantity": line.quantity,
                "per_piece": f"{line.per_piece:f}",
                "currency": purchase.currency,
                "state": purchase.state,
            }
            for line, purchase in bought
        ],
    }


def _offer(row: PriceListRow, currency: str) -> dict[str, Any]:
    from hotrod.sourcing.words import price_words

    return {
        "reference": row.reference,
        "prices": [
            f"{price_words(one.unit_price)} {currency} from {one.from_quantity}"
            for one in row.prices
        ],
        "pack_size": row.pack_size,
        "seen_at": f"{row.seen_at:%Y-%m-%d}" if row.seen_at else "",
    }


def _substitute(one: Substitute) -> dict[str, Any]:
    decisive = one.evidence[0]
    return {
        "sku": one.part.sku,
        "name": one.part.name,
        "works": one.works,
        "evidence": [
            f"{each.kind} {each.ticket}".rstrip() + ("" if each.works else ": does not work")
            for each in one.evidence
        ],
        "note": decisive.note,
    }


def _print_table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    out.print(table_of(rows, *map(_column, columns)))


def _column(key: str) -> Column[dict[str, Any]]:
    return Column(
        key.replace("_", " "),
        lambda row: _cell(row[key]),
        "right" if key in _NUMBERS else "left",
        wraps=key not in _WHOLE,
        only_if_differs=key in _SETTINGS,
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
