"""Commands for the connectors: which there are, whether they answer, how good they are."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from cli.console import fail, out, print_json
from cli.database import run, transaction
from connectors.registry import CONNECTORS, RULES, Connector
from hotrod.errors import HotrodError
from hotrod.settings import Settings, load_settings

if TYPE_CHECKING:
    from hotrod.services.store import Traffic

app = typer.Typer(help="What talks to outside services.", no_args_is_help=True)

Kept = TypeVar("Kept")
Name = Annotated[str, typer.Argument(help="As `hotrod connectors list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]

_ROOT = Path(__file__).parents[1]
_LONGEST_PING_SECONDS = 20.0
_MATRICES = ("test_fault_matrix.py", "test_wrong_signatures.py")
"""Tests that are put to every connector."""

_NOTHING_RUN = 5  # pytest's status when no test was run


@dataclass(frozen=True)
class Answer:
    """How a service took a ping; ``ok`` is None when it has no credentials."""

    connector: str
    reached: str
    ok: bool | None
    milliseconds: int
    detail: str
    cure: str = ""


@app.command("list")
def list_connectors(*, as_json: Json = False) -> None:
    """List connectors: where each goes, how its breaker stands, its calls of the last hour."""
    settings = load_settings()
    try:
        standing, hour = run(_in_use())
    except HotrodError:  # the stack is down: what there is can still be listed
        standing, hour = {}, {}
    rows = [
        {
            "connector": one.name,
            "title": one.title,
            "reached": reached(one, settings),
            "breaker": "; ".join(_breakers(one, standing)) or "closed",
            "calls": sum(made.calls for made in _of(one, hour).values()),
            "failed": sum(made.failed for made in _of(one, hour).values()),
        }
        for one in CONNECTORS
    ]
    if as_json:
        print_json({"connectors": rows})
        return
    table = _table("connector", "service", "reached", "breaker", "calls in 1 h", "failed")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))
    out.print(table)


@app.command()
def ping(
    name: Annotated[str | None, typer.Argument(help="One connector; none: all.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Ask services whether they are reached and take our credentials. Exit status 1: one fails."""
    settings = load_settings()
    chosen = [_known(name)] if name else list(CONNECTORS)
    answers = asyncio.run(_ping_all(chosen, settings))
    if as_json:
        print_json({"answers": [asdict(answer) for answer in answers]})
    else:
        table = _table("connector", "reached", "", "ms", "")
        for answer in answers:
            table.add_row(answer.connector, answer.reached, _mark(answer), *_rest(answer))
        out.print(table)
    if any(answer.ok is False for answer in answers):
        raise typer.Exit(1)


@app.command()
def grade(*, as_json: Json = False) -> None:
    """Show the grades of all connectors by their quality.yaml. Exit status 1: one is todo."""
    grades = {one.name: one.grades() for one in CONNECTORS}
    if as_json:
        print_json({"grades": grades})
    else:
        table = _table("connector", "done", "todo", "exempt")
        for name, marks in grades.items():
            table.add_row(
                Text(name, style="bold"),
                Text(f"{list(marks.values()).count('done')} of {len(RULES)}", style="green"),
                Text(", ".join(r for r, mark in marks.items() if mark == "todo"), style="bold red"),
                Text("; ".join(_exemptions(marks)), style="dim"),
            )
        out.print(table)
    if any(mark == "todo" for marks in grades.values() for mark in marks.values()):
        raise typer.Exit(1)


@app.command("test")
def run_tests(
    name: Name,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Against the live service, reading only.")
    ] = False,
) -> None:
    """Run a connector's contract tests from a checkout, all faults included, or ask it live."""
    chosen = _known(name)
    folder = _ROOT / "tests" / "contract"
    if not folder.is_dir():
        fail("The contract tests come with a checkout of the project, not with its package.")
        raise typer.Exit(2)
    if live:
        kind, found = "live", {folder / "test_live.py"}
    else:
        kind, found = "not live", {folder / name for name in _MATRICES}
        for player in (chosen.name, chosen.played_by):
            found |= {*folder.glob(f"test_{player}.py"), *folder.glob(f"test_{player}_*.py")}
    status = _run_pytest("-m", kind, f"--connector={name}", *map(str, sorted(found)))
    if status == _NOTHING_RUN:
        fail(f"Nothing of {name} was tested: no test is about it, or all were skipped.")
    raise typer.Exit(status)


