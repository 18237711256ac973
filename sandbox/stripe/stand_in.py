"""Stripe, played."""

from __future__ import annotations

import uuid

from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story
from sandbox.stripe import api, control, errors, intents, pages
from sandbox.stripe.store import Payments

_SEEDED = 20


def _seed(state: SandboxState, story: Story) -> None:
    """Let some orders be paid."""
    payments = state.store(Payments)
    for order in story.orders[:_SEEDED]:
        intent = intents.new(
            payments,
            amount=max(int(order.total * 100), intents.LEAST),
            currency="cad",
            description=order.number,
            metadata={"order": order.number},
        )
        intents.pay(payments, intent, "pm_card_visa")
        intent["created"] = int(order.placed_at.timestamp())


STRIPE = StandIn(
    name="stripe",
    title="Stripe",
    apis=(
        Api(
            service="stripe",
            prefix="/stripe",
            routers=(("/v1", api.router),),
            error=errors.StripeError,
            error_answer=errors.error_answer,
            fault_answer=errors.fault_answer,
            id_header="request-id",
            new_id=lambda: f"req_{uuid.uuid4().hex[:14]}",
        ),
    ),
    stores=lambda: (Payments(),),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Payments).all('payment_intent'))} payments",
    seed=_seed,
)
