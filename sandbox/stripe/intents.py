"""Payment intents: from a method to the money, or to why there is none."""

from __future__ import annotations

import time

from sandbox.stripe.errors import StripeError, missing, unknown
from sandbox.stripe.form import Form
from sandbox.stripe.store import Payments, Resource

LEAST = 50
DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None),
}
"""Cards for trying out what banks refuse; source: "Test card numbers"."""
NEEDS_PERSON = "pm_card_authenticationRequired"

_CREATED_BY = (
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "currency",
    "description",
    "metadata",
    "payment_method",
    "payment_method_types",
    "receipt_email",
    "return_url",
)
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(payments: Payments, form: Form) -> Resource:
    """Create an intent, and confirm it if that is asked for."""
    form.allow(*_CREATED_BY)
    amount = form.number("amount", LEAST)
    if amount is None:
        raise missing("amount")
    method = form.text("payment_method")
    capture = form.one_of("capture_method", "automatic", "automatic_async", "manual")
    confirm = form.one_of("confirm", "true", "false") == "true"
    intent = new(
        payments,
        amount=amount,
        currency=currency(form),
        capture_method=capture or "automatic",
        description=form.text("description"),
        metadata=form.texts("metadata"),
        receipt_email=form.text("receipt_email"),
    )
    if method:
        intent |= {"payment_method": method, "status": "requires_confirmation"}
    if confirm:
        pay(payments, intent, method)
    return intent


def new(
    payments: Payments,
    *,
    amount: int,
    currency: str,
    capture_method: str = "automatic",
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    receipt_email: str | None = None,
) -> Resource:
    """Keep a new intent, without a method."""
    intent_id = payments.new_id("pi")
    intent = payments.add(
        {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": capture_method,
            "client_secret": f"{intent_id}_secret_sandbox",
            "confirmation_method": "automatic",
            "created": int(time.time()),
            "currency": currency,
            "customer": None,
            "description": description,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": metadata or {},
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "receipt_email": receipt_email,
            "status": "requires_payment_method",
        }
    )
    payments.happened("payment_intent.created", intent)
    return intent


def confirm(payments: Payments, intent: Resource, form: Form) -> None:
    """Try to get the money."""
    form.allow("payment_method", "return_url")
    _expect(intent, "confirm", *OPEN)
    pay(payments, intent, form.text("payment_method") or intent["payment_method"])


def pay(payments: Payments, intent: Resource, method: str | None) -> None:
    """Charge a method, or reserve the money on it.

    Raises:
        StripeError: 402, the bank refuses.
    """
    if method is None:
        text = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise StripeError(text, "payment_intent_unexpected_state")
    if method in DECLINES:
        _decline(payments, intent, method)
    intent["payment_method"] = method
    if method == NEEDS_PERSON and intent["status"] != "requires_action":
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "use_stripe_sdk"}
        payments.happened("payment_intent.requires_action", intent)
        return
    intent |= {"last_payment_error": None, "next_action": None}
    intent["latest_charge"] = payments.new_id("ch")
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        payments.happened("payment_intent.amount_capturable_updated", intent)
    else:
        _succeed(payments, intent, intent["amount"])


def capture(payments: Payments, intent: Resource, form: Form) -> None:
    """Take what was reserved, or a part of it."""
    form.allow("amount_to_capture")
    _expect(intent, "capture", "requires_capture")
    amount = form.number("amount_to_capture", 1, intent["amount_capturable"])
    _succeed(payments, intent, amount or intent["amount_capturable"])


def cancel(payments: Payments, intent: Resource, form: Form) -> None:
    """Give up."""
    form.allow("cancellation_reason")
    _expect(intent, "cancel", *OPEN, "requires_capture")
    reasons = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    intent |= {
        "status": "canceled",
        "canceled_at": int(time.time()),
        "cancellation_reason": form.one_of("cancellation_reason", *reasons),
        "amount_capturable": 0,
    }
    payments.happened("payment_intent.canceled", intent)


def find(payments: Payments, intent_id: str, param: str = "intent") -> Resource:
    """Return an intent."""
    found = payments.get("payment_intent", intent_id)
    if found is None:
        raise unknown("payment_intent", intent_id, param)
    return found


def currency(form: Form) -> str:
    """Read a currency."""
    code = form.need("currency").lower()
    if len(code) != len("cad") or not code.isascii() or not code.isalpha():
        raise StripeError(f"Invalid currency: {code[:10]}", param="currency")
    return code


def _succeed(payments: Payments, intent: Resource, amount: int) -> None:
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    payments.happened("payment_intent.succeeded", intent)


def _decline(payments: Payments, intent: Resource, method: str) -> None:
    code, decline = DECLINES[method]
    more = {"decline_code": decline} if decline else {}
    error = StripeError(
        "Your card was declined.",
        code,
        status=402,
        kind="card_error",
        **more,
    )
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    intent["last_payment_error"] = dict(error.body)
    payments.happened("payment_intent.payment_failed", intent)
    error.body["payment_intent"] = dict(intent)
    raise error


def _expect(intent: Resource, act: str, *statuses: str) -> None:
    if intent["status"] not in statuses:
        text = f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}."
        raise StripeError(text, "payment_intent_unexpected_state")