@app.command()
def docs() -> None:
    """Write the pages in docs/connectors from docstrings, settings and grades."""
    from cli.connector_pages import write_pages

    for path in write_pages(_ROOT / "docs" / "connectors"):
        out.print(Text(str(path.relative_to(_ROOT))))


def reached(one: Connector, settings: Settings) -> str:
    """Return where a connector goes by the settings: ``stand-in``, ``live`` or ``-``."""
    from tasks._connections import is_used

    if one.name == "mail":
        return "stand-in" if settings.mail_is_played else "live"
    sections = [getattr(settings, name) for name in one.sections]
    addresses = [str(getattr(section, "base_url", "")) for section in sections]
    if any(address.startswith(f"{settings.sandbox_url}/") for address in addresses):
        return "stand-in"
    return "live" if is_used(one.name, settings) else "-"


async def examine(one: Connector, settings: Settings) -> Answer:
    """Ping a connector's service; whatever goes wrong is an answer, too."""
    from connectors._http.errors import ConnectorError
    from tasks._connections import CONNECTIONS, alone

    where = reached(one, settings)
    begin = time.perf_counter()
    detail = cure = ""
    try:
        async with asyncio.timeout(_LONGEST_PING_SECONDS):
            client = CONNECTIONS[one.name](settings, alone)
            if client is None:
                return Answer(one.name, where, None, 0, "no credentials: it isn't used")
            async with aclosing(client):
                await client.ping()
    except ConnectorError as error:
        detail, cure = error.message, error.cure
    except TimeoutError:
        detail = f"no answer within {_LONGEST_PING_SECONDS:g} s"
        cure = "Check its address, and the network in between."
    except Exception as error:  # noqa: BLE001 - one that fails must not hide how the others are
        detail = f"the connector failed ({type(error).__name__})"
        cure = f"Check what is set under {_prefixes(one)}."
    return Answer(one.name, where, not detail, _milliseconds(begin), detail, cure)


async def _ping_all(chosen: list[Connector], settings: Settings) -> list[Answer]:
    with _no_collection():
        return list(await asyncio.gather(*(examine(one, settings) for one in chosen)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let nothing look for garbage while vendors' libraries are imported: there is none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _in_use() -> tuple[dict[str, str], dict[str, Traffic]]:
    """Return how breakers stand, and the calls of the last hour, by service."""
    from hotrod.db.columns import now
    from hotrod.services.store import breakers, traffic

    async with transaction() as session:
        standing = {row.service: row.in_words() for row in await breakers(session)}
        return standing, await traffic(session, now())


def _of(one: Connector, by_service: Mapping[str, Kept]) -> dict[str, Kept]:
    """Choose what is kept of a connector's services: of itself, or of parts like ``mail.imap``."""
    return {
        service: kept
        for service, kept in by_service.items()
        if service.partition(".")[0] == one.name
    }


def _breakers(one: Connector, standing: Mapping[str, str]) -> list[str]:
    return [
        words if service == one.name else f"{service}: {words}"
        for service, words in _of(one, standing).items()
    ]


def _prefixes(one: Connector) -> str:
    return ", ".join(f"HOTROD_{section.upper()}__" for section in one.sections)


def _exemptions(marks: dict[str, str]) -> list[str]:
    return [
        f"{rule}: {mark.removeprefix('exempt: ')}"
        for rule, mark in marks.items()
        if mark.startswith("exempt")
    ]


def _run_pytest(*arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=_ROOT)


def _known(name: str) -> Connector:
    for one in CONNECTORS:
        if one.name == name:
            return one
    fail(f"There is no connector {name!r}; there are {', '.join(c.name for c in CONNECTORS)}.")
    raise typer.Exit(2)


def _milliseconds(begin: float) -> int:
    return round((time.perf_counter() - begin) * 1000)


def _mark(answer: Answer) -> Text:
    if answer.ok is None:
        return Text("not used", style="dim")
    return Text("ok", style="green") if answer.ok else Text("not ok", style="bold red")


def _rest(answer: Answer) -> tuple[str, Text]:
    detail = Text(answer.detail)
    if answer.cure:
        detail.append(f" {answer.cure}", style="yellow")
    return str(answer.milliseconds) if answer.ok is not None else "", detail


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
