"""The Order API v2: a guest's checkout, paid on eBay's own page. Source: Order API v2, reference.

The API itself takes no payment: the buyer pays in eBay's widget, which is opened with the token
of the header ``X-EBAY-SECURITY-SIGNATURE``; then there is a purchase order.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.ebay.api import body_of, root_of, site_of, whole_number
from sandbox.ebay.clock import EbayClock, written
from sandbox.ebay.errors import EbayError
from sandbox.ebay.money import Money
from sandbox.ebay.orders import Checkout, Checkouts, Line
from sandbox.ebay.quotas import counted
from sandbox.ebay.shown import picture_url
from sandbox.ebay.store import Listings
from sandbox.ebay.tokens import GUEST_ORDER, needs
from sandbox.state import State

MOST_LINES = 10
_NEEDED = ("addressLine1", "city", "country", "phoneNumber")

router = APIRouter(dependencies=[Depends(needs(GUEST_ORDER)), Depends(counted("buy.order"))])


@router.post("/guest_checkout_session/initiate")
async def initiate(request: Request, state: State) -> Response:
    """Begin a checkout."""
    body = await body_of(request, 15001)
    address = _address(body)
    lines = _lines(state, body.get("lineItemInputs"), address["country"])
    site = site_of(request)
    checkout = Checkout(
        id=secrets.token_hex(10),
        site=site.id,
        currency=site.currency,
        address=address,
        lines=lines,
        signature=secrets.token_urlsafe(32),
        begun_at=state.store(EbayClock).now(),
    )
    state.store(Checkouts).add(checkout)
    headers = {"X-EBAY-SECURITY-SIGNATURE": checkout.signature}
    return JSONResponse(_session(checkout, root_of(request)), headers=headers)


@router.get("/guest_checkout_session/{session_id}")
async def get_session(session_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return a checkout."""
    checkout = state.store(Checkouts).get(session_id)
    if checkout is None:
        raise EbayError(15003)
    if checkout.site != site_of(request).id:
        raise EbayError(15029)
    return _session(checkout, root_of(request))


@router.get("/guest_purchase_order/{order_id}")
async def get_purchase_order(order_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return what became of a checkout that was paid."""
    checkout = state.store(Checkouts).ordered(order_id)
    if checkout is None or checkout.ordered_at is None:
        raise EbayError(16002)
    root = root_of(request)
    return {
        "purchaseOrderId": checkout.order_id,
        "purchaseOrderCreationDate": written(checkout.ordered_at),
        "purchaseOrderPaymentStatus": checkout.payment,
        "purchaseOrderStatus": "FULFILLMENT_IN_PROGRESS"
        if checkout.payment == "PAID"
        else "PENDING",
        "pricingSummary": _prices(checkout),
        "lineItems": [
            {
                **_line(checkout, line, root),
                "lineItemPaymentStatus": "PAID" if checkout.payment == "PAID" else "PENDING",
                "lineItemStatus": "FULFILLMENT_IN_PROGRESS"
                if checkout.payment == "PAID"
                else "PENDING",
                "legacyReference": {"legacyItemId": line.listing.legacy_id},
            }
            for line in checkout.lines
        ],
    }


def _session(checkout: Checkout, root: str) -> dict[str, Any]:
    return {
        "checkoutSessionId": checkout.id,
        "shippingAddress": checkout.address,
        "pricingSummary": _prices(checkout),
        "lineItems": [
            {**_line(checkout, line, root), "shippingOptions": [_shipping(checkout, line)]}
            for line in checkout.lines
        ],
    }


def _line(checkout: Checkout, line: Line, root: str) -> dict[str, Any]:
    return {
        "lineItemId": line.id,
        "itemId": line.listing.item_id,
        "title": line.listing.title,
        "quantity": line.quantity,
        "image": {"imageUrl": picture_url(line.listing, root)},
        "seller": {"username": line.listing.seller.username},
        "baseUnitPrice": line.unit.to(checkout.currency).shown(),
        "netPrice": line.unit.to(checkout.currency).times(line.quantity).shown(),
    }


def _shipping(checkout: Checkout, line: Line) -> dict[str, Any]:
    nothing = Money(Decimal(0), checkout.currency).shown()
    return {
        "shippingOptionId": "1",
        "shippingServiceCode": "Expedited International",
        "shippingCarrierCode": "Canada Post",
        "baseDeliveryCost": line.shipping.to(checkout.currency).shown(),
        "deliveryDiscount": nothing,
        "ebayShipping": False,
        "selected": True,
    }


def _prices(checkout: Checkout) -> dict[str, Any]:
    nothing = Money(Decimal(0), checkout.currency)
    goods = sum((line.unit.times(line.quantity) for line in checkout.lines), nothing)
    delivery = sum((line.shipping for line in checkout.lines), nothing)
    fees = sum((line.fee.to(checkout.currency) for line in checkout.lines), nothing)
    return {
        "priceSubtotal": goods.shown(),
        "deliveryCost": delivery.shown(),
        "priceDiscount": nothing.shown(),
        "tax": nothing.shown(),
        "fee": fees.shown(),
        "adjustment": {"label": "none", "amount": nothing.shown()},
        "total": (goods + delivery + fees).shown(),
    }


def _address(body: dict[str, Any]) -> dict[str, Any]:
    email, address = body.get("contactEmail"), body.get("shippingAddress")
    if not isinstance(email, str) or "@" not in email:
        raise EbayError(15001 if email is None else 15002, fieldName="contactEmail")
    if not isinstance(address, dict):
        raise EbayError(15001, fieldName="shippingAddress")
    recipient = address.get("recipient")
    if not isinstance(recipient, dict):
        raise EbayError(15001, fieldName="recipient")
    kept = {name: value for name, value in address.items() if isinstance(value, str)}
    names = {n: v for n, v in recipient.items() if isinstance(v, str)}
    for name in (*_NEEDED, *(f"recipient.{n}" for n in ("firstName", "lastName"))):
        if not {**kept, **{f"recipient.{n}": v for n, v in names.items()}}.get(name):
            raise EbayError(15001, fieldName=name)
    if len(kept["country"]) != 2 or not kept["country"].isupper():  # noqa: PLR2004
        raise EbayError(15002, fieldName="country")
    return {**kept, "recipient": names}


def _lines(state: State, given: object, country: str) -> tuple[Line, ...]:
    if not isinstance(given, list) or not given:
        raise EbayError(15001, fieldName="lineItemInputs")
    if len(given) > MOST_LINES:
        raise EbayError(15011)
    return tuple(_read_line(state, one, country) for one in given)


def _read_line(state: State, given: object, country: str) -> Line:
    if not isinstance(given, dict) or not isinstance(given.get("itemId"), str):
        raise EbayError(15001, fieldName="itemId")
    quantity = whole_number(given.get("quantity"), 1, 9999)
    if quantity is None:
        raise EbayError(15014)
    listing = state.store(Listings).get(given["itemId"])
    now = state.store(EbayClock).now()
    if listing is None or "FIXED_PRICE" not in listing.buying_options or listing.is_over(now):
        raise EbayError(15018)
    if listing.left < quantity:
        raise EbayError(15013)
    if not listing.reaches(country):
        raise EbayError(15026)
    shipping = listing.amount(listing.shipping or Decimal(0))
    fee = listing.amount(listing.fee).times(quantity)
    return Line(secrets.token_hex(6), listing, quantity, listing.money, shipping, fee)
