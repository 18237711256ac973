"""The command that imports parts and price lists, and its report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from cli.console import err, out
from cli.database import run, transaction
from hotrod.errors import HotrodError

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

    from hotrod.imports.cells import Mark
    from hotrod.imports.report import ImportReport, RowReport
    from hotrod.imports.sheets import Sheet


class WithColumns(TyperCommand):
    """A command whose help ends with the columns that a file may have."""

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write them, from what reads them."""
        from hotrod.imports import parts, prices

        self.epilog = f"{parts.told_columns()}\n\n{prices.told_columns()}"
        super().format_epilog(ctx, formatter)


_COLORS = {"created": "green", "changed": "yellow", "unchanged": "dim", "refused": "red"}


def import_file(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV or XLSX.")],
    *,
    supplier: Annotated[
        str, typer.Option(help="Whose price list it is; a file of our parts without.")
    ] = "",
    decimal: Annotated[
        Literal["comma", "dot"] | None,
        typer.Option(help="What 1,234 means, where the file's other numbers don't tell."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    report_to: Annotated[
        Path | None, typer.Option("--report", dir_okay=False, help="Keep the report here, as JSON.")
    ] = None,
) -> None:
    """Import parts, or a supplier's prices; says of each row what became of it.

    Good rows are written together, or not at all; refused ones don't stop them. Exit status 1:
    rows were refused. The columns are told below; they may come in any order.
    """
    from hotrod.imports.rows import MARKS
    from hotrod.imports.sheets import read_sheet

    try:
        content = file.read_bytes()
    except OSError as error:
        raise HotrodError(f"{file} can't be read: {error.strerror}") from None
    sheet = read_sheet(file.name, content)
    if report_to is not None:
        _keep(report_to, "")
    mark = MARKS[decimal] if decimal else None
    report = run(_import(file.name, sheet, supplier, mark, dry_run=dry_run))
    body = report.model_dump_json(indent=2) + "\n"
    if report_to is not None:
        _keep(report_to, body)
    if as_json:
        sys.stdout.write(body)
    else:
        _print(report)
    if any(row.problems for row in report.rows):
        raise typer.Exit(1)


def _keep(path: Path, body: str) -> None:
    try:
        path.write_text(body, encoding="utf-8")
    except OSError as error:
        raise HotrodError(f"{path} can't be written: {error.strerror}") from None


async def _import(
    name: str, sheet: Sheet, supplier: str, mark: Mark | None, *, dry_run: bool
) -> ImportReport:
    from hotrod.company.load import get_company
    from hotrod.db.columns import now
    from hotrod.imports.parts import import_parts
    from hotrod.imports.prices import import_prices
    from hotrod.suppliers.store import find_supplier

    async with transaction() as session:
        if supplier:
            row = await find_supplier(session, supplier)
            return await import_prices(
                session, name, sheet, row, at=now(), mark=mark, dry_run=dry_run
            )
        currency = get_company().pricing.currency
        return await import_parts(
            session, name, sheet, currency=currency, mark=mark, dry_run=dry_run
        )


def _print(report: ImportReport) -> None:
    for note in report.notes:
        err.print(Text(note, style="yellow"))
    told = [row for row in report.rows if row.outcome != "unchanged"]
    if told:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("row", "key", "", "what"):
            table.add_column(heading, overflow="fold")
        for row in told:
            outcome = Text(row.outcome, style=_COLORS[row.outcome])
            table.add_row(str(row.number), Text(row.key), outcome, Text(_told(row)))
        out.print(table)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in report.counts.items() if count)
    would = " This was a dry run: nothing was written." if report.is_dry_run else ""
    out.print(f"{report.what}: {counted}.{would}", markup=False)


def _told(row: RowReport) -> str:
    changes = [f"{one.field}: {one.before or 'nothing'} → {one.after}" for one in row.changes]
    problems = [f"{one.field}: {one.reason} {one.cure}" for one in row.problems]
    return "\n".join([*changes, *problems, *["it is low now"] * row.became_low])
