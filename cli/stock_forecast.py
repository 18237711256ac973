"""``hotrod stock forecast``: what will be needed of each part, and when to order it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import err, out
from hotrod.forecast.settings import Criticality
from hotrod.settings import load_settings

if TYPE_CHECKING:
    from hotrod.forecast.demand import BadRow
    from hotrod.forecast.models import Forecast

_TOLD_ROWS = 20


def forecast(
    *,
    csv: Annotated[
        Path,
        typer.Option(help="Demand: part,period,quantity; a period is 2025-01 or a day."),
    ],
    horizon: Annotated[int, typer.Option(min=1, max=24, help="Months ahead.")] = 6,
    lead_days: Annotated[
        list[float] | None,
        typer.Option(min=0.5, max=1000, help="Days from order to shelf; once per delivery known."),
    ] = None,
    criticality: Annotated[
        Criticality, typer.Option(help="How bad it is to be without.")
    ] = Criticality.B,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Forecast the demand of each part, month by month, and the stock at which to order.

    Months without a row are months without demand, from the first to the last of the file; so
    the file should end with a month that is over.
    """
    from hotrod.forecast.choice import forecast_part
    from hotrod.forecast.demand import monthly_demand, read_demand
    from hotrod.forecast.reorder import reorder_point

    settings = load_settings().forecast
    service_level = settings.service_level(criticality)
    leads = lead_days or [settings.lead_time_days]
    file = read_demand(csv)
    _tell_left_out(file.left_out)
    forecasts = [
        forecast_part(part, history, horizon) for part, history in monthly_demand(file.uses).items()
    ]
    points = [reorder_point(each, leads, service_level) for each in forecasts]
    if as_json:
        body = {
            "horizon_months": horizon,
            "lead_days": leads,
            "service_level": service_level,
            "parts": [_as_json(*row) for row in zip(forecasts, points, strict=True)],
            "left_out": [row._asdict() for row in file.left_out],
        }
        sys.stdout.write(json.dumps(body) + "\n")
        return
    out.print(_table(forecasts, points) if forecasts else "No row can be used.")


def _tell_left_out(rows: Sequence[BadRow]) -> None:
    for row in rows[:_TOLD_ROWS]:
        err.print(Text(f"line {row.line} is left out: {row.reason}"), soft_wrap=True)
    if len(rows) > _TOLD_ROWS:
        err.print(f"{len(rows)} lines are left out; --json tells all.")


def _as_json(forecast: Forecast, point: int) -> dict[str, Any]:
    row = asdict(forecast)
    del row["sizes"]
    return {**row, "reorder_point": point}


def _table(forecasts: Sequence[Forecast], points: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("part", overflow="fold")
    for heading in ("a month", "order at"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for each, point in zip(forecasts, points, strict=True):
        mean = sum(each.months) / len(each.months)
        table.add_row(Text(each.part), f"{mean:.2f}", str(point), Text(each.reason))
    return table
