"""``hotrod stock forecast``: what will be needed of each part, and when to order it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import err, out, print_json
from cli.database import run, transaction
from hotrod.forecast.settings import Criticality
from hotrod.settings import load_settings

if TYPE_CHECKING:
    from hotrod.replenishment.models import Aim, Outlook

    LeftOut = dict[str, Any]

_TOLD_ROWS = 20


def forecast(
    *,
    csv: Annotated[
        Path | None,
        typer.Option(help="Demand: part,period,quantity; a period is 2025-01 or a day."),
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, max=24, help="Months ahead.")] = 6,
    lead_days: Annotated[
        list[float] | None,
        typer.Option(
            min=0.5, max=1000, help="Days from order to shelf, where no delivery was measured."
        ),
    ] = None,
    criticality: Annotated[
        Criticality | None,
        typer.Option(help="How bad it is to be without; as each part says, or B in a file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Forecast the demand of each part, month by month, and the stock at which to order.

    By the ledger: what was used and didn't come back, up to the last month that is over; the
    first month ahead is the running one. Or by a file: months without a row are months without
    demand, from the first to the last of the file; so it should end with a month that is over.
    Exit status 1: some rows of the file can't be used; the others are forecast.
    """
    from hotrod.replenishment.models import Aim

    settings = load_settings().forecast
    levels = settings.service_levels
    if criticality is not None:
        levels = dict.fromkeys(Criticality, levels[criticality])
    aim = Aim(levels, tuple(lead_days or [settings.lead_time_days]), horizon)
    outlooks, left_out = run(_of_ledger(aim)) if csv is None else _of_file(csv, aim)
    _tell_left_out(left_out)
    if as_json:
        body = {
            "horizon_months": horizon,
            "lead_days": aim.lead_days,
            "parts": [_as_json(outlook) for outlook in outlooks],
            "left_out": left_out,
        }
        print_json(body)
    else:
        nothing = "No part is known long enough." if csv is None else "No row can be used."
        out.print(_table(outlooks) if outlooks else nothing)
    if csv is not None and left_out:
        raise typer.Exit(1)


async def _of_ledger(aim: Aim) -> tuple[list[Outlook], list[LeftOut]]:
    from hotrod.company.load import get_company
    from hotrod.db.columns import now
    from hotrod.replenishment.needs import all_outlooks

    async with transaction() as session:
        found = await all_outlooks(session, get_company(), aim, now())
    known = [outlook for outlook in found if outlook.forecast]
    left_out = [
        {"part": outlook.sku, "reason": outlook.reason}
        for outlook in found
        if outlook.forecast is None
    ]
    return known, left_out


def _of_file(csv: Path, aim: Aim) -> tuple[list[Outlook], list[LeftOut]]:
    from hotrod.db.columns import now
    from hotrod.forecast.choice import forecast_part
    from hotrod.forecast.demand import monthly_demand, read_demand
    from hotrod.forecast.reorder import reorder_point
    from hotrod.replenishment.models import Outlook

    file = read_demand(csv, now().date())
    level = aim.service_levels[Criticality.B]
    forecasts = [
        forecast_part(part, history, aim.horizon_months)
        for part, history in monthly_demand(file.uses).items()
    ]
    outlooks = [
        Outlook(
            sku=each.part,
            forecast=each,
            reorder_point=reorder_point(each, aim.lead_days, level),
            lead_days=aim.lead_days,
            service_level=level,
            reason=each.reason,
        )
        for each in forecasts
    ]
    return outlooks, [row._asdict() for row in file.left_out]


def _tell_left_out(rows: Sequence[LeftOut]) -> None:
    for row in rows[:_TOLD_ROWS]:
        name = f"line {row['line']}" if "line" in row else row["part"]
        err.print(Text(f"{name} is left out: {row['reason']}"), soft_wrap=True)
    if len(rows) > _TOLD_ROWS:
        err.print(f"{len(rows)} are left out; --json tells all.")


def _as_json(outlook: Outlook) -> dict[str, Any]:
    row = asdict(outlook)
    forecast = row.pop("forecast")
    del forecast["sizes"], row["sku"]
    return {**forecast, **row}


def _table(outlooks: Sequence[Outlook]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("part", overflow="fold")
    for heading in ("a month", "order at"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for each in outlooks:
        months = each.forecast.months if each.forecast else ()
        mean = f"{sum(months) / len(months):.2f}" if months else ""
        table.add_row(Text(each.sku), mean, str(each.reorder_point), Text(each.reason))
    return table
