"""The job that makes the databases ready: ``python -m hotrod.stack.prepare``.

Creates our database and Prefect's, migrates ours, and carries the company file into it. Prefect
migrates its own.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy.ext.asyncio import create_async_engine

from hotrod.company.load import get_company
from hotrod.company.store import sync_company
from hotrod.db.engine import Database, database_url
from hotrod.db.migrate import create_database, upgrade
from hotrod.errors import SettingsError
from hotrod.settings import Settings, get_settings
from hotrod.stack.environment import prefect_database_url


async def prepare(settings: Settings) -> None:
    """Bring the databases to the state that all other parts expect; doing it again is harmless."""
    if settings.prefect.api_url is None:
        await _prepare_for_prefect(settings)
    await create_database(database_url(settings))
    database = Database.connect(settings)
    try:
        await upgrade(database.engine)
        async with database.transaction() as session:
            await sync_company(session, get_company())
    finally:
        await database.close()


async def _prepare_for_prefect(settings: Settings) -> None:
    """Create Prefect's database; it may lose its last moment in a power cut, ours never does."""
    url = prefect_database_url(settings)
    await create_database(url)
    if settings.prefect.database_url is not None:
        return
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(
                f'ALTER DATABASE "{url.database}" SET synchronous_commit = off'
            )
    finally:
        await engine.dispose()


def main() -> int:
    """Return the exit status: 1 when settings or the company file are wrong."""
    try:
        asyncio.run(prepare(get_settings()))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
