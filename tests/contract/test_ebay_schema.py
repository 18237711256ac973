"""eBay's stand-in, driven from eBay's contracts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from decimal import Decimal

import httpx
import pytest

from sandbox.ebay.bidding import best_of
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.money import MARKETPLACES
from sandbox.ebay.notification import SigningKeys
from sandbox.ebay.offer import bid
from sandbox.ebay.orders import Checkouts
from sandbox.ebay.pictures import draw
from sandbox.ebay.store import US, Listings
from sandbox.server import Sandbox
from tests.contract.contracts.ebay import APIS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

SCOPE = "https://api.ebay.com/oauth/api_scope"
PUBLIC = {"grant_type": "client_credentials", "scope": SCOPE}
GUEST = {"grant_type": "client_credentials", "scope": f"{SCOPE}/buy.guest.order"}
USER = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}


SITE = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_CA", "Content-Type": "application/json"}
CIVIC = [{"name": "Year", "value": "2018"}, {"name": "Make", "value": "Honda"}]
SHIPPING_ADDRESS = {
    "recipient": {"firstName": "Ann", "lastName": "Roy"},
    "addressLine1": "1 Main Street",
    "city": "Ottawa",
    "stateOrProvince": "ON",
    "postalCode": "K1P 1J1",
    "country": "CA",
    "phoneNumber": "6135550100",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        yield running


def headers(sandbox: Sandbox, grant: dict[str, str]) -> dict[str, str]:
    answer = httpx.post(
        f"{sandbox.url}/ebay/identity/v1/oauth2/token",
        data=grant,
        auth=("sandbox", "sandbox-secret"),
        trust_env=False,
    )
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}", **SITE}


def items(sandbox: Sandbox) -> Known:
    ids = [one.item_id for one in sandbox.state.store(Listings).all()]
    query = {"item_ids": [*ids, ",".join(ids[:3])], "fieldgroups": ["PRODUCT", "COMPACT"]}
    return Known(path={"item_id": ids}, query={**query, "quantity_for_shipping_estimate": ["1"]})


def numbers(sandbox: Sandbox) -> Known:
    found = [one for one in sandbox.state.store(Listings).all() if not one.group]
    query = {"legacy_item_id": [one.legacy_id for one in found], "fieldgroups": ["PRODUCT"]}
    return Known(query={**query, "quantity_for_shipping_estimate": ["1"]})


def groups(sandbox: Sandbox) -> Known:
    found = [one.group for one in sandbox.state.store(Listings).all() if one.group]
    query = {"item_group_id": found, "fieldgroups": ["PRODUCT"]}
    return Known(query={**query, "quantity_for_shipping_estimate": ["1"]})


def searches(sandbox: Sandbox) -> Known:
    titles = [one.title for one in sandbox.state.store(Listings).all()]
    query = {"q": titles, "limit": ["5"], "offset": ["0", "5"], "sort": ["price"]}
    pictures = [base64.b64encode(draw(title)).decode() for title in titles]
    return Known(
        query={**query, "filter": ["buyingOptions:{FIXED_PRICE}"]},
        body=[{"image": one} for one in pictures],
    )


def vehicles(sandbox: Sandbox) -> Known:
    parts = [one.item_id for one in sandbox.state.store(Listings).all() if one.fits]
    whole = [*CIVIC, {"name": "Model", "value": "Civic"}]
    bodies = [{"compatibilityProperties": some} for some in (CIVIC, whole)]
    return Known(path={"item_id": parts}, body=bodies)


def auctions(sandbox: Sandbox) -> Known:
    """An auction that we have bid in, and bids that may be above ours."""
    found = next(one for one in sandbox.state.store(Listings).all() if one.is_auction)
    if best_of(US, found.bids) is None:
        bid(sandbox.state, found, US, Decimal(5000))
    amounts = [{"value": f"{most}.00", "currency": found.currency} for most in range(6000, 9000, 9)]
    return Known(path={"item_id": [found.item_id]}, body=[{"maxAmount": one} for one in amounts])


def checkouts(sandbox: Sandbox) -> Known:
    """What can be bought; a checkout that has begun, and one that was paid."""
    now = sandbox.state.store(EbayClock).now()
    listings = sandbox.state.store(Listings).all()
    for_sale = [one for one in listings if one.price and not one.is_over(now)]
    bodies = [
        {
            "contactEmail": "ann@example.com",
            "shippingAddress": SHIPPING_ADDRESS,
            "lineItemInputs": [{"itemId": one.item_id, "quantity": 1}],
        }
        for one in for_sale
    ]
    begun = httpx.post(
        f"{sandbox.url}/ebay/buy/order/v2/guest_checkout_session/initiate",
        json=bodies[0],
        headers=headers(sandbox, GUEST),
        trust_env=False,
    )
    session = begun.raise_for_status().json()["checkoutSessionId"]
    kept = sandbox.state.store(Checkouts)
    checkout = kept.get(session)
    assert checkout
    kept.pay(checkout, now)
    path = {"checkoutSessionId": [session], "purchaseOrderId": [checkout.order_id]}
    return Known(path=path, body=bodies)


def categories(_sandbox: Sandbox) -> Known:
    query = {"marketplace_id": list(MARKETPLACES), "q": ["console", "brake pads"]}
    return Known(path={"category_tree_id": [MARKETPLACES["EBAY_CA"].tree]}, query=query)


def keys(sandbox: Sandbox) -> Known:
    return Known(path={"public_key_id": [sandbox.state.store(SigningKeys).current().id]})


def nothing(_sandbox: Sandbox) -> Known:
    return Known()


@pytest.mark.parametrize(
    ("api", "operation", "grant", "known"),
    [
        ("buy_browse_v1", "search", PUBLIC, searches),
        ("buy_browse_v1", "searchByImage", PUBLIC, searches),
        ("buy_browse_v1", "getItem", PUBLIC, items),
        ("buy_browse_v1", "getItems", PUBLIC, items),
        ("buy_browse_v1", "getItemByLegacyId", PUBLIC, numbers),
        ("buy_browse_v1", "getItemsByItemGroup", PUBLIC, groups),
        ("buy_browse_v1", "checkCompatibility", PUBLIC, vehicles),
        ("buy_offer_v1_beta", "getBidding", USER, auctions),
        ("buy_offer_v1_beta", "placeProxyBid", USER, auctions),
        ("buy_order_v1_beta", "initiateGuestCheckoutSession", GUEST, checkouts),
        ("buy_order_v1_beta", "getGuestCheckoutSession", GUEST, checkouts),
        ("buy_order_v1_beta", "getGuestPurchaseOrder", GUEST, checkouts),
        ("commerce_taxonomy_v1", "getDefaultCategoryTreeId", PUBLIC, categories),
        ("commerce_taxonomy_v1", "getCategorySuggestions", PUBLIC, categories),
        ("commerce_notification_v1", "getPublicKey", PUBLIC, keys),
        ("developer_analytics_v1_beta", "getRateLimits", PUBLIC, nothing),
    ],
)
def test_what_the_contract_allows_is_answered_by_it(
    sandbox: Sandbox,
    api: str,
    operation: str,
    grant: dict[str, str],
    known: Callable[[Sandbox], Known],
) -> None:
    drive(
        APIS[api],
        operation,
        f"{sandbox.url}/ebay",
        headers=headers(sandbox, grant),
        known=known(sandbox),
    )
