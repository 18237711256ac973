"""The command that shows the main job from end to end."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.console import fail, out, print_json
from cli.demo import STEPS, Demo, DemoError, Progress, result
from cli.parts import fail_start
from cli.stack import start_detached
from hotrod.errors import HotrodError
from hotrod.settings import Settings, load_settings
from hotrod.stack.control import StackError, stop


def demo(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
    stop_after: Annotated[bool, typer.Option("--stop", help="Stop the stack in the end.")] = False,
) -> None:
    """Hand in a repair request and watch it become a quote.

    Starts the stack if it is down, and leaves it up, so that the links can be opened.
    """
    settings = load_settings()
    try:
        seconds = start_detached(settings)
        progress = _run(settings, quiet=as_json)
    except HotrodError as error:
        _tell(error, as_json=as_json)
        raise typer.Exit(1) from None
    finally:
        if stop_after:
            stop(settings.home)
    if as_json:
        print_json(result(progress, seconds))
    else:
        _print_links(settings, progress, stopped=stop_after)


def _run(settings: Settings, *, quiet: bool) -> Progress:
    """Run the demonstration with a key of its own, revoked in the end."""
    from cli.database import run
    from cli.keys import create_key, revoke_key
    from hotrod.access.models import Scope

    key = run(create_key("demo", [Scope.TICKETS_READ, Scope.TICKETS_WRITE]))
    try:
        with Demo.opened(settings, key) as one:
            return _quietly(one) if quiet else _live(one)
    finally:
        run(revoke_key(key.split("_")[1]))


def _tell(error: HotrodError, *, as_json: bool) -> None:
    """Say which step failed, why, and where to look."""
    if isinstance(error, DemoError):
        body = {"step": error.step, "error": error.reason, "look": error.look}
        fail(str(error))
    elif isinstance(error, StackError):
        body = {"step": f"Start of {error.part}", "error": error.reason, "look": str(error.log)}
        fail_start(error)
    else:
        body = {"step": "Start of the stack", "error": str(error), "look": "hotrod doctor"}
        fail(str(error))
    if as_json:
        print_json({"ok": False} | body)


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


def _print_links(settings: Settings, progress: Progress, *, stopped: bool) -> None:
    view = progress.view
    quote: dict[str, Any] = view["quote"]
    out.print()
    out.print(
        f"Quote v{quote['version']}: {quote['total']} {quote['currency']}, "
        f"technician: {view['technician'] or 'nobody free'}"
    )
    links = {"Ticket": view["status_url"], "Run": view["run_url"]}
    if settings.mail_is_played:
        links["Mailbox"] = f"{settings.sandbox_url}/mail"
    if progress.approve_url:
        links["Approve"] = progress.approve_url
    for name, link in links.items():
        out.print(Text(f"{name:<9}{link}"), soft_wrap=True)
    if settings.prefect.api_url is None:
        secrets = settings.home / "secrets.json"
        note = f"The Prefect UI asks for a password: prefect_auth_string in {secrets}"
        out.print(Text(note, style="dim"), soft_wrap=True)
    ending = "The stack has stopped." if stopped else "The stack stays up; `hotrod down` stops it."
    out.print(Text(ending, style="dim"))
