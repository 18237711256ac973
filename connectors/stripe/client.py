"""Calls of Stripe's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.limits import Rate
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.stripe.errors import CURES, TABLE, read_problem
from connectors.stripe.form import Value, encode
from connectors.stripe.models import (
    Balance,
    CheckoutSession,
    Event,
    LineItem,
    PaymentIntent,
    Refund,
    RefundPage,
)

SERVICE = "stripe"
API_VERSION = "2026-10-28.endive"
"""What the models are written for; the account's own version doesn't matter."""

RATE = Rate(25, 1.0)
"""What test mode allows, and of live mode's 100 what one kind of things does. Source:
docs.stripe.com/rate-limits."""

RefundReason = Literal["duplicate", "fraudulent", "requested_by_customer"]
_PAGE_SIZE = 100

Model = TypeVar("Model", bound=BaseModel)


class StripeClient:
    """Takes payments and gives money back.

    Every act carries a key of the caller's: within 24 hours Stripe does it once for a key, and
    answers the second call as it did the first. So an ``UnknownOutcomeError`` is looked up by the
    same call with the same key; the effects ledger passes its own key, and ``harmless_to_repeat``
    as the look-up. A decline is kept under its key too: another try wants another key.

    Args:
        base_url: root of the API, without its version.
        api_key: secret key of the account.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the account.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._stripe = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=BearerAuth(api_key),
            table=TABLE,
            cures=CURES,
            read_problem=read_problem,
            redact=Redactor([api_key]),
            request_id="request-id",
            shared=shared,
            retry=retry,
        )

    async def create_checkout_session(
        self,
        lines: Sequence[LineItem],
        *,
        idempotency_key: str,
        reference: str,
        success_url: str,
        cancel_url: str | None = None,
        customer_email: str | None = None,
        expires_at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> CheckoutSession:
        """Open a page where a customer pays.

        Args:
            lines: what is bought, all in one currency.
            idempotency_key: names this act.
            reference: what we call it, e.g. a ticket.
            success_url: where the customer goes then; ``{CHECKOUT_SESSION_ID}`` is filled in.
            cancel_url: where the customer goes without paying.
            customer_email: fills in the form.
            expires_at: from 30 minutes to 24 hours ahead; None: 24 hours.
            metadata: kept with it.

        Raises:
            UnknownOutcomeError: there may be such a page.
            ConnectorError: there is none, for the reason that the class says.
        """
        return await self._write(
            CheckoutSession,
            "create_checkout_session",
            "/checkout/sessions",
            idempotency_key,
            {
                "mode": "payment",
                "client_reference_id": reference,
                "success_url": success_url,
                "cancel_url": cancel_url,
                "customer_email": customer_email,
                "expires_at": int(expires_at.timestamp()) if expires_at else None,
                "metadata": metadata,
                "line_items": [_price(line) for line in lines],
            },
        )

    async def get_checkout_session(self, session_id: str) -> CheckoutSession:
        """Return a page as it stands now.

        Raises:
            ConnectorError: it can't be read, or there is none.
        """
        path = f"/checkout/sessions/{_part(session_id)}"
        return await self._read(CheckoutSession, "get_checkout_session", path)

    async def expire_checkout_session(
        self, session_id: str, *, idempotency_key: str
    ) -> CheckoutSession:
        """Close a page that isn't paid.

        Raises:
            RejectedError: it is paid, or closed already.
            ConnectorError: as the class says.
        """
        path = f"/checkout/sessions/{_part(session_id)}/expire"
        return await self._write(
            CheckoutSession, "expire_checkout_session", path, idempotency_key, {}
        )

    async def create_payment_intent(
        self,
        amount: int,
        currency: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
        confirm: bool = False,
        capture_method: Literal["automatic", "manual"] = "automatic",
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> PaymentIntent:
        """Begin a payment.

        Args:
            amount: in the currency's smallest unit.
            currency: three letters, e.g. ``cad``.
            idempotency_key: names this act.
            payment_method: what is charged.
            confirm: charge it at once.
            capture_method: ``manual`` reserves the money for ``capture_payment_intent``.
            description: what the dashboard shows.
            metadata: kept with it.

        Raises:
            DeclinedError: the bank refuses.
            UnknownOutcomeError: it may be begun, and charged.
            ConnectorError: it is not, for the reason that the class says.
        """
        return await self._write(
            PaymentIntent,
            "create_payment_intent",
            "/payment_intents",
            idempotency_key,
            {
                "amount": amount,
                "currency": currency,
                "payment_method": payment_method,
                "payment_method_types": ["card"],
                "confirm": confirm or None,
                "capture_method": capture_method,
                "description": description,
                "metadata": metadata,
            },
        )

    async def get_payment_intent(self, intent_id: str) -> PaymentIntent:
        """Return a payment as it stands now.

        Raises:
            ConnectorError: it can't be read, or there is none.
        """
        path = f"/payment_intents/{_part(intent_id)}"
        return await self._read(PaymentIntent, "get_payment_intent", path)

    async def confirm_payment_intent(
        self, intent_id: str, *, idempotency_key: str, payment_method: str | None = None
    ) -> PaymentIntent:
        """Charge a payment.

        Raises:
            DeclinedError: the bank refuses.
            WrongStateError: it is charged or canceled already.
            ConnectorError: as the class says.
        """
        return await self._move(
            "confirm", intent_id, idempotency_key, {"payment_method": payment_method}
        )

    async def capture_payment_intent(
        self, intent_id: str, *, idempotency_key: str, amount: int | None = None
    ) -> PaymentIntent:
        """Take what a payment has reserved; with an amount, that much, and let the rest go.

        Raises:
            WrongStateError: nothing is reserved.
            ConnectorError: as the class says.
        """
        return await self._move(
            "capture", intent_id, idempotency_key, {"amount_to_capture": amount}
        )

    async def cancel_payment_intent(self, intent_id: str, *, idempotency_key: str) -> PaymentIntent:
        """Give a payment up that isn't through.

        Raises:
            WrongStateError: it is through, or canceled already.
            ConnectorError: as the class says.
        """
        return await self._move("cancel", intent_id, idempotency_key, {})

    async def create_refund(
        self,
        payment_intent: str,
        *,
        idempotency_key: str,
        amount: int | None = None,
        reason: RefundReason | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Refund:
        """Give money back.

        Args:
            payment_intent: by which it came.
            idempotency_key: names this act.
            amount: how much; None: all that is left.
            reason: for the books.
            metadata: kept with it.

        Raises:
            WrongStateError: all of it was given back before.
            RejectedError: it is more than is left, or nothing came in.
            UnknownOutcomeError: it may be given back.
            ConnectorError: as the class says.
        """
        return await self._write(
            Refund,
            "create_refund",
            "/refunds",
            idempotency_key,
            {
                "payment_intent": payment_intent,
                "amount": amount,
                "reason": reason,
                "metadata": metadata,
            },
        )

    async def get_refund(self, refund_id: str) -> Refund:
        """Return a refund as it stands now.

        Raises:
            ConnectorError: it can't be read, or there is none.
        """
        return await self._read(Refund, "get_refund", f"/refunds/{_part(refund_id)}")

    def list_refunds(self, payment_intent: str | None = None) -> AsyncIterator[Refund]:
        """Yield refunds, the newest first; of one payment, or all.

        Raises:
            ConnectorError: a page can't be read.
        """
        query = {"limit": str(_PAGE_SIZE)}
        if payment_intent is not None:
            query["payment_intent"] = payment_intent

        async def fetch(after: str | None) -> Page[Refund]:
            asked = {**query, "starting_after": after} if after else query
            page = await self._read(RefundPage, "list_refunds", "/refunds", asked)
            return Page(page.data, page.data[-1].id if page.has_more and page.data else None)

        return items(pages(SERVICE, "list_refunds", fetch))

    async def get_event(self, event_id: str) -> Event:
        """Return an event; Stripe keeps them for 30 days.

        Raises:
            ConnectorError: it can't be read, or there is none.
        """
        return await self._read(Event, "get_event", f"/events/{_part(event_id)}")

    async def ping(self) -> None:
        """Ask for the balance.

        Raises:
            ConnectorError: Stripe is not reached, or does not take the key.
        """
        await self._read(Balance, "ping", "/balance")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._stripe.aclose()

    async def _read(
        self,
        into: type[Model],
        operation: str,
        path: str,
        query: Mapping[str, str] | None = None,
    ) -> Model:
        headers = {"Stripe-Version": API_VERSION}
        return await self._stripe.fetch(
            into, operation, "GET", f"/v1{path}", headers=headers, params=query or {}
        )

    async def _write(
        self,
        into: type[Model],
        operation: str,
        path: str,
        idempotency_key: str,
        tree: Mapping[str, Value],
    ) -> Model:
        headers = {"Stripe-Version": API_VERSION, "Idempotency-Key": idempotency_key}
        return await self._stripe.fetch(
            into, operation, "POST", f"/v1{path}", headers=headers, data=encode(tree)
        )

    async def _move(
        self, step: str, intent_id: str, idempotency_key: str, tree: Mapping[str, Value]
    ) -> PaymentIntent:
        path = f"/payment_intents/{_part(intent_id)}/{step}"
        operation = f"{step}_payment_intent"
        return await self._write(PaymentIntent, operation, path, idempotency_key, tree)


def _part(one_id: str) -> str:
    return quote(one_id, safe="")


def _price(line: LineItem) -> Mapping[str, Value]:
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": line.currency,
            "unit_amount": line.unit_amount,
            "product_data": {"name": line.name},
        },
    }
