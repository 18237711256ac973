"""``hotrod parts change`` and ``hotrod parts substitute``: what a person says of parts."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from hotrod.db.columns import now
from hotrod.forecast.settings import Criticality
from hotrod.parts.models import EvidenceKind
from hotrod.parts.substitutes import Evidence

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Sku = Annotated[str, typer.Argument(help="As `hotrod parts list` shows it.")]


def change(
    sku: Sku,
    *,
    criticality: Annotated[
        Criticality | None, typer.Option(help="How bad it is to be without; A is the worst.")
    ] = None,
    reorder_at: Annotated[
        int | None, typer.Option(min=0, help="Pieces; set by hand, the forecast leaves it alone.")
    ] = None,
    by_forecast: Annotated[
        bool, typer.Option("--reorder-by-forecast", help="Hand the point back to the forecast.")
    ] = False,
    ean: Annotated[str | None, typer.Option(help="On its packing; an empty one goes.")] = None,
    active: Annotated[
        bool | None,
        typer.Option(
            "--active/--inactive", help="Whether it is used: listed, forecast and ordered."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how critical a part is, when it is ordered again, its EAN, and whether it is used."""
    if reorder_at is not None and by_forecast:
        raise typer.BadParameter("--reorder-at and --reorder-by-forecast exclude each other")
    said = (criticality, reorder_at, ean, active)
    if all(one is None for one in said) and not by_forecast:
        raise typer.BadParameter("name something to change")
    body = run(_change(sku, criticality, reorder_at, ean, by_forecast=by_forecast, active=active))
    if as_json:
        print_json(body)
        return
    setter = "by hand" if body["point_by_hand"] else "by the forecast"
    words = (
        f"{sku}: criticality {body['criticality']}, ordered at {body['reorder_point']}, {setter}"
    )
    words += f", EAN {body['ean']}" * bool(body["ean"])
    out.print(Text(words + (", active" if body["active"] else ", not active")))


def substitute(
    sku: Sku,
    other: Annotated[str, typer.Argument(help="The part that may stand in for it.")],
    *,
    ticket: Annotated[str, typer.Option(help="On which it was tried, e.g. NL-1042.")] = "",
    source: Annotated[
        EvidenceKind, typer.Option(help="Who says so, when it wasn't tried.")
    ] = EvidenceKind.CATALOGUE,
    fails: Annotated[bool, typer.Option("--fails", help="It can not stand in.")] = False,
    both_ways: Annotated[
        bool, typer.Option("--both-ways", help="The other way round, too.")
    ] = False,
    note: Annotated[str, typer.Option(help="What to mind, or where it is written.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record that a part can stand in for another, or can't, and how that is known.

    With a ticket, it was tried there; that outweighs what catalogues say.
    """
    kind = EvidenceKind.TRIED if ticket else source
    if kind is EvidenceKind.TRIED and not ticket:
        raise typer.BadParameter("name the --ticket on which it was tried")
    evidence = Evidence(kind, not fails, now(), getuser(), ticket, note)
    reverse = run(_substitute(sku, other, evidence, both_ways=both_ways))
    if as_json:
        row = {"sku": sku, "substitute": other, "both_ways": both_ways, "works": not fails}
        row |= {"reverse_works": reverse.works if reverse else None}
        print_json(row | {"kind": kind, "ticket": ticket, "note": note})
        return
    told = f"tried on {ticket}" if ticket else f"{kind}"
    out.print(Text(f"{other} {'can not' if fails else 'can'} stand in for {sku}: {told}."))
    if reverse is not None:
        can = "can" if reverse.works else "can not"
        stays = f"The other way round stays as it is: {sku} {can} stand in for {other}"
        out.print(Text(f"{stays} ({reverse.words}). Say it of both by --both-ways."))


async def _change(
    sku: str,
    criticality: Criticality | None,
    reorder_at: int | None,
    ean: str | None,
    *,
    by_forecast: bool,
    active: bool | None,
) -> dict[str, Any]:
    from hotrod.parts import changes
    from hotrod.parts.store import find_part

    async with transaction() as session:
        if criticality is not None:
            await changes.set_criticality(session, sku, criticality)
        if ean is not None:
            await changes.set_ean(session, sku, ean)
        if by_forecast:
            await changes.reorder_by_forecast(session, sku)
        if active is not None:
            await changes.set_active(session, sku, active=active)
        if reorder_at is not None:
            await changes.reorder_at(session, sku, reorder_at)
        part = await find_part(session, sku)
        return part.model_dump(mode="json", exclude={"id", "low_since"})


async def _substitute(
    sku: str, other: str, evidence: Evidence, *, both_ways: bool
) -> Evidence | None:
    """Return what is known of the other way round, where it isn't said of that too."""
    from hotrod.parts.store import find_part
    from hotrod.parts.substitutes import evidence_of, record_evidence
    from hotrod.repairs.store import read_ticket

    async with transaction() as session:
        if evidence.ticket:
            await read_ticket(session, evidence.ticket)
        part, standing_in = await find_part(session, sku), await find_part(session, other)
        await record_evidence(session, part, standing_in, evidence, both_ways=both_ways)
        reverse = () if both_ways else await evidence_of(session, standing_in, part)
    return reverse[0] if reverse else None
