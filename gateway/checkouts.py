"""eBay's checkout on our pages: its widget, and what browsers may load for it.

Source: https://developer.ebay.com/api-docs/buy/static/api-order.html, "Integrating the Checkout
with eBay button". Its example joins ``token`` and ``sessionid`` without an ampersand; that is
taken as a slip. Which further origins the widget loads from isn't told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from gateway import html
from gateway.context import Context
from hotrod.purchasing.checkouts import members
from hotrod.purchasing.models import Checkout, Purchase


@dataclass(frozen=True)
class Payable:
    """What eBay's widget needs on a page, and who sends the form that it fills in."""

    widget_url: str
    session_id: str
    token: str
    nonce: str
    action: str
    total: Decimal
    currency: str
    purchases: Sequence[Purchase]

    @property
    def script(self) -> str:
        """Where the widget is loaded from."""
        asked = {"locale": "en-US", "token": self.token, "sessionid": self.session_id}
        return f"{self.widget_url}?{urlencode(asked)}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What the page promises: as all pages, but that this script may run, and eBay's."""
        parts = urlsplit(self.widget_url)
        ebay = f"{parts.scheme}://{parts.netloc}"
        policy = (
            f"{html.HEADERS['Content-Security-Policy']}; script-src 'nonce-{self.nonce}' {ebay}; "
            f"frame-src {ebay}; connect-src {ebay}; img-src {ebay} data:"
        )
        return {**html.HEADERS, "Content-Security-Policy": policy}


async def payable(
    session: AsyncSession, context: Context, checkout: Checkout | None
) -> Payable | None:
    """Return what is needed to pay a checkout; None: it isn't to be paid on a page of ours."""
    token = context.seal.open(checkout.signature) if checkout and checkout.is_payable else None
    if checkout is None or token is None:
        return None
    held = [one.purchase for one in await members(session, checkout)]
    return Payable(
        widget_url=context.settings.ebay.widget_url,
        session_id=checkout.session_id,
        token=token,
        nonce=secrets.token_urlsafe(16),
        action=context.links.purchase_url(held[0].id),
        total=checkout.total,
        currency=checkout.currency,
        purchases=held,
    )
