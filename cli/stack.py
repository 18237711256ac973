"""Commands that start, stop and show the stack."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.live import Live
from rich.text import Text

from cli.console import err, fail, out, parts_table
from hotrod.settings import Settings, load_settings
from hotrod.stack.environment import base_environment
from hotrod.stack.parts import parts
from hotrod.stack.record import PartRecord, StackFiles, StackRecord
from hotrod.stack.secrets import load_secrets
from hotrod.stack.supervisor import Supervisor, check_ports, last_lines

NOT_RUNNING = 3
_LOOK_EVERY_SECONDS = 0.1
_START_WITHIN_SECONDS = 180.0
_STOP_WITHIN_SECONDS = 60.0


def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything is ready.")
    ] = False,
) -> None:
    """Start the stack: PostgreSQL, Prefect, the stand-ins, the gateway, the workers."""
    settings = load_settings()
    if (record := running(settings)) is not None:
        out.print("The stack is up already.")
        _print_links(settings, record)
        return
    if detach:
        seconds = start_detached(settings)
        out.print(f"Ready after {seconds:.1f} s.")
        record = running(settings)
        if record is not None:
            _print_links(settings, record)
        return
    asyncio.run(_up(settings))


def down() -> None:
    """Stop the stack, and wait until nothing of it is left."""
    settings = load_settings()
    files = StackFiles(settings.home)
    record = files.read()
    supervisor = record.supervisor.find() if record else None
    if supervisor is not None:
        supervisor.send_signal(signal.SIGTERM)
        with suppress(psutil.NoSuchProcess):
            supervisor.wait(_STOP_WITHIN_SECONDS)
    left = files.reap()
    if supervisor is None and not left:
        out.print("The stack is not running.")
        return
    out.print("Everything has stopped.")


def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Show which part runs, how often it was restarted, and how much memory it holds.

    Exit status 0: all parts are ready; 1: some aren't; 3: the stack is not running.
    """
    settings = load_settings()
    record = running(settings)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(record)) + "\n")
    elif record is None:
        out.print("The stack is not running; `hotrod up` starts it.")
    else:
        out.print(parts_table(record.parts, memory=True))
        total = sum(part.rss_mb for part in record.parts)
        out.print(Text(f"{total:.0f} MB in all", style="dim"))
    if record is None:
        raise typer.Exit(NOT_RUNNING)
    if not record.is_ready:
        raise typer.Exit(1)


def logs(
    part: Annotated[str | None, typer.Argument(help="Name of a part; all when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines of each log.")] = 40,
) -> None:
    """Show the parts' logs."""
    files = StackFiles(load_settings().home)
    known = sorted(path.stem for path in files.logs.glob("*.log"))
    if part is not None and part not in known:
        fail(f"There is no log of {part!r}; there are: {', '.join(known) or 'none yet'}.")
        raise typer.Exit(1)
    shown = [part] if part else known
    for name in shown:
        for line in last_lines(files.log(name), lines).splitlines() if lines else []:
            _print_line(name, line, many=len(shown) > 1)
    if follow:
        with suppress(KeyboardInterrupt):
            _follow({name: files.log(name) for name in shown})


def running(settings: Settings) -> StackRecord | None:
    """Return the record of the stack when its supervisor lives."""
    record = StackFiles(settings.home).read()
    return record if record is not None and record.is_alive else None


