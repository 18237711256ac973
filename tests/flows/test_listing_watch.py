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

from flows.listing_watch import listing_watch
from hotrod.analytics.models import AnalyticsEvent
from hotrod.db.columns import now
from hotrod.parts.models import Part
from hotrod.services.models import ServiceBreaker, ServiceRate
from hotrod.watches.models import Watch, WatchCall, WatchKind, WatchSighting
from sandbox.ebay.store import Listings
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.contract.cases.ebay import sell
from tests.stand_ins import order_fault, slack_texts

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


async def later(kit: Resources, minutes: int = 5) -> None:
    """Let so much time have passed for the watches, and run the flow."""
    ago = now() - timedelta(minutes=minutes)
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


async def calls(sandbox: Sandbox) -> int:
    """Return how many searches eBay has answered."""
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        made = (await client.get("/_control/calls", params={"service": "ebay"})).json()
    return len([call for call in made if "item_summary/search" in call["path"]])


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
    await later(kit)
    await later(kit)

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


@pytest.mark.thorough
async def test_a_listing_that_was_there_before_is_told_as_relisted(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    old = sell(market, title="HDMI port, again and again")
    watch = await watching(kit, WatchKind.NEW_LISTING)
    await listing_watch()
    old.sold = old.quantity
    again = sell(market, title=old.title, seller=old.seller)
    await later(kit)

    (row,) = [one for one in await seen(kit, watch) if one.reference == again.item_id]
    assert row.news == "relisted"
    (mail,) = await mails(sandbox, watch)
    assert mail["to"] == [kit.company.ops_mailbox]


async def test_a_price_is_told_each_time_it_falls_below_the_limit_at_the_door(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    # 13 % of tax in Ontario: 35 + 3 of shipping are 42.94 at the door, 32 + 3 are 39.55.
    listing = sell(market, price=Decimal(35), shipping=Decimal(3))
    watch = await watching(kit, WatchKind.PRICE_BELOW, at_most=Decimal(40))

    told = []
    for price in (35, 32, 31, 45, 30):
        listing.price = Decimal(price)
        await later(kit)
        told.append(len(await mails(sandbox, watch)))

    assert told == [0, 1, 1, 1, 2]


@pytest.mark.thorough
async def test_an_auction_is_told_once_before_it_ends(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    at = datetime.now(UTC)
    auction = {"price": None, "start": Decimal(5)}
    soon = sell(market, **auction, ends_at=at + timedelta(minutes=40))
    sell(market, **auction, ends_at=at + timedelta(hours=5))
    watch = await watching(kit, WatchKind.ENDING_AUCTION)
    await listing_watch()
    await later(kit)

    assert [one.reference for one in await seen(kit, watch)] == [soon.item_id]
    assert len(await mails(sandbox, watch)) == 1


@pytest.mark.thorough
async def test_a_watch_of_a_part_leaves_out_what_does_not_fit_and_other_conditions(
    kit: Resources, market: SimpleNamespace
) -> None:
    async with kit.database.transaction() as session:
        part = Part(
            sku=f"W-{uuid4().hex[:8]}", name="HDMI port", category="connector", fits=["PS5"],
            unit_cost=Decimal(9),
        )  # fmt: skip
        session.add(part)
    right = sell(market, title="HDMI port for PS5", condition_id="2000")
    sell(market, title="HDMI port for PS5", condition_id="7000")
    sell(market, title="HDMI cable, no port for PS5 but for PS4")
    watch = await watching(
        kit, WatchKind.NEW_LISTING, words="", part_id=part.id, conditions=["refurbished"]
    )
    await listing_watch()

    assert [one.reference for one in await seen(kit, watch)] == [right.item_id]


@pytest.mark.thorough
async def test_pages_are_read_on_while_all_that_is_on_them_is_new(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    at = datetime.now(UTC)
    sell(market, listed_at=at - timedelta(days=2))
    watch = await watching(kit, WatchKind.NEW_LISTING)
    await listing_watch()
    for place in range(250):
        sell(market, listed_at=at - timedelta(minutes=place))
    before = await calls(sandbox)
    await later(kit)

    assert await calls(sandbox) - before == 2
    assert len(await seen(kit, watch)) == 251
    (mail,) = await mails(sandbox, watch)
    assert mail["subject"].startswith("Found on eBay: 250 listings for")
    assert "and 230 more: hotrod watch show" in mail["text"]


@pytest.mark.thorough
async def test_ebay_being_away_delays_and_loses_nothing(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    watch = await watching(kit, WatchKind.NEW_LISTING, wanted_minutes=600)
    other = await watching(kit, WatchKind.NEW_LISTING, wanted_minutes=600)
    await listing_watch()
    sell(market)

    await order_fault(sandbox, service="ebay", kind="error", count=50)
    await later(kit, 600)
    rows = [await read(kit, one.id) for one in (watch, other)]
    (failed,) = [row for row in rows if row.error]
    assert failed.retry_at is not None
    assert failed.retry_at - now() < timedelta(minutes=6), "it doesn't wait ten hours"

    sandbox.state.faults.clear()
    async with kit.database.transaction() as session:
        await session.exec(delete(ServiceBreaker))
    await later(kit, 600)
    for one in (watch, other):
        assert len(await mails(sandbox, one)) == 1
    assert (await read(kit, failed.id)).error == ""


@pytest.mark.thorough
async def test_a_watch_that_cannot_look_stops_no_other(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    sell(market)
    lost = await watching(kit, WatchKind.ENDING_AUCTION, business_key="sold_last_year")
    watch = await watching(kit, WatchKind.PRICE_BELOW, at_most=Decimal(40))
    await listing_watch()

    assert "sold_last_year" in (await read(kit, lost.id)).error
    (mail,) = await mails(sandbox, watch)
    (row,) = await seen(kit, watch)
    number = row.reference.split("|")[1]
    assert row.url == f"https://www.ebay.ca/itm/{number}"
    assert row.url in mail["text"]


@pytest.mark.thorough
async def test_a_used_up_quota_is_waited_for_until_ebay_begins_anew(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    watch = await watching(kit, WatchKind.NEW_LISTING)
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        (await client.post("/_control/ebay/quota", json={"left": 0})).raise_for_status()
        reset = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
        reset += timedelta(days=reset <= datetime.now(UTC))
        await listing_watch()
        row = await read(kit, watch.id)
        assert "used up" in row.error
        assert row.retry_at is not None
        assert abs(row.retry_at - reset) < timedelta(minutes=1)
        (await client.post("/_control/ebay/quota", json={"left": 10})).raise_for_status()
    async with kit.database.transaction() as session:
        await session.exec(delete(ServiceRate))


@pytest.mark.thorough
async def test_one_message_tells_a_person_of_all_their_watches_on_slack_too(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    watches = [
        await watching(
            kit, WatchKind.PRICE_BELOW, at_most=Decimal(40), recipient="sofia", by_slack=True
        )
        for _ in range(2)
    ]
    sell(market, title="HDMI port <b>&amp;")
    await listing_watch()
    await later(kit)

    first, second = [await mails(sandbox, watch) for watch in watches]
    assert len(first) == 1
    assert first == second
    posted = [text for text in await slack_texts(sandbox) if watches[0].name in text]
    assert len(posted) == 1
    assert watches[1].name in posted[0]


@pytest.mark.thorough
async def test_a_message_that_could_not_be_sent_is_sent_by_the_next_run(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    watch = await watching(kit, WatchKind.PRICE_BELOW, at_most=Decimal(40), by_mail=False,
                           by_slack=True, recipient="sofia")  # fmt: skip
    sell(market)
    await order_fault(sandbox, service="slack", kind="error", count=50)
    await listing_watch()
    assert [one.told_at for one in await seen(kit, watch)] == [None]
    sandbox.state.faults.clear()
    async with kit.database.transaction() as session:
        await session.exec(delete(ServiceBreaker))
    await listing_watch()

    assert all(one.told_at for one in await seen(kit, watch))
    assert len([text for text in await slack_texts(sandbox) if watch.name in text]) >= 1
    assert await mails(sandbox, watch) == []


@pytest.mark.thorough
async def test_no_more_calls_are_made_than_the_budget_allows(
    kit: Resources, sandbox: Sandbox, market: SimpleNamespace
) -> None:
    kit.settings.ebay.calls_per_day = 90  # 72 for watches: 3 an hour
    for _ in range(5):
        await watching(kit, WatchKind.NEW_LISTING)
    before = await calls(sandbox)
    await listing_watch()
    await later(kit)

    assert await calls(sandbox) - before == 3
