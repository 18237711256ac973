"""Migrations: up, down, and in step with the models."""

from __future__ import annotations

from decimal import Decimal

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


async def test_stock_from_before_the_ledger_is_counted_in(postgres: EmbeddedPostgres) -> None:
    url = postgres_url(postgres, "opening_stock")
    await create_database(url)
    engine = create_async_engine(url, poolclass=NullPool)
    await upgrade(engine)
    await downgrade(engine, "0004")
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "WITH part AS (INSERT INTO parts (id, sku, name, category, fits, unit_cost, currency, "
            "reorder_point, active) VALUES (gen_random_uuid(), 'FAN', 'Fan', 'power', '[]', 8.40, "
            "'CAD', 1, true) RETURNING id) "
            "INSERT INTO stock_levels SELECT gen_random_uuid(), id, place, pieces, 0, now() "
            "FROM part, (VALUES ('bench', 3), ('van', 0)) AS shelf (place, pieces)"
        )
    await upgrade(engine)
    async with engine.begin() as connection:
        movements = await connection.exec_driver_sql(
            "SELECT location, kind, quantity, on_hand_after, unit_cost FROM stock_movements "
            "ORDER BY location"
        )
        cost = Decimal("8.40")
        assert [tuple(row) for row in movements] == [
            ("bench", "count", 3, 3, cost),
            ("van", "count", 0, 0, cost),
        ]
        part = await connection.exec_driver_sql("SELECT average_cost, tracking FROM parts")
        assert tuple(part.one()) == (cost, "none")
    await downgrade(engine, "0004")
    async with engine.connect() as connection:
        levels = await connection.exec_driver_sql("SELECT on_hand FROM stock_levels ORDER BY 1")
        assert levels.scalars().all() == [0, 3]
    await engine.dispose()


async def test_evidence_for_both_ways_is_written_down_for_each(postgres: EmbeddedPostgres) -> None:
    url = postgres_url(postgres, "both_ways")
    await create_database(url)
    engine = create_async_engine(url, poolclass=NullPool)
    await upgrade(engine)
    await downgrade(engine, "0018")
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "WITH part AS (INSERT INTO parts (id, sku, name, category, fits, unit_cost, currency, "
            "reorder_point, active, average_cost, tracking, point_by_hand, criticality, ean) "
            "SELECT gen_random_uuid(), sku, sku, 'power', '[]', 1, 'CAD', 0, true, 1, 'none', "
            "false, 'B', '' FROM (VALUES ('A'), ('B'), ('C')) AS named (sku) RETURNING id, sku) "
            "INSERT INTO part_substitutes "
            "(id, part_id, substitute_id, kind, ticket, works, both_ways, note, by, at) "
            "SELECT gen_random_uuid(), one.id, other.id, 'catalogue', '', works, ways, '', by, day "
            "FROM (VALUES ('A', 'B', true, true, 'new', date '2026-03-02'), "
            "('B', 'A', false, false, 'old', date '2026-03-01'), "
            "('A', 'C', true, false, 'one way', date '2026-03-01')"
            ") AS said (part, substitute, works, ways, by, day) "
            "JOIN part one ON one.sku = said.part JOIN part other ON other.sku = said.substitute"
        )
    await upgrade(engine)
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT one.sku, other.sku, works, by FROM part_substitutes "
            "JOIN parts one ON one.id = part_id JOIN parts other ON other.id = substitute_id "
            "ORDER BY 1, 2"
        )
        assert [tuple(row) for row in rows] == [
            ("A", "B", True, "new"),
            ("A", "C", True, "one way"),
            ("B", "A", True, "new"),
        ]
    await engine.dispose()