def start_detached(settings: Settings) -> float:
    """Start a supervisor in the background, and return the seconds until all parts were ready.

    Raises:
        PortBusyError: a port is taken.
        typer.Exit: a part could not be started; it was told which and why.
    """
    begin = time.monotonic()
    files = StackFiles(settings.home)
    files.make()
    files.reap()
    check_ports(parts(settings, load_secrets(settings)))
    with files.log("supervisor").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotrod.stack"],
            env=base_environment() | {"HOTROD_HOME": str(settings.home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while time.monotonic() - begin < _START_WITHIN_SECONDS:
        record = files.read()
        if record is not None and record.supervisor.pid == process.pid:
            if record.is_ready:
                return time.monotonic() - begin
            if (part := record.failed()) is not None:
                _tell_failure(files, part)
                process.terminate()
                process.wait(_STOP_WITHIN_SECONDS)
                raise typer.Exit(1)
        if process.poll() is not None:
            log_path = files.log("supervisor")
            fail(f"The supervisor ended:\n{last_lines(log_path)}\nMore in {log_path}")
            raise typer.Exit(1)
        time.sleep(_LOOK_EVERY_SECONDS)
    process.terminate()
    fail(f"Not everything was ready within {_START_WITHIN_SECONDS:.0f} s; see `hotrod logs`.")
    raise typer.Exit(1)


async def _up(settings: Settings) -> None:
    """Run the supervisor in the foreground until Ctrl-C."""
    files = StackFiles(settings.home)
    files.make()
    with files.locked() as mine:
        if not mine:
            out.print("Another `hotrod up` is just starting the stack.")
            return
        files.reap()
        with Live(console=out, auto_refresh=False, transient=True) as live:
            ready = asyncio.Event()
            broken: list[PartRecord] = []

            def show(record: StackRecord) -> None:
                live.update(parts_table(record.parts), refresh=True)
                if record.is_ready and not ready.is_set():
                    ready.set()
                    live.stop()
                    out.print(parts_table(record.parts))
                    _print_links(settings, record)
                if (part := record.failed()) is not None and not broken:
                    broken.append(part)
                    supervisor.stop()

            supervisor = Supervisor(parts(settings, load_secrets(settings)), files, show)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, supervisor.stop)
            await supervisor.run()
        if broken:
            _tell_failure(files, broken[0])
            raise typer.Exit(1)
        out.print("Everything has stopped.")


def _tell_failure(files: StackFiles, part: PartRecord) -> None:
    log = files.log(part.name)
    fail(f"{part.name} could not be started: {part.problem}.")
    err.print(Text(last_lines(log), style="dim"))
    err.print(f"More in {log}", soft_wrap=True)


def _print_links(settings: Settings, record: StackRecord) -> None:
    names = {part.name for part in record.parts}
    login = load_secrets(settings).prefect_auth_string.get_secret_value()
    out.print(f"Gateway      http://127.0.0.1:{settings.gateway.port}/health", soft_wrap=True)
    if "prefect" in names:
        out.print(f"Prefect UI   {settings.prefect_url}  (password: {login})", soft_wrap=True)
    if "sandbox" in names:
        out.print(f"Mailbox      {settings.sandbox_url}/mailbox", soft_wrap=True)
    out.print("`hotrod status` shows the parts, `hotrod down` stops them.")


def _as_json(record: StackRecord | None) -> dict[str, Any]:
    if record is None:
        return {"ok": False, "running": False, "parts": []}
    return {
        "ok": record.is_ready,
        "running": True,
        "parts": [
            {
                "name": part.name,
                "state": part.state,
                "pid": part.process.pid if part.process else None,
                "port": part.port,
                "restarts": part.restarts,
                "uptime_seconds": round(time.time() - part.since, 1) if part.since else 0.0,
                "rss_mb": part.rss_mb,
                "url": part.url,
                "problem": part.problem,
            }
            for part in record.parts
        ],
    }


def _follow(paths: dict[str, Path]) -> None:
    places = {name: path.stat().st_size for name, path in paths.items()}
    while True:
        for name, path in paths.items():
            with path.open("rb") as log:
                log.seek(places[name])
                added = log.read()
            places[name] += len(added)
            for line in added.decode("utf-8", "replace").splitlines():
                _print_line(name, line, many=len(paths) > 1)
        time.sleep(_LOOK_EVERY_SECONDS)


def _print_line(name: str, line: str, *, many: bool) -> None:
    prefix = Text(f"{name:<10} ", style="dim") if many else Text()
    out.print(prefix + Text.from_ansi(line), soft_wrap=True)
