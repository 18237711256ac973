"""The page on which somebody buys what was approved, and tells the order's number.

A signed link leads here. A GET never acts; a second answer shows what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.auth import address_of
from gateway.checkouts import Payable, payable
from gateway.context import Context, InContext
from hotrod.company.models import Business
from hotrod.durable.effects import UnknownEffectError
from hotrod.errors import (
    ForbiddenTransitionError,
    InvalidInputError,
    LinkError,
    NotFoundError,
)
from hotrod.purchasing.bids import find_bid
from hotrod.purchasing.buying import cancel, note_ordered
from hotrod.purchasing.checkouts import (
    checkout_of,
    is_said_to_be_paid,
    leave_checkout,
    tell_paid,
)
from hotrod.purchasing.models import AuctionBid, Checkout, Method, Purchase, PurchaseState
from hotrod.purchasing.store import ItemizedPurchase, read_purchase

router = APIRouter(include_in_schema=False, route_class=html.PageRoute)


@dataclass(frozen=True)
class PurchasePage:
    """What the page of a purchase shows; ``refusal``: what is wrong with the payment at eBay."""

    found: ItemizedPurchase
    business: Business
    bid: AuctionBid | None = None
    checkout: Checkout | None = None
    payable: Payable | None = None
    refusal: str = ""

    @property
    def purchase(self) -> Purchase:
        """The purchase itself."""
        return self.found.purchase

    @property
    def may_be_bought(self) -> bool:
        """Whether a person is to buy it on the seller's page."""
        return self.purchase.state == PurchaseState.TO_BUY and self.checkout is None

    @property
    def is_confirmed_soon(self) -> bool:
        """Whether eBay is asked if it is paid."""
        return self.checkout is not None and self.checkout.is_confirmed_soon

    def asks_for(self, field: str) -> bool:
        """Tell whether a form of the page has a field."""
        if field == "reason":
            return self.may_be_cancelled
        return self.may_be_bought or self.payable is not None

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it isn't bought yet, or hasn't come."""
        states = {PurchaseState.TO_BUY, PurchaseState.ORDERED}
        return self.purchase.state in states and not self.is_confirmed_soon


@dataclass(frozen=True)
class Told:
    """What somebody tells of a purchase, as it stands in the form."""

    order_number: str = ""
    expected_on: str = ""
    reason: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    def day(self) -> date | None:
        """Return the day of delivery, if one is told.

        Raises:
            InvalidInputError: it is no day.
        """
        if not self.expected_on:
            return None
        try:
            return date.fromisoformat(self.expected_on)
        except ValueError:
            raise InvalidInputError(
                "expected_on", "This is no day.", "Write it like 2026-12-24, or leave it out."
            ) from None

    def number(self) -> str:
        """Return the seller's number.

        Raises:
            InvalidInputError: there is none.
        """
        if not self.order_number:
            raise InvalidInputError(
                "order_number", "It is missing.", "The seller shows it after the purchase."
            )
        return self.order_number


@router.get("/p/{token}")
async def purchase_page(
    token: str, context: InContext, look: Annotated[int, Query(ge=0)] = 0
) -> HTMLResponse:
    """Show a purchase, with the sellers' pages; nothing happens by it."""
    try:
        purchase_id = context.signer.read("purchase", token)
        async with context.database.transaction() as session:
            page = await _page(session, context, purchase_id)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    return _render(context, page, look=look)


@router.post("/p/{token}")
async def record_purchase(
    token: str,
    request: Request,
    context: InContext,
    choice: Annotated[Literal["bought", "paid", "by_link", "cancel"], Form()],
    order_number: Annotated[str, Form(max_length=500)] = "",
    expected_on: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Note that a purchase was made, or won't be; said again, it changes nothing.

    What is said of a checkout counts once eBay confirms it.
    """
    told = Told(
        order_number.replace("\x00", "").strip(),
        expected_on.strip(),
        reason.replace("\x00", "").strip(),
    )
    by = f"link, {address_of(request)}".removesuffix(", ")
    try:
        purchase_id = context.signer.read("purchase", token)
    except LinkError:
        return html.no_such_link()
    try:
        async with context.database.transaction() as session:
            match choice:
                case "bought" | "paid":
                    await _note(session, purchase_id, told, by, choice)
                case "by_link":
                    await leave_checkout(session, purchase_id)
                case "cancel":
                    await cancel(session, purchase_id, by=by, reason=told.reason)
    except NotFoundError:
        return html.no_such_link()
    except (InvalidInputError, ForbiddenTransitionError, UnknownEffectError) as error:
        return await _refused(context, purchase_id, told, error)
    return RedirectResponse(
        context.links.purchase_url(purchase_id), HTTPStatus.SEE_OTHER, html.HEADERS
    )


async def _note(session: AsyncSession, purchase_id: UUID, told: Told, by: str, choice: str) -> None:
    purchase = (await read_purchase(session, purchase_id)).purchase
    if (
        choice == "paid"
        or purchase.method == Method.CHECKOUT
        or await is_said_to_be_paid(session, purchase)
    ):
        await tell_paid(session, purchase.round_id, told.number())
        return
    await note_ordered(
        session,
        purchase_id,
        by=by,
        order_number=told.number(),
        expected_on=told.day(),
    )


async def _refused(
    context: Context,
    purchase_id: UUID,
    told: Told,
    error: InvalidInputError | ForbiddenTransitionError | UnknownEffectError,
) -> HTMLResponse:
    """Show the form again, or what is known of a purchase that can't be told of any more."""
    async with context.database.transaction() as session:
        page = await _page(session, context, purchase_id)
    if isinstance(error, InvalidInputError) and page.asks_for(error.field):
        wrong = {error.field: f"{error.reason[:1].upper()}{error.reason[1:]} {error.cure}"}
        again = replace(told, wrong=wrong)
        return _render(context, page, HTTPStatus.UNPROCESSABLE_ENTITY, again)
    words = f"{error.reason} {error.cure}" if isinstance(error, InvalidInputError) else str(error)
    return _render(context, page, HTTPStatus.CONFLICT, conflict=f"{words[:1].upper()}{words[1:]}")


async def _page(session: AsyncSession, context: Context, purchase_id: UUID) -> PurchasePage:
    """Gather what the page of a purchase shows.

    Raises:
        NotFoundError: there is no such purchase, or its business is gone.
    """
    found = await read_purchase(session, purchase_id)
    business = context.company.business_of(found.purchase.business_key)
    bid = await find_bid(session, purchase_id)
    checkout = await checkout_of(session, found.purchase.round_id)
    if checkout is None or not checkout.holds(found.purchase):
        return PurchasePage(found, business, bid)
    is_paid_there = found.purchase.method == Method.CHECKOUT or checkout.is_confirmed_soon
    if not is_paid_there or found.purchase.state != PurchaseState.TO_BUY:
        refusal = checkout.refusal if checkout.paid_at else ""
        return PurchasePage(found, business, bid, refusal=refusal)
    button = await payable(session, context, checkout)
    return PurchasePage(found, business, bid, checkout, button, checkout.refusal)


def _render(
    context: Context,
    page: PurchasePage,
    status: HTTPStatus = HTTPStatus.OK,
    told: Told | None = None,
    conflict: str = "",
    look: int = 0,
) -> HTMLResponse:
    return html.page(
        "purchase.html",
        status,
        html.HEADERS if page.payable is None else page.payable.headers,
        zone=context.company.zone,
        page=page,
        told=told or Told(),
        conflict=conflict,
        look=look,
    )
