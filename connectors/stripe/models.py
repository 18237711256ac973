"""What Stripe is told, and what it answers. Amounts are in a currency's smallest unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Metadata = dict[str, str]


@dataclass(frozen=True)
class LineItem:
    """What is bought, so many times, at a price each.

    Args:
        name: as the customer reads it.
        unit_amount: price of one.
        currency: three letters, e.g. ``cad``.
        quantity: how many.
    """

    name: str
    unit_amount: int
    currency: str = "cad"
    quantity: int = 1


class CheckoutSession(BaseModel):
    """A page where a customer pays; it ends by being paid or by its time.

    Args:
        url: of the page, while it is open.
        payment_intent: when it was paid.
        client_reference_id: what we call it.
    """

    id: str
    status: Literal["open", "complete", "expired"] | None
    payment_status: Literal["paid", "unpaid", "no_payment_required"]
    url: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    payment_intent: str | None = None
    client_reference_id: str | None = None
    metadata: Metadata | None = None
    expires_at: datetime


class PaymentIntent(BaseModel):
    """A payment from the first try to the money; ``client_secret`` is for the customer's page."""

    id: str
    status: str
    amount: int
    amount_capturable: int = 0
    amount_received: int = 0
    currency: str
    client_secret: str | None = Field(None, repr=False)
    latest_charge: str | None = None
    metadata: Metadata = {}

    @property
    def is_paid(self) -> bool:
        """Whether the money is in."""
        return self.status == "succeeded"


class Refund(BaseModel):
    """Money that goes back; ``pending``, ``succeeded``, ``failed`` and others."""

    id: str
    status: str | None
    amount: int
    currency: str
    payment_intent: str | None = None
    charge: str | None = None
    reason: str | None = None
    metadata: Metadata | None = None


class RefundPage(BaseModel):
    """A page of refunds."""

    data: list[Refund]
    has_more: bool


class EventData(BaseModel):
    """The thing that an event is about, as it was then."""

    object: dict[str, object]


class Event(BaseModel):
    """Something that happened, e.g. ``checkout.session.completed``.

    Events repeat and come out of order: go by ``id``, and read the thing again where its state
    matters.
    """

    id: str
    type: str
    created: datetime
    livemode: bool
    data: EventData

    @property
    def object_id(self) -> str:
        """Which thing it is about."""
        return str(self.data.object.get("id", ""))


class Balance(BaseModel):
    """That there is an account."""

    livemode: bool
