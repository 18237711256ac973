"""Stripe's pages: the checkout that a customer sees, and the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sandbox.html import LATEST, from_own_page, page
from sandbox.state import SandboxState, State
from sandbox.stripe import intents, refunds, sessions
from sandbox.stripe.errors import StripeError
from sandbox.stripe.form import Form as StripeForm
from sandbox.stripe.store import Payments, Resource

router = APIRouter(default_response_class=HTMLResponse)
CARDS = {
    "pm_card_visa": "A good card",
    "pm_card_chargeDeclinedInsufficientFunds": "A card without funds",
    "pm_card_chargeDeclinedExpiredCard": "An expired card",
}


@router.get("/stripe")
async def dashboard(request: Request, state: State) -> Response:
    """Show payments, refunds, sessions and events."""
    payments = state.store(Payments)
    shown = {
        intent["id"]: refunds.refunded(payments, intent["id"])
        for intent in payments.all("payment_intent")
    }
    return page(
        request,
        "stripe.html",
        sessions=payments.all("checkout.session")[-LATEST:][::-1],
        intents=payments.all("payment_intent")[-LATEST:][::-1],
        refunded=shown,
        events=payments.all("event")[-LATEST:][::-1],
        webhook_url=payments.webhook_url,
        outbox=payments.outbox,
        moment=lambda seconds: datetime.fromtimestamp(seconds, UTC),
    )


@router.get("/pages/stripe/pay/{session_id}")
async def checkout(request: Request, session_id: str, state: State, refusal: str = "") -> Response:
    """Show what is to be paid, or that it is."""
    session = _session(state, session_id)
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
    return page(
        request, "checkout.html", session=session, cards=CARDS, back=back, refusal=refusal[:200]
    )


@router.post("/pages/stripe/pay/{session_id}", dependencies=[Depends(from_own_page)])
async def pay(session_id: str, method: Annotated[str, Form()], state: State) -> Response:
    """Pay."""
    session = _session(state, session_id)
    try:
        sessions.pay(state.store(Payments), session, method)
    except StripeError:
        return _go(f"/pages/stripe/pay/{session_id}?refusal=The+card+was+declined.")
    return _go(f"/pages/stripe/pay/{session_id}")


@router.post("/pages/stripe/refund/{intent_id}", dependencies=[Depends(from_own_page)])
async def refund(intent_id: str, state: State) -> Response:
    """Give back what is left of a payment."""
    return _try(lambda kept: refunds.create(kept, StripeForm({"payment_intent": intent_id})), state)


@router.post("/pages/stripe/cancel/{intent_id}", dependencies=[Depends(from_own_page)])
async def cancel(intent_id: str, state: State) -> Response:
    """Give a payment up."""

    def act(payments: Payments) -> None:
        intents.cancel(payments, intents.find(payments, intent_id), StripeForm({}))

    return _try(act, state)


@router.post("/pages/stripe/webhook", dependencies=[Depends(from_own_page)])
async def set_webhook(state: State, url: Annotated[str, Form()] = "") -> Response:
    """Say where events are told."""
    state.store(Payments).webhook_url = url
    return _go("/stripe")


@router.post("/pages/stripe/deliver", dependencies=[Depends(from_own_page)])
async def deliver(state: State) -> Response:
    """Send what waits."""
    await state.store(Payments).outbox.deliver()
    return _go("/stripe")


def _session(state: SandboxState, session_id: str) -> Resource:
    try:
        return sessions.find(state.store(Payments), session_id)
    except StripeError as error:
        raise HTTPException(404, str(error)) from None


def _try(act: Callable[[Payments], object], state: SandboxState) -> Response:
    try:
        act(state.store(Payments))
    except StripeError as error:
        raise HTTPException(error.status, str(error)) from None
    return _go("/stripe")


def _go(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
