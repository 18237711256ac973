"""The ``hotrod`` command."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cli import bench, connectors, doctor, effects, inbox, keys, run, sandbox, stack
from cli.console import fail, settings_table
from hotrod.errors import HotrodError, SettingsError
from hotrod.logging import configure_logging

app = typer.Typer(
    name="hotrod",
    help="Run the system, look at it, and hand out keys.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(run.demo)
app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("status")(stack.status)
app.command("logs")(stack.logs)
app.command("doctor")(doctor.doctor)
app.add_typer(inbox.app, name="inbox")
app.add_typer(effects.app, name="effects")
app.add_typer(keys.app, name="keys")
app.add_typer(connectors.app, name="connectors")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(bench.app, name="bench")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"hotrod {version('hotrod-flow')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Hot Rod Flow: the automation system of a group of small companies."""


def main() -> None:
    """Run the command; wrong settings and known errors are told in a few words."""
    configure_logging("CRITICAL")  # what matters is told by the commands
    try:
        app()
    except SettingsError as error:
        settings_table(error)
        sys.exit(1)
    except HotrodError as error:
        fail(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
