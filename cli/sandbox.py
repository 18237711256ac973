"""Commands for the stand-ins."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from cli.console import fail, out
from hotrod.settings import load_settings

app = typer.Typer(help="The stand-ins for outside services.", no_args_is_help=True)

_LONGEST_SECONDS = 120.0


@app.command()
def seed(
    *,
    scale: Annotated[float, typer.Option(min=0.1, max=100, help="1: a small company.")] = 1,
    number: Annotated[int, typer.Option(help="The same number tells the same story.")] = 1,
) -> None:
    """Fill the stand-ins with a believable company: people, orders, parts, lead files, mail."""
    import httpx

    url = load_settings().sandbox_url
    try:
        answer = httpx.post(
            f"{url}/_control/seed",
            params={"scale": scale, "number": number},
            timeout=_LONGEST_SECONDS,
            trust_env=False,
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        reason = type(error).__name__
        fail(f"The stand-ins at {url} don't answer ({reason}); `hotrod up` starts them.")
        raise typer.Exit(1) from None
    for name, summary in answer.json().items():
        out.print(Text(f"{name}: {summary}"))
    out.print(Text(f"Look at {url}"))
