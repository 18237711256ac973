"""Bring the database to the newest version, or back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

MIGRATIONS = Path(__file__).with_name("migrations")
_Step = Callable[[Config], None]
_ALREADY_MIGRATING = 4_207_111  # advisory lock: one migration at a time per database


def alembic_config() -> Config:
    """Return alembic's configuration; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Upgrade to a revision; nothing to do when it is there already."""
    await _run(engine, lambda config: command.upgrade(config, revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Downgrade to a revision; ``base`` removes all tables and their data."""
    await _run(engine, lambda config: command.downgrade(config, revision))


async def _run(engine: AsyncEngine, step: _Step) -> None:
    def work(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        step(config)

    async with engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # tables may be big
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALREADY_MIGRATING})")
        await connection.run_sync(work)


async def create_database(url: URL) -> None:
    """Create the database that the URL names, if the server doesn't have it."""
    server = create_async_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        async with server.connect() as connection:
            found = await connection.exec_driver_sql(
                "SELECT 1 FROM pg_database WHERE datname = $1", (url.database,)
            )
            if found.first() is None:
                await connection.exec_driver_sql(f'CREATE DATABASE "{url.database}"')
    finally:
        await server.dispose()
