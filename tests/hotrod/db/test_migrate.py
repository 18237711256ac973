"""Migrations: up, down, and in step with the models."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hotrod.db.migrate import create_database, downgrade, upgrade
from hotrod.db.tables import metadata
from hotrod.stack.postgres import EmbeddedPostgres
from tests.conftest import postgres_url


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_models_match_migrations_up_and_down(postgres: EmbeddedPostgres) -> None:
    url = postgres_url(postgres, "migrations")
    await create_database(url)
    await create_database(url)
    engine = create_async_engine(url, poolclass=NullPool)

    await upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert set(metadata.tables) <= await connection.run_sync(_tables)

    await downgrade(engine, "base")
    async with engine.connect() as connection:
        assert await connection.run_sync(_tables) == {"alembic_version"}

    await upgrade(engine)
    async with engine.connect() as connection:
        assert set(metadata.tables) <= await connection.run_sync(_tables)
    await engine.dispose()
