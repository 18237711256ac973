from __future__ import annotations

from sqlalchemy import text
from sqlmodel import select

from hotrod.company.models import Company
from hotrod.company.tables import BusinessRow
from hotrod.db.engine import Database
from hotrod.settings import Settings
from hotrod.stack.prepare import prepare


async def test_both_databases_are_made_ready_and_again(
    settings: Settings, company: Company
) -> None:
    await prepare(settings)
    await prepare(settings)
    database = Database.connect(settings)
    try:
        async with database.transaction() as session:
            businesses = (await session.exec(select(BusinessRow.key))).all()
            connection = await session.connection()
            found = await connection.execute(
                text(
                    "SELECT setconfig FROM pg_db_role_setting JOIN pg_database d "
                    "ON d.oid = setdatabase WHERE datname = 'prefect'"
                )
            )
            assert found.scalar_one() == ["synchronous_commit=off"]
    finally:
        await database.close()
    assert set(businesses) >= {business.key for business in company.businesses}
