"""Calls of the Order API v2: checkout as a guest; the buyer pays in eBay's widget.

Source: https://developer.ebay.com/api-docs/buy/order/overview.html (Limited Release: eBay must
have approved the application).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import ServiceNotFoundError
from connectors._http.retry import RetryPolicy
from connectors.ebay.auth import GUEST_ORDER, Access, Buyer, headers_of
from connectors.ebay.errors import ORDER_CURES
from connectors.ebay.models import CheckoutSession, PurchaseOrder

ACCOUNT = "ebay.guest"

_ORDER = "/buy/order/v2"
_SIGNATURE = "X-EBAY-SECURITY-SIGNATURE"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who gets what was bought, and where; ``country`` has two letters."""

    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    city: str
    country: str
    postal_code: str = ""
    province: str = ""


class EbayOrders:
    """Begins checkouts that a person pays, and follows the orders that come of them.

    The API takes no payment: with ``CheckoutSession.security_signature`` a page of ours opens
    eBay's widget, the buyer pays there, and the widget calls back with the purchase order's id.

    Args:
        base_url: root of the token service, and of purchase orders.
        order_url: root of checkouts, which is another host.
        client_id: App ID of the keyset.
        client_secret: Cert ID of the keyset.
        marketplace: where is bought, e.g. ``EBAY_CA``.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes; its limiter is not used, as for bids.
        retry: when lookups are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        order_url: str,
        client_id: str,
        client_secret: SecretStr,
        marketplace: str,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        access = Access(
            account=ACCOUNT,
            scope=GUEST_ORDER,
            base_url=base_url,
            client_id=client_id,
            client_secret=client_secret,
            timeout_seconds=timeout_seconds,
            cures=ORDER_CURES,
            shared=shared,
            retry=retry,
        )
        self._tokens = access.tokens()
        self._checkouts = access.client(self._tokens, order_url)
        self._orders = access.client(self._tokens, base_url)
        self._headers = headers_of(marketplace, Buyer())

    async def initiate_guest_checkout(
        self, quantities: Mapping[str, int], recipient: Recipient
    ) -> CheckoutSession:
        """Begin a checkout; nothing is bought by it.

        Args:
            quantities: how many of each item, by its id.
            recipient: who gets it.

        Raises:
            NotForSaleError: something is sold out, ended, or an auction.
            UnknownOutcomeError: it may have begun; begin another.
            ConnectorError: as classified, see ``errors``.
        """
        lines = [{"itemId": item, "quantity": count} for item, count in quantities.items()]
        response = await self._checkouts.send(
            "initiate_guest_checkout",
            "POST",
            f"{_ORDER}/guest_checkout_session/initiate",
            headers=self._headers,
            json={
                "contactEmail": recipient.email,
                "lineItemInputs": lines,
                "shippingAddress": _address(recipient),
            },
        )
        session = self._checkouts.read(
            CheckoutSession, "initiate_guest_checkout", response, safe=False
        )
        signature = SecretStr(response.headers.get(_SIGNATURE, ""))
        return session.model_copy(update={"security_signature": signature})

    async def get_guest_checkout(self, session_id: str) -> CheckoutSession:
        """Return a checkout; what opens the widget is told only when it begins.

        Raises:
            ServiceNotFoundError: there is no such checkout.
            ConnectorError: as classified.
        """
        return await self._checkouts.fetch(
            CheckoutSession,
            "get_guest_checkout",
            "GET",
            f"{_ORDER}/guest_checkout_session/{quote(session_id, safe='')}",
            headers=self._headers,
        )

    async def get_guest_purchase_order(self, order_id: str) -> PurchaseOrder:
        """Return an order; ``PAID`` is told by its payment status.

        Raises:
            ServiceNotFoundError: there is no such order.
            ConnectorError: as classified.
        """
        return await self._orders.fetch(
            PurchaseOrder,
            "get_guest_purchase_order",
            "GET",
            f"{_ORDER}/guest_purchase_order/{quote(order_id, safe='')}",
            headers=self._headers,
        )

    async def ping(self) -> None:
        """Ask for a checkout that can't be: only who may order is told that it isn't there.

        Raises:
            ConnectorError: eBay is not reached, or the application may not order.
        """
        with suppress(ServiceNotFoundError):
            await self._checkouts.send(
                "ping", "GET", f"{_ORDER}/guest_checkout_session/0", headers=self._headers
            )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._checkouts.aclose()
        await self._orders.aclose()
        await self._tokens.aclose()


def _address(recipient: Recipient) -> dict[str, object]:
    return {
        "recipient": {"firstName": recipient.first_name, "lastName": recipient.last_name},
        "phoneNumber": recipient.phone,
        "addressLine1": recipient.address,
        "city": recipient.city,
        "country": recipient.country,
        **({"postalCode": recipient.postal_code} if recipient.postal_code else {}),
        **({"stateOrProvince": recipient.province} if recipient.province else {}),
    }
