"""What the eBay connector promises, against the stand-in."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter
from connectors._http.retry import RetryPolicy
from connectors._http.webhook import UnverifiedWebhookError
from connectors.ebay.bids import EbayBids
from connectors.ebay.client import RATE, EbayClient
from connectors.ebay.errors import AuctionEndedError, BidTooLowError, NoBidsError, NotForSaleError
from connectors.ebay.links import item_link
from connectors.ebay.orders import EbayOrders
from connectors.ebay.search import ImageSearch, Search, SearchFilter
from connectors.ebay.webhook import (
    answer_challenge,
    read_signature,
    verify,
)
from sandbox.ebay.pictures import draw
from tests.contract.cases.ebay import ANN, KEYSET, bids, browse, orders, sell


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


@pytest.fixture
async def ebay(stand_ins: Any) -> AsyncIterator[EbayClient]:
    ebay = browse(stand_ins, RetryPolicy(sleep=no_wait))
    yield ebay
    await ebay.aclose()


@pytest.fixture
async def bidder(stand_ins: Any) -> AsyncIterator[EbayBids]:
    bidder = bids(stand_ins, RetryPolicy(sleep=no_wait))
    yield bidder
    await bidder.aclose()


@pytest.fixture
async def buyer(stand_ins: Any) -> AsyncIterator[EbayOrders]:
    buyer = orders(stand_ins, RetryPolicy(sleep=no_wait))
    yield buyer
    await buyer.aclose()


async def control(stand_ins: Any, path: str, **order: object) -> Any:
    answer = await stand_ins.control.post(f"/_control/ebay/{path}", json=order)
    answer.raise_for_status()
    return answer.json() if answer.content else None


async def test_a_search_is_read_to_its_end(stand_ins: Any, ebay: EbayClient) -> None:
    for place in range(7):
        sell(stand_ins, title=f"HDMI port {place}")

    found = [one async for one in ebay.search(Search(words="hdmi", page_size=3))]

    assert [one.title for one in found] == [f"HDMI port {place}" for place in range(7)]
    assert len([c for c in await stand_ins.calls("ebay") if "search" in c["path"]]) == 3


async def test_filters_sorts_and_aspects_mean_to_ebay_what_they_say(
    stand_ins: Any, ebay: EbayClient
) -> None:
    sell(stand_ins, title="HDMI dear", price=Decimal(20), condition_id="1000")
    sell(stand_ins, title="HDMI cheap", price=Decimal(5), aspects={"Brand": "Bed|Stü"})
    sell(stand_ins, title="HDMI bid", price=None, start=Decimal(1))
    wanted = SearchFilter(
        price_from=Decimal(1),
        price_to=Decimal("20.00"),
        currency="CAD",
        conditions=("NEW", "USED"),
        buying_options=("FIXED_PRICE",),
        delivery_country="CA",
        delivery_postal_code="K1P 1J1",
        max_delivery_cost=Decimal(0),
        located_in="CA",
        exclude_sellers=("someone", "someone_else"),
        seller_accounts=("BUSINESS",),
        returns_accepted=True,
        in_description=True,
    )

    async def titles(search: Search) -> list[str]:
        return [one.title async for one in ebay.search(search)]

    assert await titles(Search(words="HDMI", filter=wanted, sort="price")) == [
        "HDMI cheap",
        "HDMI dear",
    ]
    branded = Search(category_ids=["171833"], aspects={"Brand": ["Bed|Stü"]})
    assert await titles(branded) == ["HDMI cheap"]
    auctions = SearchFilter(buying_options=("AUCTION",), least_bids=0)
    assert await titles(Search(words="HDMI", filter=auctions)) == ["HDMI bid"]


async def test_nothing_that_a_filter_says_is_ignored(stand_ins: Any, ebay: EbayClient) -> None:
    wanted = SearchFilter(price_to=Decimal(5), currency="CAD", condition_ids=(1000, 3000))
    async for _ in ebay.search_pages(Search(words="HDMI", filter=wanted)):
        pass

    answers = [json.loads(e.answer_body) for e in stand_ins.exchanges if "search" in e.path]
    assert answers
    assert not any("warnings" in answer for answer in answers)


async def test_an_image_finds_what_looks_like_it(stand_ins: Any, ebay: EbayClient) -> None:
    for title in ("one", "other", "third"):
        sell(stand_ins, title=title)

    found = [one async for one in ebay.search_by_image(ImageSearch(image=draw("other")))]

    assert found[0].title == "other"


async def test_items_are_read_by_id_number_and_group(stand_ins: Any, ebay: EbayClient) -> None:
    listing = sell(stand_ins, seller=sell(stand_ins).seller, quantity=3, sold=1)
    sell(stand_ins, legacy_id="9", variation="1", group="9")
    sell(stand_ins, legacy_id="9", variation="2", group="9")

    item = await ebay.get_item(listing.item_id)
    group = await ebay.get_items_by_item_group("9")

    assert item.estimated_availabilities[0].estimated_available_quantity == 2
    assert (item.seller.feedback_percentage, item.seller.feedback_score) == (Decimal("99.5"), 1200)
    assert item.shipping_options[0].shipping_cost is not None
    assert (await ebay.get_item_by_legacy_id(listing.legacy_id)).item_id == item.item_id
    assert (await ebay.get_item_by_legacy_id("9", "2")).item_id == "v1|9|2"
    assert [one.item_id for one in group] == ["v1|9|1", "v1|9|2"]
    assert item_link(item.item_id, "EBAY_CA") == item.item_web_url


async def test_of_many_items_each_succeeds_or_fails_by_itself(
    stand_ins: Any, ebay: EbayClient
) -> None:
    here = sell(stand_ins).item_id

    outcomes = await ebay.get_items([here, "v1|1|0", here])

    assert [one.is_done for one in outcomes] == [True, False, True]
    assert isinstance(outcomes[1].error, ServiceNotFoundError)


async def test_compatibility_is_told(stand_ins: Any, ebay: EbayClient) -> None:
    civic = {"Year": "2018", "Make": "Honda", "Model": "Civic"}
    part = sell(stand_ins, fits=(civic,))

    assert (await ebay.check_compatibility(part.item_id, civic)).compatibility_status == (
        "COMPATIBLE"
    )
    with pytest.raises(RejectedError, match="11505"):
        await ebay.check_compatibility(sell(stand_ins).item_id, civic)


async def test_categories_are_suggested(ebay: EbayClient) -> None:
    assert [one.category_id for one in await ebay.suggest_categories("iPhone battery")][:1] == [
        "43304"
    ]
    assert await ebay.suggest_categories("xyz") == []


async def test_prices_of_other_currencies_say_what_they_were(
    stand_ins: Any, ebay: EbayClient
) -> None:
    listing = sell(stand_ins, price=Decimal(10), currency="USD")

    price = (await ebay.get_item(listing.item_id)).price

    assert price is not None
    assert (price.value, price.currency) == (Decimal("14.00"), "CAD")
    assert (price.converted_from_value, price.converted_from_currency) == (Decimal(10), "USD")


async def test_the_days_quota_is_learned_and_when_it_is_used_up_its_end_is_told(
    stand_ins: Any,
) -> None:
    limiter = MemoryLimiter(RATE)
    ebay = EbayClient(
        base_url=f"{stand_ins.url}/ebay",
        marketplace="EBAY_CA",
        timeout_seconds=10.0,
        shared=Shared(limiter=limiter),
        retry=RetryPolicy(sleep=no_wait),
        **KEYSET,
    )
    await control(stand_ins, "quota", left=3)
    quota = await ebay.get_quota()
    await control(stand_ins, "quota", left=0)

    with pytest.raises(RateLimitedError, match="used up until") as caught:
        await ebay.get_item("v1|1|0")
    tried = len(await stand_ins.calls("ebay"))
    with pytest.raises(RateLimitedError, match="our own pace"):
        await ebay.get_item("v1|1|0")

    assert (quota.limit, quota.remaining) == (5000, 3)
    wait = caught.value.retry_after_seconds
    assert wait is not None
    assert 0 < wait <= 86_400
    assert len(await stand_ins.calls("ebay")) == tried
    await ebay.ping()
    await ebay.aclose()


async def test_we_are_outbid_and_bid_again(stand_ins: Any, bidder: EbayBids) -> None:
    auction = sell(stand_ins, price=None, start=Decimal(10)).item_id

    placed = await bidder.place_proxy_bid(auction, Decimal(20), "CAD")
    leading = await bidder.get_bidding(auction)
    await control(stand_ins, "bids", item_id=auction, bidder="rival", most="30")
    behind = await bidder.get_bidding(auction)
    await bidder.place_proxy_bid(auction, Decimal("40.50"), "CAD")
    again = await bidder.get_bidding(auction)

    assert leading.current_proxy_bid.proxy_bid_id == placed.proxy_bid_id
    assert (leading.high_bidder, leading.current_price.value) == (True, Decimal(10))
    assert (behind.high_bidder, behind.current_price.value) == (False, Decimal("20.50"))
    assert (again.high_bidder, again.current_price.value) == (True, Decimal(31))


async def test_refused_bids_say_why_by_their_class(stand_ins: Any, bidder: EbayBids) -> None:
    auction = sell(stand_ins, price=None, start=Decimal(10)).item_id

    with pytest.raises(NoBidsError):
        await bidder.get_bidding(auction)
    with pytest.raises(BidTooLowError, match="120008"):
        await bidder.place_proxy_bid(auction, Decimal(9), "CAD")
    with pytest.raises(RejectedError, match="120009"):
        await bidder.place_proxy_bid(auction, Decimal(90), "USD")
    await control(stand_ins, "wait", seconds=4 * 86_400)
    with pytest.raises(AuctionEndedError, match="120012"):
        await bidder.place_proxy_bid(auction, Decimal(90), "CAD")
    with pytest.raises(ServiceNotFoundError):
        await bidder.place_proxy_bid("v1|1|0", Decimal(90), "CAD")


@pytest.mark.offends  # the answer is cut off
@pytest.mark.parametrize(("kind", "stands"), [("drop_after_accept", True), ("reset", False)])
async def test_an_unknown_bid_is_looked_up(
    stand_ins: Any, bidder: EbayBids, kind: str, *, stands: bool
) -> None:
    auction = sell(stand_ins, price=None, start=Decimal(10)).item_id
    await stand_ins.fault("ebay", kind, path="place_proxy_bid")

    with pytest.raises(UnknownOutcomeError):
        await bidder.place_proxy_bid(auction, Decimal(20), "CAD")

    found = await bidder.find_proxy_bid(auction, Decimal(20))
    assert (found is not None) is stands
    assert await bidder.find_proxy_bid(auction, Decimal(21)) is None


async def test_a_guest_checks_out_and_pays_on_ebays_page(stand_ins: Any, buyer: EbayOrders) -> None:
    item_id = sell(stand_ins, price=Decimal(10), shipping=Decimal(5)).item_id

    session = await buyer.initiate_guest_checkout({item_id: 2}, ANN)
    again = await buyer.get_guest_checkout(session.checkout_session_id)
    paid = await control(stand_ins, f"checkouts/{session.checkout_session_id}/pay")
    order = await buyer.get_guest_purchase_order(paid["purchaseOrderId"])

    assert session.security_signature.get_secret_value()
    assert session.pricing_summary.total.value == Decimal(25)
    assert again.line_items == session.line_items
    assert order.purchase_order_payment_status == "PAID"
    assert order.line_items[0].quantity == 2


async def test_what_cannot_be_bought_says_why(stand_ins: Any, buyer: EbayOrders) -> None:
    auction = sell(stand_ins, price=None, start=Decimal(10)).item_id

    with pytest.raises(NotForSaleError, match="15018"):
        await buyer.initiate_guest_checkout({auction: 1}, ANN)
    with pytest.raises(ServiceNotFoundError, match="16002"):
        await buyer.get_guest_purchase_order("none")


async def test_wrong_credentials_need_a_person(stand_ins: Any) -> None:
    wrong: dict[str, Any] = {
        "base_url": f"{stand_ins.url}/ebay",
        "client_id": "sandbox",
        "client_secret": SecretStr("hunter2"),
        "marketplace": "EBAY_CA",
        "timeout_seconds": 5.0,
    }
    ebay = EbayClient(**wrong)
    ungranted = {**wrong, "client_secret": SecretStr("sandbox-secret")}
    bidder = EbayBids(refresh_token=SecretStr("hunter2"), **ungranted)
    buyer = EbayOrders(order_url=f"{stand_ins.url}/ebay", **wrong)

    for client, setting in ((ebay, "CLIENT_ID"), (bidder, "REFRESH_TOKEN"), (buyer, "guest")):
        with pytest.raises(NeedsReauthError, match=setting) as caught:
            await client.ping()
        assert "hunter2" not in str(caught.value)
        await client.aclose()


async def test_a_token_that_ends_is_renewed(stand_ins: Any, ebay: EbayClient) -> None:
    await ebay.ping()
    await control(stand_ins, "tokens/end")

    await ebay.ping()


async def test_all_three_are_reached(ebay: EbayClient, bidder: EbayBids, buyer: EbayOrders) -> None:
    for client in (ebay, bidder, buyer):
        await client.ping()


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An endpoint that keeps what is delivered, and answers challenges."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = b""
        if "challenge_code=" in request:
            code = request.split("challenge_code=")[1].split(" ")[0]
            proof = answer_challenge(code, "t" * 40, endpoint)
            answer = json.dumps({"challengeResponse": proof}).encode()
        else:
            seen.append((headers, body))
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(answer)}\r\n\r\n"
        writer.write(head.encode() + answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/ebay"
    yield endpoint, seen
    server.close()
    await server.wait_closed()


async def test_a_delivery_is_verified_with_the_key_that_it_names(
    stand_ins: Any, ebay: EbayClient, inbox: Any
) -> None:
    endpoint, seen = inbox
    await control(stand_ins, "deliver", endpoint=endpoint, events=[{"userId": "é"}], times=2)
    await control(stand_ins, "deliver", endpoint=endpoint, events=[{}], forged=True)

    for headers, body in seen[:2]:
        signature = read_signature(headers["x-ebay-signature"])
        verify(body, signature, await ebay.get_public_key(signature.kid))

    headers, body = seen[2]
    signature = read_signature(headers["x-ebay-signature"])
    with pytest.raises(UnverifiedWebhookError):
        verify(body, signature, await ebay.get_public_key(signature.kid))
    asked = [c for c in await stand_ins.calls("ebay") if "public_key" in c["path"]]
    assert len(asked) == 1


async def test_a_key_that_ebay_does_not_know_is_not_there(ebay: EbayClient) -> None:
    with pytest.raises(ServiceNotFoundError):
        await ebay.get_public_key("none")


async def test_our_answer_to_the_challenge_is_right(stand_ins: Any, inbox: Any) -> None:
    told = await control(stand_ins, "challenge", endpoint=inbox[0], verification_token="t" * 40)

    assert told == {"right": True}


@pytest.mark.parametrize(
    "header", [None, "", "no base64!", "e30=", base64.b64encode(b"[]").decode(), "A" * 5000]
)
def test_a_header_that_cannot_be_read_is_no_signature(header: str | None) -> None:
    with pytest.raises(UnverifiedWebhookError):
        read_signature(header)
