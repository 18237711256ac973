"""Checkout sessions: what is bought, a page where it is paid, and how that ended."""

from __future__ import annotations

import re
import time

from sandbox.stripe import intents
from sandbox.stripe.errors import StripeError, invalid, missing, unknown
from sandbox.stripe.form import Form
from sandbox.stripe.store import Payments, Resource

SHORTEST, LONGEST = 30 * 60, 24 * 3600
MOST_LINES = 100
_CREATED_BY = (
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "expires_at",
    "line_items",
    "metadata",
    "mode",
    "payment_method_types",
    "success_url",
)
_URL = re.compile(r"https?://[^\s/?#]+\S*")
_SLACK_SECONDS = 60


def create(payments: Payments, form: Form, pages: str) -> Resource:
    """Open a session.

    Args:
        payments: where it is kept.
        form: what is asked.
        pages: root of the page that pays it.
    """
    form.allow(*_CREATED_BY)
    if form.need("mode") != "payment":
        raise invalid("mode", "only payment is played here")
    lines = form.items("line_items")
    if not lines:
        raise missing("line_items")
    if len(lines) > MOST_LINES:
        raise invalid("line_items", f"at most {MOST_LINES}")
    prices = [_price(line) for line in lines]
    if len({currency for _, currency in prices}) > 1:
        raise invalid("line_items", "all prices must be in one currency")
    amount = sum(price for price, _ in prices)
    success, cancel = form.need("success_url"), form.text("cancel_url")
    for name, url in (("success_url", success), ("cancel_url", cancel)):
        if url is not None and not _URL.fullmatch(url):
            raise StripeError("Not a valid URL", "url_invalid", param=name)
    now = int(time.time())
    earliest, latest = now + SHORTEST - _SLACK_SECONDS, now + LONGEST + _SLACK_SECONDS
    ends = form.number("expires_at", earliest, latest)
    session_id = payments.new_id("cs_test")
    email = form.text("customer_email")
    return payments.add(
        {
            "id": session_id,
            "object": "checkout.session",
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": cancel,
            "client_reference_id": form.text("client_reference_id"),
            "created": now,
            "currency": prices[0][1],
            "customer": None,
            "customer_details": {"email": email} if email else None,
            "customer_email": email,
            "expires_at": ends or now + LONGEST,
            "livemode": False,
            "metadata": form.texts("metadata"),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": ["card"],
            "payment_status": "unpaid",
            "status": "open",
            "success_url": success,
            "url": f"{pages}/{session_id}",
        }
    )


def find(payments: Payments, session_id: str) -> Resource:
    """Return a session; one whose time is over has expired."""
    found = payments.get("checkout.session", session_id)
    if found is None:
        raise unknown("checkout.session", session_id, "session")
    if found["status"] == "open" and found["expires_at"] <= time.time():
        _end(payments, found)
    return found


def expire(payments: Payments, session: Resource) -> None:
    """Close a session that isn't paid."""
    _expect_open(session, "expired")
    _end(payments, session)


def pay(payments: Payments, session: Resource, method: str) -> None:
    """Do what a customer does on the page.

    Raises:
        StripeError: the bank refuses, or the session isn't open.
    """
    _expect_open(session, "paid")
    intent = intents.new(
        payments,
        amount=session["amount_total"],
        currency=session["currency"],
        metadata=dict(session["metadata"]),
        receipt_email=session["customer_email"],
    )
    intents.pay(payments, intent, method)
    session |= {
        "payment_intent": intent["id"],
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
    payments.happened("checkout.session.completed", session)


def _end(payments: Payments, session: Resource) -> None:
    session |= {"status": "expired", "url": None}
    payments.happened("checkout.session.expired", session)


def _expect_open(session: Resource, act: str) -> None:
    if session["status"] != "open":
        raise StripeError(
            f"Only Checkout Sessions with a status in ['open'] can be {act}. This Checkout Session "
            f"has a status of {session['status']}."
        )


def _price(line: Form) -> tuple[int, str]:
    data = line.inner("price_data")
    unit = data.number("unit_amount", 0)
    if unit is None:
        raise missing("line_items[][price_data][unit_amount]")
    data.inner("product_data").need("name")
    return unit * (line.number("quantity", 1, 1_000_000) or 1), intents.currency(data)
