"""A nursery of workers that die, and a house where others take over."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.context import AsyncClientContext
from sqlmodel import update

from deployments.apply import Applied, apply_deployments, ensure_work_pool, read_deployments
from deployments.dispatcher import Dispatcher
from deployments.reconciler import Reconciler
from deployments.triggers import TRIGGERS
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.db.engine import Database
from hotrod.repairs.models import Ticket
from hotrod.sections import WorkerSettings
from hotrod.settings import Settings
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.chaos.dying_worker import Order

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 2
POLL_SECONDS = 0.2


@dataclass
class Nursery:
    """The process that forks workers which die."""

    process: asyncio.subprocess.Process
    log: Path

    async def spawn(self, order: Order) -> int:
        """Let a worker live and die; return how it ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{order.model_dump_json()}\n".encode())
        answer = await self.process.stdout.readline()
        assert answer, f"the nursery ended:\n{self.log_tail()}"
        return int(answer)

    def log_tail(self) -> str:
        return self.log.read_text()[-4000:]


@pytest.fixture(scope="session")
async def nursery(
    sandbox: Sandbox,
    database: Database,
    prefect_server: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Nursery]:
    """A nursery whose workers use the session's database, server and stand-ins."""
    home = tmp_path_factory.mktemp("nursery")
    url = database.engine.url.set(drivername="postgresql")
    environment = {
        **os.environ,
        "HOTROD_HOME": str(home),
        "HOTROD_SECRET_KEY": "a-secret-key-for-tests-only-0123456789",
        "HOTROD_DATABASE__URL": url.render_as_string(hide_password=False),
        "HOTROD_SANDBOX__PORT": sandbox.url.rsplit(":", 1)[1],
        "HOTROD_SANDBOX__SMTP_PORT": str(sandbox.smtp_port),
        "HOTROD_MAIL__FILING_SECONDS": "0",
        "HOTROD_WORKER__LEASE_SECONDS": str(LEASE_SECONDS),
        "HOTROD_WORKER__POLL_SECONDS": str(POLL_SECONDS),
    }
    log = home / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.dying_worker"),
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    yield Nursery(process, log)
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


@dataclass
class House:
    """Where a worker of this process takes over what the dead one has left."""

    kit: Resources
    client: PrefectClient
    deployments: dict[str, Applied]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, name: str) -> None:
        settings = WorkerSettings(
            lease_seconds=LEASE_SECONDS, poll_seconds=POLL_SECONDS, reconcile_seconds=0.5
        )
        database = self.kit.database
        dispatcher = Dispatcher(name, database, self.client, self.deployments, settings)
        reconciler = Reconciler(
            database, self.client, self.deployments, TRIGGERS, settings, dispatcher.cancel
        )
        self.tasks = [
            asyncio.create_task(dispatcher.run()),
            asyncio.create_task(reconciler.run()),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert not [end for end in ended if not isinstance(end, asyncio.CancelledError)]


@pytest.fixture(scope="session")
async def deployments(prefect_server: Settings) -> dict[str, Applied]:
    """The deployments of ``prefect.yaml``."""
    async with AsyncClientContext(), get_client() as client:
        template = WarmWorker.get_default_base_job_template()
        await ensure_work_pool(client, "boundaries", WORKER_TYPE, template)
        return await apply_deployments(client, read_deployments(), "boundaries")


@pytest.fixture
async def free_technicians(database: Database) -> None:
    """Technicians without the tickets of other tests: all of theirs together are too many."""
    async with database.transaction() as session:
        await session.exec(update(Ticket).values(technician_id=None))


@pytest.fixture
async def house(
    kit: Resources, deployments: dict[str, Applied], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(kit.settings.mail, "filing_seconds", 0)
    async with get_client() as client:
        house = House(kit, client, deployments)
        yield house
        await house.stop()
