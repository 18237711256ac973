"""Commands for the ledger of outward acts: those whose outcome a person must find out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from hotrod.durable.ages import age_in_words
from hotrod.durable.models import Effect, EffectState

app = typer.Typer(help="Outward acts, and whether they happened.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="As `hotrod effects list` shows it.")]


@app.command("list")
def list_effects(
    *,
    state: Annotated[
        list[EffectState] | None, typer.Option(help="In this state; may be given again.")
    ] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=10_000, help="Most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List outward acts; without --state, the unknown ones and those claimed for a minute."""
    rows = run(_effects(state, limit))
    if as_json:
        body = {"effects": [row.model_dump(mode="json") for row in rows]}
        print_json(body)
        return
    if not rows:
        out.print("No act waits for anybody." if state is None else "There is none.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("key", "state", "tries", "age"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        age = age_in_words(row.claimed_at)
        table.add_row(Text(row.key), Text(row.state), str(row.attempts), age)
    out.print(table)


@app.command()
def confirm(key: Key) -> None:
    """Record that an act has happened: you have looked, e.g. in the mailbox of sent mails."""
    run(_confirm(key))
    out.print(f"{key} counts as done.")
    _say_what_next(key)


@app.command()
def repeat(key: Key) -> None:
    """Let an act be done again: you have looked, and it has not happened."""
    run(_repeat(key))
    out.print(f"{key} will be done again.")
    _say_what_next(key)


def _say_what_next(key: str) -> None:
    out.print("Now redrive the delivery that waits for it:")
    out.print(Text(f"  hotrod inbox redrive --error '{key}'"), soft_wrap=True)


async def _effects(states: list[EffectState] | None, limit: int) -> Sequence[Effect]:
    from hotrod.durable.open_effects import effects_in, open_effects

    async with transaction() as session:
        if states is None:
            return await open_effects(session, limit=limit)
        return await effects_in(session, states, limit=limit)


async def _confirm(key: str) -> None:
    from hotrod.durable import effects

    async with transaction() as session:
        await effects.confirm(session, key)


async def _repeat(key: str) -> None:
    from hotrod.durable import effects

    async with transaction() as session:
        await effects.repeat(session, key)
