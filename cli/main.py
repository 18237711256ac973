"""The ``hotrod`` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from inspect import getdoc
from typing import Annotated

import typer

from cli.console import fail, settings_table
from hotrod.errors import HotrodError, SettingsError
from hotrod.logging import configure_logging

COMMANDS = {
    "demo": "cli.run:demo",
    "up": "cli.stack:up",
    "down": "cli.stack:down",
    "status": "cli.stack:status",
    "logs": "cli.stack:logs",
    "doctor": "cli.doctor:doctor",
    "inbox": "cli.inbox:app",
    "effects": "cli.effects:app",
    "parts": "cli.catalogue:app",
    "stock": "cli.stock:app",
    "purchases": "cli.purchases:app",
    "watch": "cli.watch:app",
    "approvals": "cli.approvals:app",
    "keys": "cli.keys:app",
    "labels": "cli.labels:app",
    "connectors": "cli.connectors:app",
    "sandbox": "cli.sandbox:app",
    "bench": "cli.bench:app",
}
"""Where each command is; what it needs is imported when it is called."""


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"hotrod {version('hotrod-flow')}")
        raise typer.Exit


def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Hot Rod Flow: the automation system of a group of small companies."""


def program(words: Sequence[str]) -> typer.Typer:
    """Return the program with the command that is called; with all of them when none is.

    Args:
        words: of the command line.
    """
    app = typer.Typer(
        name="hotrod",
        help="Run the system, look at it, and hand out keys.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=root,
    )
    for name in [word for word in words if word in COMMANDS][:1] or COMMANDS:
        module, attribute = COMMANDS[name].split(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            for command in found.registered_commands:
                command.short_help = _summary(command.callback)
            app.add_typer(found, name=name, short_help=found.info.help)
        else:
            app.command(name, short_help=_summary(found))(found)
    return app


def _summary(command: object) -> str:
    """Return the first paragraph of a command's help, which typer would cut to a line."""
    return (getdoc(command) or "").partition("\n\n")[0]


def main() -> None:
    """Run the command; wrong settings and known errors are told in a few words."""
    configure_logging("CRITICAL")  # what matters is told by the commands
    try:
        program(sys.argv[1:])()
    except SettingsError as error:
        settings_table(error)
        sys.exit(1)
    except HotrodError as error:
        fail(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
