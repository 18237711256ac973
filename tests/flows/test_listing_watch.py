"""Watches look at the eBay stand-in, and people are told of what is new: once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, delete, select, update

from connectors._http.errors import TransientError
from flows.listing_watch import listing_watch
from hotrod.analytics.models import AnalyticsEvent
from hotrod.db.columns import now
from hotrod.parts.models import Part
from hotrod.watches.models import Watch, WatchCall, WatchKind, WatchSighting
from sandbox.ebay.store import Listing, Listings
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.contract.cases.ebay import sell

pytestmark = pytest.mark.prefect


@pytest.fixture(autouse=True)
async def no_other_watches(kit: Resources) -> None:
    """Watches of other tests, and their calls, are not this test's business."""
    async with kit.database.transaction() as session:
        await session.exec(delete(WatchCall))
        await session.exec(delete(Watch))


@pytest.fixture
def market(sandbox: Sandbox) -> SimpleNamespace:
    """An eBay where nothing is for sale yet."""
    sandbox.state.store(Listings).clear()
    return SimpleNamespace(sandbox=sandbox)


async def watching(kit: Resources, kind: WatchKind, **more: Any) -> Watch:
    usual: dict[str, Any] = {
        "name": f"HDMI ports {uuid4()}",
        "kind": kind,
        "business_key": kit.company.default_business,
        "words": "HDMI port",
        "currency": "CAD",
        "wanted_minutes": 5,
        "created_by": "test",
    }
    async with kit.database.transaction() as session:
        watch = Watch(**{**usual, **more})
        session.add(watch)
    return watch


async def five_minutes_later(kit: Resources) -> None:
    """Let the watches be due again, and run the flow."""
    ago = now() - timedelta(minutes=5)
    async with kit.database.transaction() as session:
        asked = col(Watch.asked_at).is_not(None)
        await session.exec(update(Watch).where(asked).values(asked_at=ago, retry_at=None))
    await listing_watch()


async def mails(sandbox: Sandbox, watch: Watch) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        found = await client.get("/_control/mail", params={"subject": watch.name})
        sent: list[dict[str, Any]] = found.json()
        return sent


async def seen(kit: Resources, watch: Watch) -> Sequence[WatchSighting]:
    async with kit.database.transaction() as session:
        found = await session.exec(select(WatchSighting).where(WatchSighting.watch_id == watch.id))
        return found.all()


async def searches(sandbox: Sandbox) -> int:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        left = (await client.get("/_control/ebay/items")).json()
        assert isinstance(left, list)
    return len([one for one in sandbox.state.exchanges if "item_summary/search" in one.path])


async def read(kit: Resources, watch: UUID) -> Watch:
    async with kit.database.transaction() as session:
        row = await session.get(Watch, watch)
        assert row is not None
        return row


async def test_a_new_listing_is_told_by_the_next_poll_and_once(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    sell(market)
    watch = await watching(kit, WatchKind.NEW_LISTING, recipient="sofia")
    await listing_watch()
    assert await mails(sandbox, watch) == []

    new = sell(market, title="HDMI port, just in", listed_at=datetime.now(UTC))
    await five_minutes_later(kit)
    await five_minutes_later(kit)

    (mail,) = await mails(sandbox, watch)
    assert mail["subject"] == f"Found on eBay: a listing for {watch.name}"
    (row,) = [one for one in await seen(kit, watch) if one.reference == new.item_id]
    assert (row.news, row.told_at is not None) == ("new listing", True)
    async with kit.database.transaction() as session:
        found = await session.exec(
            select(AnalyticsEvent.name, AnalyticsEvent.fields).where(
                AnalyticsEvent.fields["watch"].as_string() == watch.name
            )
        )
        events = found.all()
    assert [name for name, _ in events].count("watch.looked") == 3
    assert [fields["news"] for name, fields in events if name == "watch.noticed"] == [
        {"new listing": 1}
    ]
