"""eBay with a few things for sale, and a client that holds its tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.store import Listing, Listings, Seller
from sandbox.ebay.taxonomy import CATEGORIES

SCOPE = "https://api.ebay.com/oauth/api_scope"
KEYSET = ("sandbox", "sandbox-secret")
GOOD = Seller("good_parts", 1200, Decimal("99.5"))
NEW = Seller("nobody_yet", 0, Decimal(0), "INDIVIDUAL")

Sell = Callable[..., Listing]
Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def sell(sandbox: Sandbox) -> Sell:
    """Puts something up for sale; says only what matters."""
    listings, now = sandbox.state.store(Listings), sandbox.state.store(EbayClock).now()

    def put(
        title: str = "HDMI port for PlayStation 5", price: str | None = "9.99", **more: Any
    ) -> Listing:
        usual: dict[str, Any] = {
            "legacy_id": listings.new_number(),
            "title": title,
            "seller": GOOD,
            "category": CATEGORIES["171833"],
            "country": "CA",
            "city": "Toronto",
            "currency": "CAD",
            "listed_at": now - timedelta(days=1),
            "ends_at": now + timedelta(days=3),
            "price": Decimal(price) if price else None,
        }
        listing = Listing(**{**usual, **more})
        listings.add(listing)
        return listing

    return put


@pytest.fixture
def token(client: httpx.AsyncClient) -> Callable[..., Awaitable[str]]:
    """Gets tokens: an application's by scope, or the user's."""

    async def get(scope: str = SCOPE, *, user: bool = False) -> str:
        form = {"grant_type": "client_credentials", "scope": scope}
        if user:
            form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
        answer = await client.post("/ebay/identity/v1/oauth2/token", data=form, auth=KEYSET)
        return str(answer.raise_for_status().json()["access_token"])

    return get


@pytest.fixture
async def ask(client: httpx.AsyncClient, token: Callable[..., Awaitable[str]]) -> Ask:
    """Calls eBay as an application, from Canada."""
    shown = {"Authorization": f"Bearer {await token()}", "X-EBAY-C-MARKETPLACE-ID": "EBAY_CA"}

    async def call(path: str, method: str = "GET", **more: Any) -> httpx.Response:
        headers = {**shown, **more.pop("headers", {})}
        return await client.request(method, f"/ebay{path}", headers=headers, **more)

    return call


@pytest.fixture
async def bidder(client: httpx.AsyncClient, token: Callable[..., Awaitable[str]]) -> Ask:
    """Calls eBay as the user who granted us to bid."""
    shown = {
        "Authorization": f"Bearer {await token(user=True)}",
        "X-EBAY-C-MARKETPLACE-ID": "EBAY_CA",
    }

    async def call(path: str, method: str = "GET", **more: Any) -> httpx.Response:
        return await client.request(method, f"/ebay/buy/offer/v1_beta{path}", headers=shown, **more)

    return call
