"""Stripe's part of the control API: where events go, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from sandbox.deliveries import Delivered
from sandbox.state import State
from sandbox.stripe import sessions
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Payments

router = APIRouter(prefix="/stripe")


class Webhook(BaseModel):
    """Where events are told."""

    url: str


class Payment(BaseModel):
    """What a customer pays with."""

    method: str = Field("pm_card_visa", description="One of Stripe's for trying out.")


@router.put("/webhook", status_code=204)
async def set_webhook(webhook: Webhook, state: State) -> None:
    """Say where events are told, from now on."""
    state.store(Payments).webhook_url = webhook.url


@router.post("/sessions/{session_id}/pay")
async def pay(session_id: str, payment: Payment, state: State) -> dict[str, str]:
    """Pay a checkout session, as its page does."""
    payments = state.store(Payments)
    try:
        session = sessions.find(payments, session_id)
        sessions.pay(payments, session, payment.method)
    except StripeError as error:
        raise HTTPException(error.status, str(error)) from None
    return {"payment_intent": session["payment_intent"]}


@router.post("/deliver")
async def deliver(
    state: State,
    times: Annotated[int, Query(ge=1, le=5)] = 1,
    newest_first: Annotated[bool, Query(description="In the wrong order.")] = False,  # noqa: FBT002 - a query
) -> list[Delivered]:
    """Send what waits."""
    return await state.store(Payments).outbox.deliver(times=times, newest_first=newest_first)
