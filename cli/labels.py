"""Commands for labels: read them from photos, print them on sheets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from cli.console import fail, out, print_json
from cli.database import run, transaction
from hotrod.errors import HotrodError
from hotrod.labels.models import FoundLabel, SymbolKind
from hotrod.labels.sheets import SHEETS, find_sheet
from hotrod.settings import load_settings

if TYPE_CHECKING:
    from hotrod.labels.printing import PartLabel

app = typer.Typer(help="Labels of parts: ours, and distributors'.", no_args_is_help=True)

_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
"""To Unicode's pictures of them."""


@app.command("print")
def print_sheet(
    skus: Annotated[
        list[str] | None, typer.Argument(metavar="SKU...", help="Parts, in this order.")
    ] = None,
    *,
    file: Annotated[Path, typer.Option("--out", dir_okay=False, help="The PDF to be written.")],
    purchase: Annotated[
        str | None, typer.Option(help="Its pieces instead, e.g. PO-1001; a label a bag.")
    ] = None,
    lot: Annotated[str, typer.Option(help="Of what is in the bag; else the purchase's.")] = "",
    quantity: Annotated[int | None, typer.Option(min=1, help="Pieces in a bag, at most.")] = None,
    per_sku: Annotated[int, typer.Option(min=1, max=1000, help="Copies of each label.")] = 1,
    sheet: Annotated[str, typer.Option(help=f"One of {', '.join(SHEETS)}.")] = "avery-5160",
    symbol: Annotated[Literal["qr", "datamatrix"], typer.Option(help="Its kind.")] = "qr",
) -> None:
    """Print labels with symbol, SKU, name and location on a PDF sheet, for 100 % scale."""
    from hotrod.labels.printing import print_labels

    cut = find_sheet(sheet)
    if bool(skus) == bool(purchase):
        raise typer.BadParameter("name parts by their SKUs, or give a --purchase")
    if purchase:
        labels = run(_purchase_labels(purchase, lot, quantity))
    else:
        labels = run(_part_labels(skus or [], lot, quantity))
    pdf = print_labels(labels, cut, symbol=SymbolKind(symbol), per_sku=per_sku)
    try:
        file.write_bytes(pdf)
    except OSError as error:
        raise HotrodError(f"{file} can't be written: {error.strerror}") from None
    count = len(labels) * per_sku
    sheets = -(-count // cut.places)
    words = "1 label" if count == 1 else f"{count} labels"
    places = "1 sheet" if sheets == 1 else f"{sheets} sheets"
    out.print(f"{words} on {places} in {file}.", markup=False)


@app.command()
def read(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="JPEG, PNG or WebP.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Read all labels on photos, and say what they mean.

    Exit status 1: nothing was found on one of them, or it is no picture.
    """
    from hotrod.labels.reading import read_labels

    limits = load_settings().objects
    found: dict[Path, list[FoundLabel]] = {}
    failures: dict[Path, str] = {}
    for image in images:
        try:
            found[image] = read_labels(image.read_bytes(), limits, field=str(image))
        except OSError as error:
            failures[image] = f"{image} can't be read: {error.strerror}"
        except HotrodError as error:
            failures[image] = str(error)
        else:
            if not found[image]:
                failures[image] = (
                    f"{image}: there is no label that we can read. "
                    "Go nearer, with more light, and let the symbol lie flat."
                )
    if as_json:
        body = {
            "images": [
                {
                    "image": str(image),
                    "labels": [_as_json(each) for each in found.get(image, [])],
                    "problem": failures.get(image),
                }
                for image in images
            ]
        }
        print_json(body)
    elif any(found.values()):
        out.print(_table(found))
    if failures:
        for failure in failures.values():
            fail(failure)
        raise typer.Exit(1)


async def _part_labels(skus: list[str], lot: str, quantity: int | None) -> list[PartLabel]:
    from hotrod.labels.store import part_labels

    async with transaction() as session:
        labels = await part_labels(session, skus)
    return [replace(label, lot=lot, quantity=quantity) for label in labels]


async def _purchase_labels(number: str, lot: str, quantity: int | None) -> list[PartLabel]:
    from hotrod.receiving.store import purchase_labels

    async with transaction() as session:
        return await purchase_labels(session, number, lot=lot or None, per_bag=quantity)


def _as_json(found: FoundLabel) -> dict[str, object]:
    body = found.model_dump(mode="json")
    return {"kind": body["kind"], "corners": body["corners"], **body["label"]}


def _table(found: dict[Path, list[FoundLabel]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("image", "symbol", "source", "part", "quantity", "order", "says"):
        table.add_column(heading, overflow="fold")
    for image, labels in found.items():
        for each in labels:
            label = each.label
            part = (label.sku, label.manufacturer_part, label.distributor_part, label.gtin)
            cells = (
                str(image),
                each.kind,
                label.source,
                " / ".join(filter(None, part)) or label.product_id or "",
                "" if label.quantity is None else str(label.quantity),
                label.sales_order or label.order or "",
                " ".join(label.problems) or label.text,
            )
            table.add_row(*(Text(cell.translate(_CONTROLS)) for cell in cells))
    return table
