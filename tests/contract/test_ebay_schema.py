"""eBay's stand-in, driven from eBay's contracts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import Sandbox
from tests.contract.contracts.ebay import APIS
from tests.contract.contracts.openapi import UNDESCRIBED
from tests.contract.driving import drive, sandbox_beside

pytestmark = pytest.mark.thorough

SCOPE = "https://api.ebay.com/oauth/api_scope"
PUBLIC = {"grant_type": "client_credentials", "scope": SCOPE}
GUEST = {"grant_type": "client_credentials", "scope": f"{SCOPE}/buy.guest.order"}
USER = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sandbox_beside() as running:
        httpx.post(f"{running.url}/_control/seed", trust_env=False).raise_for_status()
        yield running


@pytest.mark.parametrize(
    ("api", "operation", "grant"),
    [
        ("buy_browse_v1", "search", PUBLIC),
        ("buy_browse_v1", "searchByImage", PUBLIC),
        ("buy_browse_v1", "getItem", PUBLIC),
        ("buy_browse_v1", "getItems", PUBLIC),
        ("buy_browse_v1", "getItemByLegacyId", PUBLIC),
        ("buy_browse_v1", "getItemsByItemGroup", PUBLIC),
        ("buy_browse_v1", "checkCompatibility", PUBLIC),
        ("buy_offer_v1_beta", "getBidding", USER),
        ("buy_offer_v1_beta", "placeProxyBid", USER),
        ("buy_order_v1_beta", "initiateGuestCheckoutSession", GUEST),
        ("buy_order_v1_beta", "getGuestCheckoutSession", GUEST),
        ("buy_order_v1_beta", "getGuestPurchaseOrder", GUEST),
        ("commerce_taxonomy_v1", "getDefaultCategoryTreeId", PUBLIC),
        ("commerce_taxonomy_v1", "getCategorySuggestions", PUBLIC),
        ("commerce_notification_v1", "getPublicKey", PUBLIC),
        ("developer_analytics_v1_beta", "getRateLimits", PUBLIC),
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox, api: str, operation: str, grant: dict[str, str]
) -> None:
    answer = httpx.post(
        f"{sandbox.url}/ebay/identity/v1/oauth2/token",
        data=grant,
        auth=("sandbox", "sandbox-secret"),
        trust_env=False,
    )
    headers = {
        "Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}",
        "X-EBAY-C-MARKETPLACE-ID": "EBAY_CA",
    }
    also = (*UNDESCRIBED, 400) if api == "commerce_taxonomy_v1" else tuple(UNDESCRIBED)

    drive(APIS[api], operation, f"{sandbox.url}/ebay", headers=headers, also=also)
