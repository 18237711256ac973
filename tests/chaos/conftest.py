"""A nursery of workers that die, and a house where others take over."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prefect import get_client
from prefect.context import AsyncClientContext
from sqlmodel import update

from deployments.apply import Applied, apply_deployments, ensure_work_pool, read_deployments
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.db.engine import Database
from hotrod.repairs.models import Ticket
from hotrod.settings import Settings
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.chaos.case import Case, OpenCase
from tests.chaos.stories import Story
from tests.chaos.workers import LEASE_SECONDS, POLL_SECONDS, House, Nursery

ROOT = Path(__file__).parents[2]


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
        "HOTROD_SANDBOX__IMAP_PORT": str(sandbox.imap_port),
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


@pytest.fixture
def open_case(house: House, nursery: Nursery, sandbox: Sandbox) -> OpenCase:
    """Accept the request of a story; call it with the story."""

    async def accept(story: Story) -> Case:
        case = Case(house, nursery, sandbox, story)
        await case.accept()
        return case

    return accept
