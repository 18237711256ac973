"""Commands for API keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli.console import err, out
from cli.database import run, transaction
from hotrod.access.models import Scope
from hotrod.errors import HotrodError

app = typer.Typer(help="Keys of the gateway's API.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it, e.g. website.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be given again.")],
    business: Annotated[str | None, typer.Option(help="The only business it may touch.")] = None,
) -> None:
    """Make a key. It is shown once, on stdout, and stored as a hash."""
    key = run(create_key(name, scope, business))
    err.print("Keep this key; it can't be shown again.")
    out.print(Text(key), soft_wrap=True)


@app.command("list")
def list_all() -> None:
    """List all keys, without their secrets."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prefix", no_wrap=True)
    table.add_column("name", overflow="fold")
    table.add_column("scopes", min_width=max(map(len, Scope)))
    table.add_column("business", overflow="fold")
    for heading in ("created", "last used", "revoked"):
        table.add_column(heading, min_width=10)
    for row in run(_rows()):
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="As `hotrod keys list` shows it.")]) -> None:
    """Make a key worthless, within five seconds."""
    run(revoke_key(prefix))
    out.print(f"Key {prefix} is revoked.")


async def create_key(name: str, scopes: list[Scope], business: str | None = None) -> str:
    """Make a key and return it in plain.

    Raises:
        HotrodError: there is no such business.
    """
    from sqlalchemy.exc import IntegrityError

    from hotrod.access import store

    try:
        async with transaction() as session:
            return await store.create_key(session, name, scopes, business)
    except IntegrityError:
        raise HotrodError("there is no such business; the company file names them") from None


async def revoke_key(prefix: str) -> None:
    """Revoke a key by its prefix."""
    from hotrod.access import store

    async with transaction() as session:
        await store.revoke_key(session, prefix)


async def _rows() -> list[list[str]]:
    from hotrod.access import store

    async with transaction() as session:
        keys = await store.list_keys(session)
    return [
        [
            key.prefix,
            key.name,
            " ".join(key.scopes),
            key.business_key or "all",
            *(
                f"{moment:%Y-%m-%d %H:%M}" if moment else ""
                for moment in (key.created_at, key.last_used_at, key.revoked_at)
            ),
        ]
        for key in keys
    ]
