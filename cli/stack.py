"""Commands that start, stop and show the stack."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from cli.attention import Attention, read_attention
from cli.console import err, fail, out, print_json
from cli.database import run
from cli.parts import fail_start, parts_table
from hotrod.company.load import load_company
from hotrod.errors import HotrodError
from hotrod.settings import Settings, load_settings
from hotrod.stack.control import (
    StackError,
    failure,
    running,
    start_in_background,
    stop,
    wait_until_ready,
)
from hotrod.stack.logs import Follower, log_path, tail
from hotrod.stack.record import PartRecord, StackRecord
from hotrod.stack.usage import usage

NOT_RUNNING = 3
_LOOK_EVERY_SECONDS = 0.2
_LONGEST_LOOK_SECONDS = 5.0


def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything is ready.")
    ] = False,
) -> None:
    """Start the stack and stay with it; Ctrl-C stops it.

    PostgreSQL, Prefect with its UI, the stand-ins, the gateway and the workers.
    """
    settings = load_settings()
    if running(settings.home) is not None:
        with reported_failure():
            wait_until_ready(settings.home)
        out.print("The stack is up already.")
        print_links(settings)
    elif detach:
        with reported_failure():
            seconds = start_detached(settings)
        out.print(f"Ready after {seconds:.1f} s.")
        print_links(settings)
    else:
        load_company(settings.company_file)  # told here, and not in a part's log
        asyncio.run(_up(settings))


def down() -> None:
    """Stop the stack, and wait until nothing of it is left."""
    if stop(load_settings().home):
        out.print("Everything has stopped.")
    else:
        out.print("The stack is not running.")


def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Show the parts, their restarts and their memory, and what waits for a person.

    Exit status 0: all parts are ready; 1: some aren't; 3: the stack is not running.
    """
    settings = load_settings()
    record = running(settings.home)
    attention = _attention(settings) if record else None
    if as_json:
        waiting = {"attention": asdict(attention) if attention else None}
        print_json(_as_json(record) | waiting)
    elif record is None:
        out.print("The stack is not running; `hotrod up` starts it.")
    else:
        out.print(parts_table(record.parts, measured=True))
        total = sum(found.rss_mb for part in record.parts if (found := usage(part)))
        out.print(Text(f"{total:.0f} MB in all", style="dim"))
        for line in attention.lines if attention else []:
            out.print(Text(line, style="yellow"), soft_wrap=True)
    if record is None:
        raise typer.Exit(NOT_RUNNING)
    if not record.ok:
        raise typer.Exit(1)


def logs(
    part: Annotated[str | None, typer.Argument(help="Name of a part; all when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines of each log.")] = 40,
) -> None:
    """Show the parts' logs."""
    home = load_settings().home
    known = sorted(path.stem for path in (home / "logs").glob("*.log"))
    if part is not None and part not in known:
        fail(f"There is no log of {part!r}; there are: {', '.join(known) or 'none yet'}.")
        raise typer.Exit(1)
    paths = {name: log_path(home, name) for name in ([part] if part else known)}
    followers = {name: Follower(path) for name, path in paths.items()}
    for name, path in paths.items():
        for line in tail(path, lines):
            _print_line(name, line, many=len(paths) > 1)
    with suppress(KeyboardInterrupt):
        while follow:
            for name, follower in followers.items():
                for line in follower.new_lines():
                    _print_line(name, line, many=len(paths) > 1)
            time.sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def reported_failure() -> Iterator[None]:
    """Tell of a stack that could not be started, and exit with 1."""
    try:
        yield
    except StackError as error:
        fail_start(error)
        raise typer.Exit(1) from None


def start_detached(settings: Settings) -> float:
    """Start the stack in the background, shown on stderr; return the seconds until ready.

    Raises:
        PortError: a port is taken.
        StackError: a part could not be started.
    """
    with Live(console=err, transient=True, refresh_per_second=4) as live:
        return start_in_background(settings, lambda record: live.update(parts_table(record.parts)))


async def _up(settings: Settings) -> None:
    """Run the supervisor in the foreground until Ctrl-C, or until a part fails."""
    from hotrod.stack.plan import plan_stack
    from hotrod.stack.supervisor import Supervisor, sole_supervisor

    parts = plan_stack(settings)
    stopping = asyncio.Event()
    with (
        sole_supervisor(settings.home, parts),
        Live(console=out, transient=True, refresh_per_second=4) as live,
    ):
        ready = asyncio.Event()

        def show(record: StackRecord) -> None:
            live.update(parts_table(record.parts))
            if record.ok and not ready.is_set():
                ready.set()
                print_links(settings)
                out.print("Ctrl-C stops everything.")

        supervisor = Supervisor(parts, settings.home, on_change=show)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        is_well = await supervisor.run(stopping)
    if not is_well:
        fail_start(failure(settings.home, supervisor.record))
        raise typer.Exit(1)
    out.print("Everything has stopped.")


def print_links(settings: Settings) -> None:
    """Print where to look, and how to log in."""
    links = {"Gateway": f"http://127.0.0.1:{settings.gateway.port}"}
    login = ""
    if settings.prefect.api_url is None:
        login = f"  (password: prefect_auth_string in {settings.home / 'secrets.json'})"
    links["Prefect UI"] = settings.prefect_url + login
    if settings.mail_is_played:
        links["Mailbox"] = f"{settings.sandbox_url}/mail"
    for name, link in links.items():
        out.print(Text(f"{name:<11} {link}"), soft_wrap=True)
    out.print("`hotrod status` shows the parts, `hotrod down` stops them.")


def _attention(settings: Settings) -> Attention | None:
    """Return what waits for a person, or None when the database doesn't tell."""
    with suppress(HotrodError, TimeoutError):
        return run(asyncio.wait_for(read_attention(settings), _LONGEST_LOOK_SECONDS))
    return None


def _as_json(record: StackRecord | None) -> dict[str, Any]:
    if record is None:
        return {"ok": False, "running": False, "rss_mb": 0.0, "parts": []}
    parts = [_part_as_json(part) for part in record.parts]
    return {
        "ok": record.ok,
        "running": True,
        "rss_mb": round(sum(part["rss_mb"] or 0.0 for part in parts), 1),
        "parts": parts,
    }


def _part_as_json(part: PartRecord) -> dict[str, Any]:
    measured = usage(part)
    return {
        "name": part.name,
        "state": part.state,
        "pid": part.process.pid if part.process else None,
        "port": part.ports[0] if part.ports else None,
        "restarts": part.restarts,
        "uptime_seconds": measured.uptime_seconds if measured else None,
        "rss_mb": measured.rss_mb if measured else None,
        "url": part.url,
        "reason": part.reason,
    }


def _print_line(name: str, line: str, *, many: bool) -> None:
    prefix = Text(f"{name:<10} ", style="dim") if many else Text()
    out.print(prefix + Text.from_ansi(line), soft_wrap=True)
