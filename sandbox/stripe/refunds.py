"""Refunds: all or a part of what came in, never more."""

from __future__ import annotations

import time

from sandbox.stripe import intents
from sandbox.stripe.errors import StripeError, missing, unknown
from sandbox.stripe.form import Form
from sandbox.stripe.store import Payments, Resource


def create(payments: Payments, form: Form) -> Resource:
    """Give money back."""
    form.allow("amount", "charge", "metadata", "payment_intent", "reason")
    intent = _paid(payments, form)
    left = intent["amount_received"] - refunded(payments, intent["id"])
    if left == 0:
        text = f"Charge {intent['latest_charge']} has already been refunded."
        raise StripeError(text, "charge_already_refunded")
    amount = form.number("amount", 1) or left
    if amount > left:
        text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise StripeError(text, param="amount")
    reasons = ("duplicate", "fraudulent", "requested_by_customer")
    refund = payments.add(
        {
            "id": payments.new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": intent["latest_charge"],
            "created": int(time.time()),
            "currency": intent["currency"],
            "metadata": form.texts("metadata"),
            "payment_intent": intent["id"],
            "reason": form.one_of("reason", *reasons),
            "receipt_number": None,
            "status": "succeeded",
        }
    )
    payments.happened("refund.created", refund)
    return refund


def find(payments: Payments, refund_id: str) -> Resource:
    """Return a refund."""
    found = payments.get("refund", refund_id)
    if found is None:
        raise unknown("refund", refund_id)
    return found


def refunded(payments: Payments, intent_id: str) -> int:
    """Return what was given back of a payment."""
    given = payments.all("refund")
    return sum(refund["amount"] for refund in given if refund["payment_intent"] == intent_id)


def _paid(payments: Payments, form: Form) -> Resource:
    charge, intent_id = form.text("charge"), form.text("payment_intent")
    if intent_id:
        intent = intents.find(payments, intent_id, "payment_intent")
    elif charge:
        paid = payments.all("payment_intent")
        intent = next((one for one in paid if one["latest_charge"] == charge), {})
        if not intent:
            raise unknown("charge", charge, "charge")
    else:
        raise missing("payment_intent")
    if intent["status"] != "succeeded":
        text = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise StripeError(text)
    return intent
