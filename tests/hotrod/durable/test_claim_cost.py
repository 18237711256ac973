"""A claim costs the same however much waits."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.durable import leases, responses

pytestmark = pytest.mark.usefixtures("empty_inbox")

VALUES = {
    "worker": "'w1'",
    "lease": "interval '60 s'",
    "limit": "4",
    "last_lane": "2",
    "held_back": "'{}'",
    "limited": "ARRAY['order.placed']",
    "most": "ARRAY[5]",
    "served_0": "''",
    "served_1": "''",
    "served_2": "''",
    "events": "ARRAY['repair.requested', 'quote.decided']",
    "running": "'{}'",
}


async def fill(session: AsyncSession, first: int, last: int) -> None:
    """Put deliveries into the inbox: three lanes, eight businesses, three events; one in five is
    held behind another one of its ordering key."""
    statement = text(f"""
        INSERT INTO inbox (source, delivery_id, body_hash, event, business_key, ordering_key,
            lane_rank, title, payload, answer, state, attempts, last_error, accepted_at)
        SELECT 'test', n::text, '', (ARRAY['repair.requested', 'quote.decided', 'order.placed'])
            [1 + n % 3], 'business-' || n % 8, 'key:' || n - n % 5 / 4, n % 3, '', '{{}}', '{{}}',
            CASE n % 5 WHEN 4 THEN 'held' ELSE 'waiting' END, 0, '', now()
        FROM generate_series({first}, {last}) AS n
    """)  # noqa: S608
    await session.exec(cast("Any", statement))
    await session.exec(cast("Any", text("ANALYZE inbox")))


async def pages_read(session: AsyncSession, statement: str) -> int:
    """Return how many pages a claim touches."""
    claim = re.sub(r"(?<!:):(\w+)", lambda found: VALUES[found.group(1)], statement)
    explain = text("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + claim.replace(":", "\\:"))
    found = (await session.exec(cast("Any", explain))).one()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    assert "Seq Scan on inbox" not in json.dumps(plan)
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize(
    "rows", [60_000, pytest.param(1_250_000, marks=[pytest.mark.chaos, pytest.mark.timeout(600)])]
)
async def test_however_much_waits_a_claim_costs_the_same(session: AsyncSession, rows: int) -> None:
    """Of 1,250,000 rows, a million wait."""
    claims = (leases._CLAIM, responses._CLAIM)
    await fill(session, 1, 600)
    few = [await pages_read(session, claim) for claim in claims]
    await fill(session, 601, rows)
    many = [await pages_read(session, claim) for claim in claims]
    assert all(after < 2 * before for before, after in zip(few, many, strict=True)), (few, many)
