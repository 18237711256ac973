"""Where the command writes: results to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hotrod.errors import SettingsError
from hotrod.stack.record import PartRecord, State

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_COLORS: dict[State, str] = {
    "waiting": "dim",
    "starting": "yellow",
    "ready": "green",
    "restarting": "yellow",
    "failed": "red",
    "stopped": "dim",
}


def fail(message: str) -> None:
    """Say what went wrong."""
    err.print(Text(message, style="red"))


def settings_table(error: SettingsError) -> None:
    """Show wrong settings, one a row."""
    table = Table(title="These settings can't be used", title_style="bold red", show_lines=True)
    table.add_column("setting", overflow="fold")
    table.add_column("what is wrong", overflow="fold")
    for name, reason in error.rows:
        table.add_row(Text(name), Text(reason))
    err.print(table)


def parts_table(parts: Sequence[PartRecord], *, memory: bool = False) -> Table:
    """Return the parts of the stack as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("part", "state", "port", "restarts"):
        table.add_column(heading)
    if memory:
        table.add_column("memory", justify="right")
    table.add_column("address")
    for part in parts:
        row = [
            Text(part.name, style="bold"),
            Text(part.state, style=_COLORS[part.state]),
            Text(str(part.port or "")),
            Text(str(part.restarts or "")),
            *([Text(f"{part.rss_mb:.0f} MB")] if memory else []),
            Text(part.url or ""),
        ]
        table.add_row(*row)
        if part.problem and part.state != "ready":
            table.add_row("", Text(part.problem, style="red"))
    return table
