"""The page on which somebody buys what was approved, and tells the order's number.

A signed link leads here. A GET never acts; a second answer shows what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.auth import address_of
from gateway.context import Context, InContext
from hotrod.company.models import Business
from hotrod.db.columns import now
from hotrod.errors import (
    ForbiddenTransitionError,
    InvalidInputError,
    LinkError,
    NotFoundError,
)
from hotrod.purchasing.buying import cancel, note_ordered
from hotrod.purchasing.models import Purchase, PurchaseState
from hotrod.purchasing.store import ItemizedPurchase, read_purchase

router = APIRouter(include_in_schema=False, route_class=html.PageRoute)


@dataclass(frozen=True)
class PurchasePage:
    """What the page of a purchase shows."""

    found: ItemizedPurchase
    business: Business

    @property
    def purchase(self) -> Purchase:
        """The purchase itself."""
        return self.found.purchase

    @property
    def may_be_bought(self) -> bool:
        """Whether a person is to buy it."""
        return self.purchase.state == PurchaseState.TO_BUY

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it isn't bought yet, or hasn't come."""
        return self.purchase.state in {PurchaseState.TO_BUY, PurchaseState.ORDERED}


@dataclass(frozen=True)
class Told:
    """What somebody tells of a purchase, as it stands in the form."""

    order_number: str = ""
    expected_on: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)

    def day(self, today: date) -> date | None:
        """Return the day of delivery, if one is told.

        Raises:
            InvalidInputError: it is no day, or past.
        """
        if not self.expected_on:
            return None
        try:
            day = date.fromisoformat(self.expected_on)
        except ValueError:
            raise InvalidInputError(
                "expected_on", "This is no day.", "Write it like 2026-12-24, or leave it out."
            ) from None
        if day < today:
            raise InvalidInputError(
                "expected_on", "This day is past.", "Give a day that is to come, or leave it out."
            )
        return day

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
async def purchase_page(token: str, context: InContext) -> HTMLResponse:
    """Show a purchase, with the sellers' pages; nothing happens by it."""
    try:
        purchase_id = context.signer.read("purchase", token)
        async with context.database.transaction() as session:
            page = await _page(session, context, purchase_id)
    except (LinkError, NotFoundError):
        return html.no_such_link()
    return _render(context, page)


@router.post("/p/{token}")
async def record_purchase(
    token: str,
    request: Request,
    context: InContext,
    choice: Annotated[Literal["bought", "cancel"], Form()],
    order_number: Annotated[str, Form(max_length=500)] = "",
    expected_on: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Note that a purchase was made, or won't be; said again, it changes nothing."""
    told = Told(order_number.replace("\x00", "").strip(), expected_on.strip())
    by = f"link, {address_of(request)}".removesuffix(", ")
    try:
        purchase_id = context.signer.read("purchase", token)
    except LinkError:
        return html.no_such_link()
    try:
        async with context.database.transaction() as session:
            if choice == "bought":
                today = now().astimezone(context.company.zone).date()
                await _note(session, purchase_id, told, today, by)
            else:
                await cancel(session, purchase_id, by=by)
    except NotFoundError:
        return html.no_such_link()
    except (InvalidInputError, ForbiddenTransitionError) as error:
        return await _refused(context, purchase_id, told, error)
    return RedirectResponse(
        context.links.purchase_url(purchase_id), HTTPStatus.SEE_OTHER, html.HEADERS
    )


async def _note(session: AsyncSession, purchase_id: UUID, told: Told, today: date, by: str) -> None:
    await note_ordered(
        session,
        purchase_id,
        by=by,
        order_number=told.number(),
        expected_on=told.day(today),
    )


async def _refused(
    context: Context,
    purchase_id: UUID,
    told: Told,
    error: InvalidInputError | ForbiddenTransitionError,
) -> HTMLResponse:
    """Show the form again, or what is known of a purchase that can't be told of any more."""
    async with context.database.transaction() as session:
        page = await _page(session, context, purchase_id)
    if page.may_be_bought and isinstance(error, InvalidInputError):
        wrong = {error.field: f"{error.reason[:1].upper()}{error.reason[1:]} {error.cure}"}
        again = Told(told.order_number, told.expected_on, wrong)
        return _render(context, page, HTTPStatus.UNPROCESSABLE_ENTITY, again)
    words = f"{error.reason} {error.cure}" if isinstance(error, InvalidInputError) else str(error)
    return _render(context, page, HTTPStatus.CONFLICT, conflict=f"{words[:1].upper()}{words[1:]}")


async def _page(session: AsyncSession, context: Context, purchase_id: UUID) -> PurchasePage:
    """Gather what the page of a purchase shows.

    Raises:
        NotFoundError: there is no such purchase, or its business is gone.
    """
    found = await read_purchase(session, purchase_id)
    business = context.company.business(found.purchase.business_key)
    if business is None:
        raise NotFoundError("business", found.purchase.business_key)
    return PurchasePage(found, business)


def _render(
    context: Context,
    page: PurchasePage,
    status: HTTPStatus = HTTPStatus.OK,
    told: Told | None = None,
    conflict: str = "",
) -> HTMLResponse:
    return html.page(
        "purchase.html",
        status,
        zone=context.company.zone,
        page=page,
        told=told or Told(),
        conflict=conflict,
    )
