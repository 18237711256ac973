"""eBay's part of the control API: time, rivals, payments, quotas, deliveries."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from sandbox.ebay.clock import EbayClock
from sandbox.ebay.deliveries import challenge, deliver, is_near
from sandbox.ebay.errors import REFUSALS, EbayError
from sandbox.ebay.notification import SigningKeys, write_event
from sandbox.ebay.offer import bid
from sandbox.ebay.orders import Checkouts
from sandbox.ebay.quotas import LIMITS, Quotas
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES
from sandbox.ebay.tokens import EbayTokens
from sandbox.state import SandboxState, State

Amount = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=2)]

router = APIRouter(prefix="/ebay")


class Wait(BaseModel):
    """How much time passes."""

    seconds: float = Field(ge=0, le=10_000_000)


class NewListing(BaseModel):
    """Something that a seller of good name puts up for sale at a fixed price, in Canada."""

    title: str = Field(min_length=1, max_length=80)
    price: Amount
    shipping: Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=2)] = Decimal(0)
    fee: Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=2)] = Field(
        Decimal(0), description="For recycling each piece; only the checkout tells it."
    )
    quantity: int = Field(1, ge=1, le=1000)
    seller: str = Field("maple_console_parts", min_length=1, max_length=60)
    part_number: str = Field("", max_length=60)


class RivalBid(BaseModel):
    """Somebody else's bid, in the listing's currency."""

    item_id: str
    bidder: str = Field(min_length=1, max_length=60)
    most: Amount


class Left(BaseModel):
    """How many of a resource's calls are left today."""

    resource: str = "buy.browse"
    left: int = Field(ge=0, le=1_000_000)


class Lag(BaseModel):
    """How long what is new takes to be found by search."""

    seconds: float = Field(ge=0, le=86_400)


class Delivery(BaseModel):
    """Events in the order in which they are sent, each so often; forged: signed wrongly."""

    endpoint: str
    topic: str = Field("MARKETPLACE_ACCOUNT_DELETION", max_length=100)
    events: list[dict[str, Any]] = Field(min_length=1, max_length=100)
    times: int = Field(1, ge=1, le=10)
    forged: bool = False


class Challenge(BaseModel):
    """An endpoint that is to prove itself."""

    endpoint: str
    verification_token: str = Field(pattern="^[A-Za-z0-9_-]{32,80}$")


@router.get("/items")
async def list_items(state: State) -> list[dict[str, Any]]:
    """List what is for sale, the latest first."""
    return [_seen(one) for one in state.store(Listings).all()]


@router.post("/listings", status_code=201)
async def sell(new: NewListing, state: State) -> dict[str, Any]:
    """Put something up for sale."""
    listings, now = state.store(Listings), state.store(EbayClock).now()
    listing = Listing(
        legacy_id=listings.new_number(),
        title=new.title,
        seller=Seller(new.seller, 18_422, Decimal("99.8")),
        category=CATEGORIES["171833"],
        country="CA",
        city="Toronto",
        currency="CAD",
        listed_at=now - timedelta(days=30),
        ends_at=now + timedelta(days=30),
        price=new.price,
        shipping=new.shipping,
        fee=new.fee,
        condition_id="1000",
        quantity=new.quantity,
        aspects={"MPN": new.part_number} if new.part_number else {},
    )
    listings.add(listing)
    return _seen(listing)


@router.post("/wait", status_code=204)
async def wait(order: Wait, state: State) -> None:
    """Let time pass at eBay: auctions end, quotas begin anew."""
    state.store(EbayClock).move(order.seconds)


@router.post("/bids", status_code=201)
async def bid_against(rival: RivalBid, state: State) -> dict[str, Any]:
    """Let a rival bid."""
    listing = state.store(Listings).get(rival.item_id)
    if listing is None or not listing.is_auction:
        raise HTTPException(404, "There is no such auction; GET /_control/ebay/items lists all.")
    try:
        bid(state, listing, rival.bidder, rival.most)
    except EbayError as error:
        raise HTTPException(409, REFUSALS[error.error_id][2]) from None
    return _seen(listing)


@router.post("/checkouts/{session_id}/pay")
async def pay(session_id: str, state: State) -> dict[str, str]:
    """Pay a checkout as the buyer does on eBay's page; return the purchase order's id."""
    return {"purchaseOrderId": pay_checkout(state, session_id)}


@router.post("/quota", status_code=204)
async def use_up(order: Left, state: State) -> None:
    """Leave so many calls of the day."""
    if order.resource not in LIMITS:
        raise HTTPException(422, f"Name one of {', '.join(LIMITS)}.")
    now = state.store(EbayClock).now()
    state.store(Quotas).use_up(order.resource, order.left, now)


@router.post("/lag", status_code=204)
async def lag(order: Lag, state: State) -> None:
    """Let search lag behind."""
    state.store(Listings).search_lag = timedelta(seconds=order.seconds)


@router.post("/tokens/end", status_code=204)
async def end_tokens(state: State) -> None:
    """Let all tokens end."""
    state.store(EbayTokens).end_all()


@router.post("/keys", status_code=201)
async def change_key(state: State) -> dict[str, str]:
    """Sign with a new key from now on."""
    return {"kid": state.store(SigningKeys).change().id}


@router.post("/deliver")
async def send(order: Delivery, state: State) -> list[int | None]:
    """Send signed deliveries; return the status of each answer, null: there was none."""
    _check_near(order.endpoint)
    key, now = state.store(SigningKeys).current(), state.store(EbayClock).now()
    answers = []
    for data in order.events:
        number = str(uuid.uuid4())
        for attempt in range(1, order.times + 1):
            body = write_event(order.topic, data, number, now, attempt)
            answers.append(await deliver(order.endpoint, body, key, forged=order.forged))
    return answers


@router.post("/challenge")
async def ask(order: Challenge) -> dict[str, bool]:
    """Ask an endpoint to prove itself; return whether it did."""
    _check_near(order.endpoint)
    return {"right": await challenge(order.endpoint, order.verification_token)}


def pay_checkout(state: SandboxState, session_id: str) -> str:
    """Take a buyer's payment, and return the purchase order's id.

    Raises:
        HTTPException: 404, there is no such checkout; 409, something was sold meanwhile.
    """
    checkouts = state.store(Checkouts)
    checkout = checkouts.get(session_id)
    if checkout is None:
        raise HTTPException(404, "There is no such checkout; the stand-in may have been reset.")
    try:
        checkouts.pay(checkout, state.store(EbayClock).now())
    except EbayError as error:
        raise HTTPException(409, REFUSALS[error.error_id][2]) from None
    return checkout.order_id


def _check_near(endpoint: str) -> None:
    if not is_near(endpoint):
        raise HTTPException(422, "Name an http:// endpoint on this machine.")


def _seen(listing: Listing) -> dict[str, Any]:
    standing = listing.standing
    return {
        "itemId": listing.item_id,
        "title": listing.title,
        "price": listing.money.shown(),
        "buyingOptions": listing.buying_options,
        "bids": len(listing.bids),
        "leader": standing.leader.bidder if standing.leader else None,
        "endsAt": listing.ends_at.isoformat(),
        "left": listing.left,
    }
