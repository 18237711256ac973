"""Bids in auctions: how far to go, where a bid pays, and whether it still may be made.

A piece is worth, at the door, the least of these that are known: the market's median of its
condition, the median of what we paid, and the cheapest acceptable offer. A bid goes so high that
with shipping and tax it costs no more. Where the piece could be bought at once, it must also save
the company's ``bid_saving`` of what it would cost then: one can lose an auction, and time with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from hotrod.company.policies import Sourcing
from hotrod.sourcing.costs import CENT, UnknownCostError, rate_of, usual_price
from hotrod.sourcing.models import (
    DeliveryWindow,
    ExchangeRates,
    Market,
    Offer,
    PaidPrice,
    PriceBreak,
    Sale,
    ScoredOffer,
    Wanted,
    is_over,
)
from hotrod.sourcing.plans import Choice, Parcel, Plan, cheapest_plan, parcel_of
from hotrod.sourcing.rules import is_acceptable, score_all


def most_bid(parcel: Parcel, worth: Decimal) -> Decimal:
    """Return the highest bid that costs no more than a piece is worth; 0: shipping costs as much.

    Args:
        parcel: what the piece ships in.
        worth: at the door, in the company's currency.

    Returns:
        the bid in the offer's currency, to the cent.
    """
    left = _cents_down(worth) - parcel.taxed_shipping(Decimal(0))
    goods = _cents_down(left / (1 + parcel.tax_rate))
    return max(Decimal(0), _cents_down(goods / parcel.rate))


def as_bid(offer: Offer, most: Decimal) -> Offer:
    """Return an auction as what it comes to at most: one piece at the limit, sent after the end."""
    delivery = offer.delivery
    if delivery is not None and offer.ends_at is not None:
        running = timedelta(days=max(0, math.ceil((offer.ends_at - offer.seen_at) / _DAY)))
        delivery = DeliveryWindow(
            earliest=delivery.earliest + running, latest=delivery.latest + running
        )
    return offer.model_copy(
        update={
            "prices": (PriceBreak(from_quantity=1, unit_price=most),),
            "available": 1 if offer.available is None else min(1, offer.available),
            "delivery": delivery,
        }
    )


def as_approved(approved: Offer, seen: Offer, at: datetime) -> Offer:
    """Return what was approved as it is now: of an auction, the bid, while it would be taken."""
    if approved.sale is not Sale.AUCTION:
        return seen
    most = approved.unit_price(1)
    is_open = seen.sale is Sale.AUCTION and not is_over(seen, at) and _takes(seen, most)
    return as_bid(seen, most) if is_open else seen.model_copy(update={"available": 0})


def bids_for(
    scored: Sequence[ScoredOffer],
    wanted: Wanted,
    history: Sequence[PaidPrice],
    market: Market,
    policy: Sourcing,
) -> list[ScoredOffer]:
    """Return the auctions of a part in which a bid may be proposed, the best first.

    Each is costed and scored at the most that a piece is worth; acceptable, running long enough
    for a manager to answer, and here before stock runs out.

    Args:
        scored: all offers of the part, with auctions at their price now.
        wanted: the part.
        history: what we paid.
        market: what others ask.
        policy: of the company.
    """
    piece = wanted.model_copy(update={"quantity": 1})
    found = []
    for one in scored:
        if one.offer.sale is not Sale.AUCTION or not _is_in_time(one.offer, market.at, policy):
            continue
        worth = _worth(one.offer, scored, history, market, policy)
        bid = _bid(one.offer, worth, market.rates, market.at, policy) if worth else None
        if bid is not None and _arrives_in_time(bid, wanted):
            found.append(bid)
    bids = score_all(found, piece, history, market, policy)
    return [one for one in bids if is_acceptable(one, policy)]


def plan_with_bids(
    needs: Mapping[str, int], choices: Sequence[Choice], bids: Sequence[Choice], policy: Sourcing
) -> tuple[Plan, tuple[Choice, ...]]:
    """Return what is bought at once, and where we bid for one piece more; one bid a part.

    Args:
        needs: pieces by SKU.
        choices: offers that may be bought.
        bids: auctions at what a piece is worth, the best first.
        policy: what a bid must save.
    """
    left, plan = dict(needs), cheapest_plan(needs, choices)
    placed: list[Choice] = []
    for sku in needs:
        possible = [bid for bid in bids if bid.sku == sku]
        if not possible:
            continue
        fewer = {**left, sku: left[sku] - 1}
        rest = cheapest_plan({one: need for one, need in fewer.items() if need}, choices)
        if plan.covers(sku) >= left[sku]:
            saved = plan.total - rest.total
            possible = [_limited(bid, saved * (1 - policy.bid_saving)) for bid in possible]
        best = next((one for one in possible if _takes(one.offer, one.offer.unit_price(1))), None)
        if best is not None:
            placed.append(best)
            left, plan = fewer, rest
    return plan, tuple(placed)


def _worth(
    offer: Offer,
    scored: Iterable[ScoredOffer],
    history: Sequence[PaidPrice],
    market: Market,
    policy: Sourcing,
) -> Decimal | None:
    known = [market.medians.get(offer.condition), usual_price(history, market.at, policy)]
    known += [
        one.score.cost.per_piece
        for one in scored
        if one.score.cost and one.offer.sale is not Sale.AUCTION and is_acceptable(one, policy)
    ]
    return min((price for price in known if price), default=None)


def _bid(
    offer: Offer, worth: Decimal, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Offer | None:
    if offer.terms is None or offer.tax_rate is None:
        return None
    try:
        rate = rate_of(offer.currency, rates, at, policy)
    except UnknownCostError:
        return None
    most = most_bid(parcel_of(offer, offer.terms, offer.tax_rate, rate), worth)
    return as_bid(offer, most) if _takes(offer, most) else None


def _limited(bid: Choice, worth: Decimal) -> Choice:
    most = min(bid.offer.unit_price(1), most_bid(bid.parcel, worth))
    prices = (PriceBreak(from_quantity=1, unit_price=most),)
    return replace(bid, offer=bid.offer.model_copy(update={"prices": prices}))


def _takes(offer: Offer, bid: Decimal) -> bool:
    """Tell whether a bid would be taken; not when eBay doesn't say how high the next must be."""
    return offer.least_bid is not None and bid > 0 and bid >= offer.least_bid


def _is_in_time(offer: Offer, at: datetime, policy: Sourcing) -> bool:
    notice = timedelta(hours=policy.bid_notice_hours, seconds=policy.bid_lead_seconds)
    return offer.ends_at is not None and offer.ends_at >= at + notice


def _arrives_in_time(bid: Offer, wanted: Wanted) -> bool:
    if wanted.stock_out_on is None:
        return True
    return bid.delivery is not None and bid.delivery.latest <= wanted.stock_out_on


def _cents_down(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_FLOOR)


_DAY = timedelta(days=1)
