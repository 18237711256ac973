"""Where the command writes: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hotrod.errors import SettingsError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(body: Mapping[str, Any]) -> None:
    """Write one JSON object, for programs."""
    sys.stdout.write(json.dumps(body) + "\n")


def fail(message: str) -> None:
    """Say what went wrong."""
    err.print(Text(message, style="red"), soft_wrap=True)


def settings_table(error: SettingsError) -> None:
    """Show wrong settings, one a row."""
    table = Table(title="These settings can't be used", title_style="bold red", show_lines=True)
    table.add_column("setting", overflow="fold")
    table.add_column("what is wrong", overflow="fold")
    for name, reason in error.rows:
        table.add_row(Text(name), Text(reason))
    err.print(table)
