"""The command that shows the main job from end to end."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.console import err, fail, out
from cli.demo import STEPS, Demo, DemoError, Progress, result
from cli.keys import create_key, revoke_key, run
from cli.stack import running, start_detached
from hotrod.access.models import Scope
from hotrod.settings import Settings, load_settings
from hotrod.stack.secrets import load_secrets

_SCOPES = [Scope.TICKETS_READ, Scope.TICKETS_WRITE]


def demo(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
) -> None:
    """Start the stack if need be, hand in a repair request, and watch it become a quote.

    The stack stays up, so that the links can be opened; `hotrod down` stops it.
    """
    settings = load_settings()
    seconds = 0.0
    if running(settings) is None:
        err.print("Starting the stack; the first time takes longest ...")
        seconds = start_detached(settings)
    key = run(create_key("demo", _SCOPES))
    try:
        with Demo.opened(settings, key) as one:
            progress = _quietly(one) if as_json else _live(one)
    except DemoError as error:
        if as_json:
            failure = {"ok": False, "step": error.step, "error": error.reason, "look": error.look}
            sys.stdout.write(json.dumps(failure) + "\n")
        fail(f"{error.step} failed. {error.reason} {error.look}")
        raise typer.Exit(1) from None
    finally:
        run(revoke_key(key.split("_")[1]))
    if as_json:
        sys.stdout.write(json.dumps(result(progress, seconds)) + "\n")
    else:
        _print_links(settings, progress)


def _quietly(one: Demo) -> Progress:
    *_, last = one.run()
    return last


def _live(one: Demo) -> Progress:
    with Live(console=out, refresh_per_second=10) as live:
        progress = Progress()
        live.update(_table(progress))
        for progress in one.run():
            live.update(_table(progress))
    return progress


def _table(progress: Progress) -> Group:
    table = Table(box=None, pad_edge=False, show_header=False)
    waiting = True
    for key, name in STEPS:
        seconds = progress.seconds.get(key)
        if seconds is not None:
            table.add_row(Text("✓", style="green"), name, Text(f"{seconds:6.2f} s", style="bold"))
        elif waiting:
            table.add_row(Spinner("dots"), Text(name, style="dim"))
            waiting = False
        else:
            table.add_row("", Text(name, style="dim"))
    view = progress.view
    heading = f"{progress.ticket} {view['title']}" if view else "A customer sends the form ..."
    return Group(Text(heading, style="bold"), table)


def _print_links(settings: Settings, progress: Progress) -> None:
    view = progress.view
    quote = view["quote"]
    login = load_secrets(settings).prefect_auth_string.get_secret_value()
    out.print()
    out.print(
        f"Quote v{quote['version']}: {quote['total']} {quote['currency']}, "
        f"technician: {view['technician'] or 'nobody free'}"
    )
    links = {
        "Ticket": view["status_url"],
        "Run": f"{view['run_url']}  (password: {login})",
        "Mailbox": f"{settings.sandbox_url}/mailbox",
        "Approve": progress.approve_url,
    }
    for name, link in links.items():
        if link:
            out.print(Text(f"{name:<9}{link}"), soft_wrap=True)
    out.print(Text("The stack stays up; `uv run hotrod down` stops it.", style="dim"))
