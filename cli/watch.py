"""``hotrod watch``: saved searches at eBay, and the calls that they cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from cli.tables import Column, table_of
from hotrod.errors import InvalidInputError
from hotrod.money import money
from hotrod.settings import load_settings
from hotrod.sourcing.models import Condition
from hotrod.watches.models import WatchKind
from hotrod.watches.rules import PACE, budget_of, interval_in_words, next_look, plan

if TYPE_CHECKING:
    from cli.watch_quota import Quotas
    from hotrod.watches.models import Watch, WatchSighting
    from hotrod.watches.store import Watching

app = typer.Typer(help="Saved searches at eBay, and what they cost.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Name = Annotated[str, typer.Argument(help="As `hotrod watch list` shows it.")]

_PACE = PACE // timedelta(minutes=1)


@app.command()
def add(  # noqa: PLR0913 - one option for each thing that can be said
    name: Annotated[str, typer.Argument(help="What to call it; it stands in every message.")],
    *,
    part: Annotated[str | None, typer.Option(help="SKU that is looked for.")] = None,
    words: Annotated[str, typer.Option(help="Words that are looked for, instead.")] = "",
    kind: Annotated[WatchKind, typer.Option(help="What is waited for.")] = WatchKind.NEW_LISTING,
    at_most: Annotated[
        str | None, typer.Option(help="Price of one at the door, in the company's currency.")
    ] = None,
    condition: Annotated[
        list[Condition] | None, typer.Option(help="May be given again; none: any.")
    ] = None,
    seller: Annotated[list[str] | None, typer.Option(help="May be given again; none: any.")] = None,
    region: Annotated[str, typer.Option(help="Country where it is, two letters.")] = "",
    every: Annotated[int, typer.Option(min=_PACE, help="Minutes between two looks.")] = 30,
    priority: Annotated[
        int, typer.Option(min=1, max=9, help="Its share of calls when they are scarce.")
    ] = 1,
    to: Annotated[str, typer.Option(help="Manager or technician who is told; none: ops.")] = "",
    mail: Annotated[bool, typer.Option(help="Tell by mail.")] = True,
    slack: Annotated[bool, typer.Option(help="Tell on Slack.")] = False,
    business: Annotated[str, typer.Option(help="That pays the tax; none: the default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a watch. It looks within a few minutes, and first learns silently what is there.

    A price below the limit, or an auction that is ending, is told at once.
    """
    _check(name, kind, at_most, region, every)
    if bool(part) == bool(words.strip()):
        raise InvalidInputError("part", "name a part or words.", "Give --part or --words, one.")
    if not mail and not slack:
        raise InvalidInputError("mail", "nobody would be told.", "Leave --no-mail, or add --slack.")
    given = {
        "name": name.strip(),
        "kind": kind,
        "words": words.strip(),
        "conditions": sorted(set(condition or ())),
        "at_most": None if at_most is None else _amount(at_most),
        "sellers": sorted(set(seller or ())),
        "region": region,
        "recipient": to,
        "by_mail": mail,
        "by_slack": slack,
        "wanted_minutes": every,
        "priority": priority,
    }
    row = run(_add(given, part, business))
    if as_json:
        print_json(_as_json(row, part))
        return
    out.print(Text(f"{row.name} is watched, every {every} min if the day's calls allow it."))


@app.command("list")
def list_watches(*, as_json: AsJson = False) -> None:
    """List the watches: how often each looks, when it does next, and what went wrong."""
    rows = run(_list())
    if as_json:
        print_json({"watches": rows})
        return
    out.print(_table(rows) if rows else "Nothing is watched; `hotrod watch add` begins.")


