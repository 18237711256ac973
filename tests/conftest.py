"""What all tests share: a real PostgreSQL, started once, and a rolled-back session per test."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import hypothesis
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import load_company
from hotrod.company.models import Company
from hotrod.company.store import sync_company
from hotrod.db.engine import Database, Transactions
from hotrod.db.migrate import create_database, upgrade
from hotrod.durable.models import Delivery, Effect
from hotrod.settings import Settings
from hotrod.stack.environment import prefect_environment
from hotrod.stack.postgres import EmbeddedPostgres
from hotrod.stack.secrets import load_secrets
from tests.prefect_server import running_prefect_server

pytest_plugins = ["tests.flow_kit", "tests.shelf_kit", "tests.auction_kit"]

# What passed once passes again; new examples are for who looks for them (--hypothesis-profile).
hypothesis.settings.register_profile("explore", deadline=None, derandomize=False)
hypothesis.settings.register_profile("repeat", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeat")

MOST_WORKERS = 4
"""Each may start a Prefect server of its own, with 300 MB."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Prefect reads its settings when it is imported, so they are made before any test module is.
# What was given is for the tests of live services alone.
GIVEN_ENVIRONMENT = {
    name: os.environ.pop(name)
    for name in [name for name in os.environ if name.startswith(("HOTROD_", "PREFECT_"))]
}
HOME = Path(tempfile.mkdtemp(prefix="hotrod-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
PREFECT = Settings(_env_file=None, home=HOME, prefect={"port": free_port()})
os.environ.update(prefect_environment(PREFECT, load_secrets(PREFECT)))
os.environ.update({"PREFECT_LOGGING_TO_API_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "ERROR"})


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run the suite file by file on several cores; chosen files, and chaos, in this process."""
    is_suite = config.args == config.getini("testpaths") and config.option.markexpr != "chaos"
    return min(os.cpu_count() or 1, MOST_WORKERS) if is_suite else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Prefect's client leave sockets to the garbage collector; ours must not."""
    for item in items:
        if item.get_closest_marker("prefect"):
            item.add_marker(
                pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            )


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Collect what Prefect's client left before a test comes that must leave nothing."""
    follows_prefect = nextitem is None or not nextitem.get_closest_marker("prefect")
    if item.get_closest_marker("prefect") and follows_prefect:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def prefect_server(postgres: EmbeddedPostgres) -> Iterator[Settings]:
    """The settings of a real Prefect server that runs for this session."""
    url = postgres_url(postgres, "prefect")
    asyncio.run(create_database(url))
    settings = PREFECT.model_copy(
        update={
            "prefect": PREFECT.prefect.model_copy(
                update={"database_url": SecretStr(url.render_as_string(hide_password=False))}
            )
        }
    )
    with running_prefect_server(settings):
        yield settings


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server for this session; it forgets everything at the end."""
    with tempfile.TemporaryDirectory(prefix="hotrod-test-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", free_port())
        server.initialize()
        process = subprocess.Popen(
            server.command("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
            **server.identity,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_port(server.port, process)
            yield server
        finally:
            process.send_signal(2)
            process.wait(20)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "PostgreSQL stopped while starting"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("PostgreSQL did not start within 10 s")


def postgres_url(server: EmbeddedPostgres, name: str) -> URL:
    """Return the URL of a database on the session's server."""
    return URL.create(
        "postgresql+asyncpg", "postgres", host="127.0.0.1", port=server.port, database=name
    )


@pytest.fixture(scope="session")
def company() -> Company:
    """The shipped sample company."""
    return load_company()


@pytest.fixture(scope="session")
async def database(postgres: EmbeddedPostgres, company: Company) -> AsyncIterator[Database]:
    """Our database, migrated, with the sample company in it.

    Tests that commit here must bring data of their own and not count rows of others.
    """
    url = postgres_url(postgres, "hotrod")
    await create_database(url)
    database = Database(create_async_engine(url, poolclass=NullPool))
    await upgrade(database.engine)
    async with database.transaction() as session:
        await sync_company(session, company)
    yield database
    await database.close()


@pytest.fixture
async def empty_inbox(database: Database) -> None:
    """An inbox without what other tests accepted."""
    async with database.transaction() as session:
        await session.exec(delete(Delivery))


@pytest.fixture
async def no_effects(database: Database) -> None:
    """A ledger without what other tests did."""
    async with database.transaction() as session:
        await session.exec(delete(Effect))


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A session whose work is rolled back after the test."""
    async with database.engine.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:
            yield session
        await outer.rollback()


class RolledBackDatabase(Database):
    """A database whose transactions all happen in one session, to be rolled back."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._session.begin_nested():
            yield self._session

    @asynccontextmanager
    async def exclusively(self, name: str) -> AsyncIterator[Transactions]:
        yield self.transaction


@pytest.fixture
def rolled_back(session: AsyncSession) -> Database:
    """A database for code that opens transactions itself; nothing of it stays."""
    return RolledBackDatabase(session)


@pytest.fixture
def settings(postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    """Settings of a system under test: the session's database, a home of its own."""
    url = postgres_url(postgres, "hotrod").set(drivername="postgresql")
    return Settings(
        _env_file=None,
        home=tmp_path,
        secret_key=SecretStr("a-secret-key-for-tests-only-0123456789"),
        database={"url": url.render_as_string(hide_password=False)},
    )
