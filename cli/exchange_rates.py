"""``hotrod purchases rate`` and ``rates``: what other currencies are worth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from getpass import getuser
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from cli.tables import Column, table_of
from hotrod.db.columns import now
from hotrod.errors import InvalidInputError

if TYPE_CHECKING:
    from hotrod.sourcing.models import ExchangeRates

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def rate(
    currency: Annotated[str, typer.Argument(help="Of which, e.g. USD.")],
    value: Annotated[str, typer.Argument(help="What one unit is worth in the company's.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell an exchange rate; offers in a currency without a fresh one aren't bought."""
    try:
        worth = Decimal(value)
    except InvalidOperation:
        raise InvalidInputError(
            "value", f"{value!r} is no number.", "Write it like 1.37."
        ) from None
    code = currency.upper()
    company_s = run(_rate(code, worth))
    if as_json:
        print_json({"currency": code, "value": str(worth)})
        return
    out.print(Text(f"1 {code} is {worth} {company_s} from now on."))


def rates(*, as_json: AsJson = False) -> None:
    """List what other currencies are worth, and until when that counts."""
    told, hours = run(_rates())
    until = {code: one.seen_at + timedelta(hours=hours) for code, one in told.rates.items()}
    if as_json:
        rows = [
            {
                "currency": code,
                "value": str(told.rates[code].value),
                "counts_until": day.isoformat(),
            }
            for code, day in until.items()
        ]
        print_json({"into": told.currency, "rates": rows})
        return
    out.print(_rates_table(told, until) if until else "No rate was ever told.")


async def _rate(currency: str, value: Decimal) -> str:
    from hotrod.company.load import get_company
    from hotrod.purchasing.store import tell_rate

    into = get_company().pricing.currency
    async with transaction() as session:
        await tell_rate(session, currency, value, into=into, told_by=getuser())
    return into


async def _rates() -> tuple[ExchangeRates, int]:
    from hotrod.company.load import get_company
    from hotrod.purchasing.store import exchange_rates

    company = get_company()
    async with transaction() as session:
        told = await exchange_rates(session, company.pricing.currency)
    return told, company.sourcing.rate_hours


def _rates_table(told: ExchangeRates, until: Mapping[str, datetime]) -> Table:
    return table_of(
        [(code, told.rates[code].value, day) for code, day in sorted(until.items())],
        Column("currency", lambda row: row[0]),
        Column(f"worth in {told.currency}", lambda row: f"{row[1]:f}", "right"),
        Column("counts until (UTC)", lambda row: f"{row[2]:%F %H:%M}"),
        Column("", lambda row: "too old" if row[2] < now() else ""),
    )
