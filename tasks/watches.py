"""Steps of watching eBay: whose turn it is, one look, and telling people what is news."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from prefect import task

from connectors._http.errors import ConnectorError
from connectors.ebay.client import EbayClient
from connectors.ebay.links import item_link
from connectors.ebay.models import ItemSummary
from connectors.ebay.search import BuyingOption, Condition, Search, SearchFilter, Sort
from hotrod.company.policies import Sourcing
from hotrod.db.columns import now
from hotrod.errors import HotrodError
from hotrod.purchasing.store import exchange_rates
from hotrod.settings import Settings
from hotrod.sourcing.costs import UnknownCostError, landed_cost
from hotrod.sourcing.models import Condition as OurCondition
from hotrod.sourcing.models import ExchangeRates, Offer, Sale, Wanted
from hotrod.sourcing.rules import fit_of
from hotrod.watches.digests import gather
from hotrod.watches.models import WatchKind
from hotrod.watches.rules import Sight, budget_of, ending_within, is_within, retry_after
from hotrod.watches.store import (
    Claim,
    Watching,
    claim_call,
    find_due,
    knows_any,
    note_failure,
    note_sights,
)
from tasks._policy import PASSING, RECORD, StepOptions
from tasks._resources import resources
from tasks._sources import COUNTRY, tax_rate
from tasks.offers import ebay_offer, search_words

LOOK: StepOptions = {"timeout_seconds": 90, "persist_result": True}
"""For looks: each try costs a call, so it is the next run that tries again."""

_SORTS: dict[str, Sort] = {
    WatchKind.NEW_LISTING: "newlyListed",
    WatchKind.PRICE_BELOW: "price",
    WatchKind.ENDING_AUCTION: "endingSoonest",
}


def watch_budget(settings: Settings) -> int:
    """Return how many calls the watches may make in a day."""
    return budget_of(settings.ebay.calls_per_day, settings.ebay.percent_for_sourcing)


@task(name="find due watches", **RECORD)
async def find_due_watches() -> list[UUID]:
    """Return the watches whose turn it is, the most urgent first; none without a keyset."""
    kit = resources()
    if kit.ebay is None:
        return []
    async with kit.database.transaction() as session:
        return list(await find_due(session, watch_budget(kit.settings), now()))


@task(name="look at eBay", **LOOK)
async def look(watch: UUID) -> bool:
    """Look for a watch, and note what is news; False: eBay is away or has enough of us for now.

    Why it failed stands on the watch, with the moment when it is tried again.
    """
    kit = resources()
    claim = await _claim(watch)
    if claim is None or kit.ebay is None:
        return True
    try:
        items, is_complete = await _search(kit.ebay, claim)
        async with kit.database.transaction() as session:
            rates = await exchange_rates(session, claim.asked.watch.currency)
        sights = _sights(claim.asked, items, rates)
    except (ConnectorError, HotrodError, ValueError) as error:  # one watch must not stop the others
        is_passing = isinstance(error, PASSING)
        rest = retry_after(claim.interval, _told(error), is_passing=is_passing)
        async with kit.database.transaction() as session:
            await note_failure(session, watch, str(error), now() + rest)
        return not is_passing
    async with kit.database.transaction() as session:
        await note_sights(session, watch, sights, now(), is_complete=is_complete)
    return True


@task(name="gather news", **RECORD)
async def gather_news() -> list[UUID]:
    """Put news into messages, one for each person; return those that wait to be sent."""
    async with resources().database.transaction() as session:
        return await gather(session)


def _told(error: Exception) -> float | None:
    return error.retry_after_seconds if isinstance(error, PASSING) else None


def _tax_rate(asked: Watching) -> Decimal:
    return tax_rate(resources().company.business_of(asked.watch.business_key))


async def _claim(watch: UUID) -> Claim | None:
    kit = resources()
    async with kit.database.transaction() as session:
        return await claim_call(session, watch, watch_budget(kit.settings), now())


async def _search(client: EbayClient, claim: Claim) -> tuple[list[ItemSummary], bool]:
    """Return what a search finds, and whether that is all.

    One page is enough, unless it is full of listings never seen: then there may be more of them.
    """
    found: list[ItemSummary] = []
    async for page in client.search_pages(search_of(claim.asked, claim.interval, now())):
        found += page.items
        if page.cursor is None:
            return found, True
        if await _is_enough(claim.asked, page.items) or not await _claim(claim.asked.watch.id):
            break
    return found, False


async def _is_enough(asked: Watching, items: Sequence[ItemSummary]) -> bool:
    watch = asked.watch
    if watch.kind != WatchKind.NEW_LISTING or watch.looked_at is None:
        return True
    async with resources().database.transaction() as session:
        return await knows_any(session, watch.id, [item.item_id for item in items])


def search_of(asked: Watching, interval: timedelta, at: datetime) -> Search:
    """Return what eBay is asked for a watch.

    Args:
        asked: the watch.
        interval: at which it looks.
        at: the present moment.
    """
    watch = asked.watch
    is_ending = watch.kind == WatchKind.ENDING_AUCTION
    options: tuple[BuyingOption, ...] = ("AUCTION",) if is_ending else ("FIXED_PRICE", "AUCTION")
    return Search(
        words=search_words(wanted) if (wanted := _wanted(asked)) else watch.words,
        filter=SearchFilter(
            price_to=watch.at_most,
            currency=watch.currency if watch.at_most is not None else "",
            conditions=_coarse(watch.conditions),
            buying_options=options,
            delivery_country=COUNTRY,
            located_in=watch.region,
            sellers=watch.sellers,
            ends_before=at + ending_within(interval) if is_ending else None,
        ),
        sort=_SORTS[watch.kind],
    )


def _coarse(conditions: Sequence[str]) -> tuple[Condition, ...]:
    """Return eBay's kinds of condition; its USED is all that isn't new."""
    if not conditions:
        return ()
    if OurCondition.NEW not in conditions:
        return ("USED",)
    return ("NEW",) if len(set(conditions)) == 1 else ()


def _wanted(asked: Watching) -> Wanted | None:
    part = asked.part
    if part is None:
        return None
    return Wanted(sku=part.sku, name=part.name, fits=tuple(part.fits), quantity=1)


def _sights(asked: Watching, items: Iterable[ItemSummary], rates: ExchangeRates) -> list[Sight]:
    """Return the offers that a watch is about; those above its limit too, for they may fall."""
    kit = resources()
    policy, watch, wanted = kit.company.sourcing, asked.watch, _wanted(asked)
    at, rate = now(), _tax_rate(asked)
    sights = []
    for item in items:
        offer = ebay_offer(item, seen_at=at, tax_rate=rate)
        if offer is None or (watch.conditions and offer.condition not in watch.conditions):
            continue
        if wanted and fit_of(offer, wanted)[0] < policy.least_fit:
            continue
        price = _price(offer, rates, policy)
        sights.append(
            Sight(
                reference=offer.reference,
                title=offer.title[:300],
                seller=offer.seller.name[:120],
                url=item_link(offer.reference, kit.settings.ebay.marketplace),
                price=price,
                matched=is_within(watch.kind, watch.at_most, price),
                ends_at=offer.ends_at if offer.sale is Sale.AUCTION else None,
            )
        )
    return sights


def _price(offer: Offer, rates: ExchangeRates, policy: Sourcing) -> Decimal | None:
    try:
        return landed_cost(offer, 1, rates, offer.seen_at, policy).total
    except UnknownCostError:
        return None
