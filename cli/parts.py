"""How the parts of the stack are shown, and why one could not be started."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cli.console import err, fail
from hotrod.stack.control import StackError
from hotrod.stack.parts import State
from hotrod.stack.record import PartRecord
from hotrod.stack.usage import usage

_COLORS = {
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.READY: "green",
    State.DONE: "green",
    State.RESTARTING: "yellow",
    State.FAILED: "red",
    State.STOPPED: "dim",
}


def fail_start(error: StackError) -> None:
    """Say which part failed and why, with the end of its log and where the rest is."""
    fail(f"{error.part} could not be started: {error.reason}.")
    for line in error.log_lines:
        err.print(Text("  ").append(Text.from_ansi(line)), style="dim", soft_wrap=True)
    err.print(f"The whole log: {error.log}", soft_wrap=True)


def parts_table(parts: Sequence[PartRecord], *, measured: bool = False) -> Table:
    """Return the parts of the stack as a table; with memory and uptime when ``measured``."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("part", "state", "restarts"):
        table.add_column(heading)
    if measured:
        table.add_column("memory", justify="right")
        table.add_column("up", justify="right")
    table.add_column("address")
    for part in parts:
        table.add_row(
            Text(part.name, style="bold"),
            Text(part.state, style=_COLORS[part.state]),
            Text(str(part.restarts or "")),
            *(_measures(part) if measured else []),
            Text(_address(part)) if part.state.is_good else Text(part.reason or "", style="red"),
        )
    return table


def _address(part: PartRecord) -> str:
    if part.url is None and part.ports:
        return f"127.0.0.1:{part.ports[0]}"
    return ", ".join([part.url or "", *(f":{port}" for port in part.ports[1:])])


def _measures(part: PartRecord) -> list[Text]:
    measured = usage(part)
    if measured is None:
        return [Text(), Text()]
    minutes, seconds = divmod(int(measured.uptime_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return [Text(f"{measured.rss_mb:.0f} MB"), Text(f"{hours}:{minutes:02}:{seconds:02}")]