@app.command()
def show(
    name: Name,
    *,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=1000, help="Most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show a watch with the listings that it has seen, the newest first."""
    body, seen = run(_show(name, limit))
    if as_json:
        print_json(body | {"sightings": [_sighting(one) for one in seen]})
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for key, value in body.items():
        shown = ", ".join(value) if isinstance(value, list) else f"{'' if value is None else value}"
        table.add_row(Text(key, style="dim"), Text(shown))
    out.print(table)
    for one in seen:
        price = "cost unknown" if one.price is None else money(one.price, body["currency"])
        why = f" ({one.news}, {'told' if one.told_at else 'not told yet'})" if one.news else ""
        words = f"{one.first_seen_at:%F %H:%M} {price} {one.title} of {one.seller}{why}"
        out.print(Text(words), Text(one.url, style="blue"), soft_wrap=True)


@app.command()
def pause(name: Name, *, as_json: AsJson = False) -> None:
    """Let a watch look no more, until it is resumed; the others share its calls."""
    run(_set_active(name, active=False))
    _tell({"name": name, "active": False}, f"{name} is paused.", as_json=as_json)


@app.command()
def resume(name: Name, *, as_json: AsJson = False) -> None:
    """Let a paused watch look again; what was listed meanwhile is news."""
    run(_set_active(name, active=True))
    _tell({"name": name, "active": True}, f"{name} is watched again.", as_json=as_json)


@app.command()
def remove(name: Name, *, as_json: AsJson = False) -> None:
    """Remove a watch with all that it has seen."""
    run(_remove(name))
    _tell({"name": name, "removed": True}, f"{name} is removed.", as_json=as_json)


@app.command()
def quota(*, as_json: AsJson = False) -> None:
    """Show the day's calls: used and left as eBay says and as we count, and who gets them."""
    body = run(_quotas())
    if as_json:
        print_json(body.as_json())
        return
    _print_quota(body)


def _table(rows: list[dict[str, Any]]) -> Table:
    return table_of(
        rows,
        Column("name", lambda row: row["name"], wraps=True),
        Column("waits for", lambda row: row["kind"].replace("_", " "), wraps=True),
        Column("looks for", lambda row: row["part"] or row["words"], wraps=True),
        Column("at most", lambda row: row["at_most"] or "", "right"),
        Column("interval", lambda row: row["interval"], wraps=True),
        Column("next", lambda row: row["next"], wraps=True),
        Column("tells", lambda row: row["recipient"] or "ops", only_if_differs=True),
        Column(
            "state",
            lambda row: row["error"] or ("watching" if row["active"] else "paused"),
            wraps=True,
        ),
    )


def _tell(body: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(body)
        return
    out.print(Text(words))


def _print_quota(body: Quotas) -> None:
    for line in body.in_words():
        out.print(Text(line), soft_wrap=True)
    if body.watches:
        out.print(
            table_of(
                body.watches,
                Column("watch", lambda row: row.name, wraps=True),
                Column("interval", lambda row: row.interval, wraps=True),
                Column("calls a day", lambda row: f"{row.calls_per_day:.1f}", "right"),
                Column("made in 24 h", lambda row: str(row.made), "right"),
            )
        )


def _check(name: str, kind: WatchKind, at_most: str | None, region: str, every: int) -> None:
    if not name.strip():
        raise InvalidInputError("name", "it is empty.", "Say what is watched, e.g. 'PS5 HDMI'.")
    if kind is WatchKind.PRICE_BELOW and at_most is None:
        raise InvalidInputError("at-most", "a price is watched, but which?", "Give --at-most 40.")
    if every % _PACE:
        raise InvalidInputError("every", f"{every} is no multiple of {_PACE}.", "Say 5, 10, 30 ...")
    if region and not (len(region) == len("CA") and region.isascii() and region.isupper()):
        raise InvalidInputError("region", f"{region!r} is no country.", "Write it like CA.")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 < amount < Decimal(10**8)) or amount != round(amount, 2):
        raise InvalidInputError("at-most", f"{text!r} is no price.", "Write it like 39.90.")
    return amount


async def _add(given: dict[str, Any], sku: str | None, business: str) -> Watch:
    from hotrod.company.load import get_company
    from hotrod.parts.store import find_part
    from hotrod.watches.digests import check_recipient
    from hotrod.watches.models import Watch
    from hotrod.watches.store import add_watch

    company = get_company()
    check_recipient(company, given["recipient"])
    key = business or company.default_business
    if company.business(key) is None:
        keys = ", ".join(one.key for one in company.businesses)
        raise InvalidInputError("business", f"there is no {key!r}.", f"Name one of {keys}.")
    async with transaction() as session:
        part = await find_part(session, sku) if sku else None
        watch = Watch(
            **given,
            business_key=key,
            part_id=part.id if part else None,
            currency=company.pricing.currency,
            created_by=getuser(),
        )
        await add_watch(session, watch)
        return watch


async def _list() -> list[dict[str, Any]]:
    from hotrod.watches.store import watches

    async with transaction() as session:
        found = await watches(session)
    return _planned(found)


async def _show(name: str, limit: int) -> tuple[dict[str, Any], list[WatchSighting]]:
    from hotrod.watches.store import find_watch, sightings, watches

    async with transaction() as session:
        watch = (await find_watch(session, name)).watch
        planned = _planned(await watches(session))
        body = next(row for row in planned if row["name"] == watch.name)
        return body, await sightings(session, watch.id, limit=limit)


def _planned(found: list[Watching]) -> list[dict[str, Any]]:
    """Return watches as JSON, with when and how often each looks."""
    ebay = load_settings().ebay
    budget = budget_of(ebay.calls_per_day, ebay.percent_for_sourcing)
    intervals = plan([one.turn for one in found if one.watch.active], budget)
    rows = []
    for one in found:
        interval = intervals.get(one.watch.id)
        moment = next_look(one.turn, interval) if interval else None
        soon = f"{moment:%F %H:%M} UTC" if moment else "soon"
        wanted = timedelta(minutes=one.watch.wanted_minutes)
        rows.append(
            _as_json(one.watch, one.part.sku if one.part else None)
            | {
                "interval": interval_in_words(interval, wanted) if interval else "",
                "interval_seconds": interval.total_seconds() if interval else None,
                "next": soon if interval else "",
            }
        )
    return rows


async def _quotas() -> Quotas:
    from cli.watch_quota import ask, quotas

    settings = load_settings()
    told, why = await ask(settings)
    async with transaction() as session:
        return await quotas(session, settings, told, why)


async def _set_active(name: str, *, active: bool) -> None:
    from hotrod.watches.store import set_active

    async with transaction() as session:
        await set_active(session, name, active=active)


async def _remove(name: str) -> None:
    from hotrod.watches.store import remove_watch

    async with transaction() as session:
        await remove_watch(session, name)


def _as_json(watch: Watch, sku: str | None) -> dict[str, Any]:
    body = watch.model_dump(mode="json", exclude={"id", "part_id", "retry_at"})
    return {"name": body.pop("name"), "kind": body.pop("kind"), "part": sku or "", **body}


def _sighting(one: WatchSighting) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude={"id", "watch_id", "digest_id"})
