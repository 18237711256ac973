"""eBay's page: what is for sale and how bids stand; things are sold, bid for and paid there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.ebay.clock import EbayClock
from sandbox.ebay.control import pay_checkout
from sandbox.ebay.errors import REFUSALS, EbayError
from sandbox.ebay.offer import bid
from sandbox.ebay.orders import Checkouts
from sandbox.ebay.quotas import LIMITS, Quotas
from sandbox.ebay.store import CONDITIONS, Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES
from sandbox.html import LATEST, from_own_page, page
from sandbox.state import State

Money = Annotated[Decimal, Form(gt=0, le=1_000_000, decimal_places=2)]
Text = Annotated[str, Form(min_length=1, max_length=80)]

router = APIRouter(default_response_class=HTMLResponse)
_guarded = [Depends(from_own_page)]


@router.get("/ebay")
async def listings(request: Request, state: State) -> Response:
    """Show what is for sale, checkouts, and what is left of the day's calls."""
    now = state.store(EbayClock).now()
    return page(
        request,
        "ebay.html",
        listings=state.store(Listings).all()[:LATEST],
        checkouts=state.store(Checkouts).all()[:LATEST],
        left={name: state.store(Quotas).left(name, now) for name in LIMITS},
        limits=state.store(Quotas).limits,
        categories=CATEGORIES.values(),
        conditions=CONDITIONS,
        now=now,
    )


@router.post("/pages/ebay/listings", dependencies=_guarded)
async def sell(
    state: State,
    title: Text,
    seller: Text,
    price: Money,
    category: Annotated[str, Form()],
    condition: Annotated[str, Form()],
    kind: Annotated[str, Form(pattern="^(fixed|auction)$")],
    quantity: Annotated[int, Form(ge=1, le=1000)] = 1,
    days: Annotated[int, Form(ge=1, le=30)] = 7,
) -> Response:
    """Put something up for sale, by a seller who is new."""
    if category not in CATEGORIES or condition not in CONDITIONS:
        raise HTTPException(422, "Choose a category and a condition of the form.")
    now, is_auction = state.store(EbayClock).now(), kind == "auction"
    state.store(Listings).add(
        Listing(
            legacy_id=state.store(Listings).new_number(),
            title=title,
            seller=Seller(seller, 0, Decimal(0), "INDIVIDUAL"),
            category=CATEGORIES[category],
            country="CA",
            city="Ottawa",
            currency="CAD",
            listed_at=now,
            ends_at=now + timedelta(days=days),
            price=None if is_auction else price,
            start=price if is_auction else None,
            condition_id=condition,
            quantity=1 if is_auction else quantity,
        )
    )
    return _back()


@router.post("/pages/ebay/price", dependencies=_guarded)
async def change_price(state: State, item_id: Text, price: Money) -> Response:
    """Change a fixed price."""
    listing = _listing(state, item_id)
    if listing.price is None:
        raise HTTPException(409, "An auction's price is changed by bids.")
    listing.price = price
    return _back()


@router.post("/pages/ebay/bid", dependencies=_guarded)
async def bid_against(state: State, item_id: Text, bidder: Text, most: Money) -> Response:
    """Let a rival bid."""
    try:
        bid(state, _listing(state, item_id), bidder, most)
    except EbayError as error:
        raise HTTPException(409, REFUSALS[error.error_id][2]) from None
    return _back()


@router.post("/pages/ebay/end", dependencies=_guarded)
async def end(state: State, item_id: Text) -> Response:
    """End a listing now."""
    _listing(state, item_id).ends_at = state.store(EbayClock).now()
    return _back()


@router.post("/pages/ebay/pay", dependencies=_guarded)
async def pay(state: State, session_id: Text) -> Response:
    """Pay a checkout, as the buyer does on eBay."""
    pay_checkout(state, session_id)
    return _back()


def _listing(state: State, item_id: str) -> Listing:
    listing = state.store(Listings).get(item_id)
    if listing is None:
        raise HTTPException(404, "There is no such listing; the stand-in may have been reset.")
    return listing


def _back() -> Response:
    return RedirectResponse("/ebay", 303)
