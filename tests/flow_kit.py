"""What flows need to run for real: database, Prefect server, and stand-ins for the services."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prefect import Task
from prefect.context import AsyncClientContext
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS, temporary_settings
from pydantic import SecretStr
from sqlmodel import delete

from deployments.worker import ready_file, serve
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.services.models import ServiceBreaker
from hotrod.settings import Settings
from sandbox.server import Sandbox, running_sandbox
from tasks import _resources
from tasks._resources import Resources


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def retried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that failed in passing are repeated as often as always, but without waiting."""
    steps = (
        value
        for name, module in sys.modules.copy().items()  # threads import at the same time
        if name.startswith("tasks.")
        for value in vars(module).values()
        if isinstance(value, Task)
    )
    for step in steps:
        monkeypatch.setattr(step, "retry_delay_seconds", 0)


@pytest.fixture
async def kit(
    sandbox: Sandbox,
    database: Database,
    company: Company,
    prefect_server: Settings,
    retried_at_once: None,
    tmp_path: Path,
) -> AsyncIterator[Resources]:
    """The resources of the tasks, over the stand-ins and the session's database."""
    port = int(sandbox.url.rsplit(":", 1)[1])
    settings = Settings(
        _env_file=None,
        home=tmp_path,
        secret_key=SecretStr("a-secret-key-for-tests-only-0123456789"),
        sandbox={
            "port": port,
            "smtp_port": sandbox.smtp_port,
            "imap_port": sandbox.imap_port,
        },
    )
    resources = _resources.build(settings, company, database)
    _resources.use(resources)
    sandbox.state.reset()
    async with database.transaction() as session:
        await session.exec(delete(ServiceBreaker))  # other tests let services fail
    async with AsyncClientContext():
        yield resources
    _resources.use(None)
    resources.database = Database.connect(settings)  # the session's goes on
    await resources.close()


@pytest.fixture
async def worker(kit: Resources) -> AsyncIterator[asyncio.Event]:
    """A worker at work; setting the event ends it."""
    async with working(kit) as stop:
        yield stop


@asynccontextmanager
async def working(kit: Resources) -> AsyncIterator[asyncio.Event]:
    """Run a worker until the block ends; it closes the resources then."""
    stop = asyncio.Event()
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: 0.2}):
        serving = asyncio.create_task(serve("worker-9", stop))
    ready = ready_file(kit.settings.home, "worker-9")
    for _ in range(300):
        if ready.exists():
            break
        await asyncio.sleep(0.05)
    assert ready.exists()
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(serving, 15)
    assert not ready.exists()


def renew(kit: Resources) -> None:
    """Let the tasks work with open resources again, after a worker has closed them."""
    _resources.use(_resources.build(kit.settings, kit.company, kit.database))
