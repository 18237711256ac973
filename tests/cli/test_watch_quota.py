"""The day's calls, asked of the eBay stand-in."""

from __future__ import annotations

from dataclasses import replace

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from cli.watch_quota import ask, quotas
from hotrod.db.columns import now
from hotrod.services.models import ApiMetric
from hotrod.settings import Settings
from hotrod.watches.models import Watch, WatchKind
from hotrod.watches.rules import DAY
from hotrod.watches.store import calls_made, claim_call
from sandbox.server import Sandbox


async def test_what_ebay_says_stands_beside_what_we_count(
    session: AsyncSession, sandbox: Sandbox
) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    settings = Settings(_env_file=None, sandbox={"port": port})
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        (await client.post("/_control/ebay/quota", json={"left": 4321})).raise_for_status()
    watch = Watch(
        name="Ports", kind=WatchKind.NEW_LISTING, business_key="noizylab", words="HDMI",
        currency="CAD", wanted_minutes=60, created_by="test",
    )  # fmt: skip
    session.add(watch)
    await session.flush()
    assert await claim_call(session, watch.id, 4000, now()) is not None
    before = await quotas(session, settings, None)
    for operation, at in (("search", now()), ("get_quota", now()), ("search", now() - 2 * DAY)):
        session.add(
            ApiMetric(
                minute=at.replace(microsecond=7), service="ebay", operation=operation,
                outcome="quota-test", calls=7, attempts=9, total_milliseconds=1.0,
                longest_milliseconds=1.0,
            )
        )  # fmt: skip
    await session.flush()

    told, why = await ask(settings)
    found = await quotas(session, settings, told, why)

    assert told is not None
    assert (told.limit, told.left, why) == (5000, 4321, "")
    assert found.counted_since == told.resets_at - DAY
    day_before = await quotas(session, settings, None)
    assert day_before.counted == before.counted + 7
    made = (await calls_made(session, now())).last_day
    first, second, third, fourth = found.in_words()
    assert first == f"eBay says: 679 of 5000 used, 4321 left until {told.resets_at:%F %H:%M} UTC."
    assert second.startswith(f"We count: {found.counted} calls since ")
    assert third == f"Watches made {made} of 4000 in the last 24 h, {4000 - made} are left."
    assert fourth == "The other 1000 are kept for parts sourcing."
    used_up = await quotas(session, settings, replace(told, left=0))
    assert used_up.left == 0, "eBay's word counts for our own share, too"
    (share,) = [row for row in found.watches if row.name == "Ports"]
    assert share.made == 1
