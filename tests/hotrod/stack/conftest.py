"""Small parts that stand in for the real ones: Python programs of a few lines."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from hotrod.stack.keeper import Pace
from hotrod.stack.parts import FileExists, Part
from hotrod.stack.record import PartRecord
from hotrod.stack.supervisor import Supervisor

QUICK = Pace(
    look_every=0.01, first_pause=0.01, longest_pause=0.04, grace=5, tries=2, ready_within=20
)

PRELUDE = """
import os, signal, sys, time
from pathlib import Path
home = Path(os.environ["TEST_HOME"])
def ready(): (home / sys.argv[1]).touch()
def count():
    with (home / (sys.argv[1] + ".starts")).open("a") as file: file.write("x")
    return (home / (sys.argv[1] + ".starts")).stat().st_size
"""
FOREVER = "ready()\nwhile True: time.sleep(60)"

MakePart = Callable[..., Part]


def make_part(home: Path, name: str, script: str = FOREVER, **fields: Any) -> Part:
    """A part that runs the script; it is ready when the script has called ``ready()``."""
    ready = home / name
    return Part(
        name=name,
        command=(sys.executable, "-S", "-c", PRELUDE + script, name),
        environment={"TEST_HOME": str(home)},
        **{
            "ready": FileExists(ready),
            "prepare": lambda: ready.unlink(missing_ok=True),
            **fields,
        },
    )


@pytest.fixture
def part(tmp_path: Path) -> MakePart:
    def make(name: str, script: str = FOREVER, **fields: Any) -> Part:
        return make_part(tmp_path, name, script, **fields)

    return make


class Running:
    """A supervisor at work."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.stop = asyncio.Event()

    def __getitem__(self, name: str) -> PartRecord:
        return next(part for part in self.supervisor.record.parts if part.name == name)

    def pid(self, name: str) -> int:
        process = self[name].process
        assert process is not None
        return process.pid

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - other processes can't set an event
                await asyncio.sleep(0.01)


@asynccontextmanager
async def supervised(
    parts: Sequence[Part], home: Path, pace: Pace = QUICK
) -> AsyncIterator[Running]:
    """Run a supervisor for the block; the parts are ready when it begins."""
    running = Running(Supervisor(parts, home, pace=pace))
    work = asyncio.create_task(running.supervisor.run(running.stop))
    try:
        await running.until(lambda: running.supervisor.record.ok or work.done())
        yield running
    finally:
        running.stop.set()
        await work


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come true within 20 s"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Any:
    """No test leaves a child process behind."""
    before = {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}
    yield
    wait_for(
        lambda: (
            not [
                child
                for child in psutil.Process(os.getpid()).children(recursive=True)
                if child.pid not in before and is_alive(child.pid)
            ]
        )
    )
