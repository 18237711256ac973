"""The Checkout with eBay widget: a script with a button, and the window in which a guest pays.

Source: https://developer.ebay.com/api-docs/buy/static/api-order.html, "Integrating the Checkout
with eBay button". The window's own addresses, and how it tells the script, aren't documented.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.templating import Jinja2Templates

from sandbox.ebay.api import root_of
from sandbox.ebay.control import pay_checkout
from sandbox.ebay.orders import Checkout, Checkouts
from sandbox.html import from_own_page
from sandbox.state import State

router = APIRouter(prefix="/checkout")
_templates = Jinja2Templates(Path(__file__).parents[1] / "templates")


@router.get("/sdk/js")
async def script(
    request: Request, state: State, token: str, session_id: Annotated[str, Query(alias="sessionid")]
) -> Response:
    """Return the script that makes ``window.ebaypay``, for a checkout and its token."""
    _checkout(state, session_id, token)
    return _templates.TemplateResponse(
        request,
        "ebay_widget.js",
        {"window_url": f"{root_of(request)}/checkout/pay"},
        media_type="text/javascript",
    )


@router.get("/pay")
async def window(
    request: Request,
    state: State,
    token: str,
    session_id: Annotated[str, Query(alias="sessionid")],
    origin: Annotated[str, Query(pattern=r"^https?://[A-Za-z0-9.:-]+$")],
) -> Response:
    """Show the window in which the guest pays."""
    return _window(request, _checkout(state, session_id, token), origin)


@router.post("/pay", dependencies=[Depends(from_own_page)])
async def pay(
    request: Request,
    state: State,
    token: Annotated[str, Form()],
    session_id: Annotated[str, Form(alias="sessionid")],
    origin: Annotated[str, Form(pattern=r"^https?://[A-Za-z0-9.:-]+$")],
) -> Response:
    """Take the payment, once, and tell the page that opened the window."""
    checkout = _checkout(state, session_id, token)
    pay_checkout(state, session_id)
    return _window(request, checkout, origin)


def _checkout(state: State, session_id: str, token: str) -> Checkout:
    checkout = state.store(Checkouts).get(session_id)
    right = checkout is not None and secrets.compare_digest(
        checkout.signature.encode(), unquote(token).encode()
    )
    if checkout is None or not right:
        raise HTTPException(401, "This token opens no checkout.")
    return checkout


def _window(request: Request, checkout: Checkout, origin: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'"
    return _templates.TemplateResponse(
        request,
        "ebay_pay.html",
        {"checkout": checkout, "origin": origin, "nonce": nonce},
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
    )
