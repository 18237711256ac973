"""The Offer API: proxy bids of the buyer whose grant it is. Source: Offer API, reference."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Depends, Request

from sandbox.ebay.api import SITE_HEADER, body_of
from sandbox.ebay.bidding import Bid, best_of, least_next
from sandbox.ebay.clock import EbayClock, written
from sandbox.ebay.errors import EbayError
from sandbox.ebay.money import CURRENCIES, MARKETPLACES
from sandbox.ebay.quotas import counted
from sandbox.ebay.store import US, Listing, Listings
from sandbox.ebay.tokens import AUCTION, needs
from sandbox.state import State

MOST = Decimal(1_000_000)

router = APIRouter(dependencies=[Depends(needs(AUCTION)), Depends(counted("buy.offer"))])


@router.get("/bidding/{item_id}")
async def get_bidding(item_id: str, request: Request, state: State) -> dict[str, Any]:
    """Tell how an auction stands that the buyer has bid in."""
    _check_site(request)
    listing, now = _auction(state, item_id), state.store(EbayClock).now()
    ours = best_of(US, listing.bids)
    if ours is None:
        raise EbayError(120033)
    standing = listing.standing
    least = least_next(listing.start or standing.price, standing)
    shown = {
        "itemId": listing.item_id,
        "auctionStatus": "ENDED" if listing.is_over(now) else "ACTIVE",
        "auctionEndDate": written(listing.ends_at),
        "bidCount": len(listing.bids),
        "currentPrice": listing.amount(standing.price).shown(),
        "currentProxyBid": {
            "proxyBidId": ours.id,
            "maxAmount": listing.amount(ours.most).shown(),
        },
        "highBidder": standing.leader is not None and standing.leader.bidder == US,
        "suggestedBidAmounts": [
            listing.amount(least * factor).shown() for factor in (Decimal(1), Decimal("1.1"))
        ],
    }
    if listing.reserve is not None:
        shown["reservePriceMet"] = standing.price >= listing.reserve
    return shown


@router.post("/bidding/{item_id}/place_proxy_bid")
async def place_proxy_bid(item_id: str, request: Request, state: State) -> dict[str, str]:
    """Bid up to a maximum."""
    _check_site(request)
    amount = (await body_of(request, 120016)).get("maxAmount")
    if not isinstance(amount, dict):
        raise EbayError(120016)
    most = _amount(amount.get("value"))
    if amount.get("currency") not in CURRENCIES:
        raise EbayError(120014)
    listing = _auction(state, item_id)
    if amount["currency"] != listing.currency:
        raise EbayError(120009)
    return {"proxyBidId": bid(state, listing, US, most).id}


def bid(state: State, listing: Listing, bidder: str, most: Decimal) -> Bid:
    """Let somebody bid up to a maximum.

    Raises:
        EbayError: the bid is not taken.
    """
    now = state.store(EbayClock).now()
    if listing.is_over(now):
        raise EbayError(120002 if listing.left < 1 else 120012)
    if listing.seller.username == bidder:
        raise EbayError(120003)
    if bidder in listing.refuses:
        raise EbayError(120006)
    if listing.price is not None and not listing.bids and most >= listing.price:
        raise EbayError(120005)
    before, standing = best_of(bidder, listing.bids), listing.standing
    if before is not None and most <= before.most:
        raise EbayError(120010)
    leads = standing.leader is not None and standing.leader.bidder == bidder
    if not leads and most < least_next(listing.start or standing.price, standing):
        raise EbayError(120008)
    placed = Bid(state.store(Listings).new_number(), bidder, most, now)
    listing.bids.append(placed)
    return placed


def _check_site(request: Request) -> None:
    site = request.headers.get(SITE_HEADER)
    if not site:
        raise EbayError(120015)
    if site not in MARKETPLACES:
        raise EbayError(120017)


def _amount(value: object) -> Decimal:
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        raise EbayError(120013) from None
    if not amount.is_finite() or amount <= 0:
        raise EbayError(120013)
    if amount > MOST:
        raise EbayError(120011)
    if amount != round(amount, 2):
        raise EbayError(120013)
    return amount


def _auction(state: State, item_id: str) -> Listing:
    listing = state.store(Listings).get(item_id)
    if listing is None or not listing.is_auction:
        raise EbayError(120001)
    return listing
