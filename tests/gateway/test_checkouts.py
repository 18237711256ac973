"""eBay's checkout on our pages: shown while it is to be paid, and told of, believing nobody."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import httpx
import pytest
from sqlmodel import select

from gateway.context import Context
from hotrod.db.columns import now
from hotrod.durable.models import Delivery
from hotrod.purchasing.buying import note_ordered
from hotrod.purchasing.checkouts import checkout_of, pieces_of
from hotrod.purchasing.models import Checkout, Method, Purchase, PurchaseState, SourcingRound
from hotrod.purchasing.payments import EbayOrder, Payment, judge
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import proposal_of, purchases
from tests.gateway.proposals import Asked, add_question

TOKEN = "a+token/of</script>eBay's"


@pytest.fixture
async def asked(context: Context) -> Asked:
    """A question whose two purchases wait in eBay's checkout."""
    asked = await add_question(context)
    async with context.database.transaction() as session:
        current = await session.get_one(SourcingRound, asked.subject_id)
        both = await plan_purchases(
            session, current, proposal_of(current).orders, {"ebay": Method.CHECKOUT}
        )
        for one in both:
            one.state = PurchaseState.TO_BUY
        session.add(
            Checkout(
                round_id=current.id,
                session_id=f"s-{current.id}",
                signature=context.seal.close(TOKEN),
                items=pieces_of(proposal_of(current).orders),
                purchases=[str(one.id) for one in both],
                total=Decimal("72.00"),
                currency="CAD",
            )
        )
    return asked


async def held(asked: Asked) -> tuple[Checkout, list[Purchase]]:
    async with asked.context.database.transaction() as session:
        found = await checkout_of(session, asked.subject_id)
        assert found is not None
        return found, await purchases(session, round_id=asked.subject_id)


async def path(asked: Asked, place: int = 0) -> str:
    _, both = await held(asked)
    return f"/p/{asked.context.signer.sign('purchase', both[place].id)}"


async def told(asked: Asked) -> list[Delivery]:
    async with asked.context.database.transaction() as session:
        key = f"checkout:{asked.subject_id}"
        return list(await session.exec(select(Delivery).where(Delivery.ordering_key == key)))


@pytest.mark.parametrize("place", [0, 1])
async def test_each_purchase_shows_the_one_checkout(
    client: httpx.AsyncClient, asked: Asked, place: int
) -> None:
    page = await client.get(await path(asked, place))
    assert page.status_code == 200
    text = html.unescape(page.text)
    _, both = await held(asked)
    for part in ("Please pay this at eBay", "72.00 CAD", both[0].number, both[1].number):
        assert part in text
    assert "</script>eBay" not in page.text, "what eBay gives is data"
    assert f'sessionId: "s-{asked.subject_id}"' in page.text


async def test_only_its_page_lets_ebays_script_run(client: httpx.AsyncClient, asked: Asked) -> None:
    page = await client.get(await path(asked))
    policy = page.headers["content-security-policy"]
    (nonce,) = set(re.findall(r'<script nonce="([^"]+)"', page.text))
    ebay = "/".join(asked.context.settings.ebay.widget_url.split("/")[:3])
    assert f"script-src 'nonce-{nonce}' {ebay};" in policy
    assert "default-src 'none'" in policy
    again = await client.get(await path(asked))
    assert nonce not in again.text, "each page has its own"

    await client.post(await path(asked), data={"choice": "by_link"})
    other = await client.get(await path(asked))
    assert "script-src" not in other.headers["content-security-policy"]
    assert "<script" not in other.text


async def test_what_the_widget_tells_is_asked_of_ebay(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    for place in (0, 1, 0):
        done = await client.post(
            await path(asked, place), data={"choice": "paid", "order_number": " 5-1 "}
        )
        assert done.status_code == 303
    page = await client.get(await path(asked))
    assert "eBay is asked whether it is paid" in page.text
    assert '<meta http-equiv="refresh" content="2; url=?look=1">' in page.text
    assert "<script" not in page.text
    for delivery in await told(asked):
        assert delivery.event == "checkout.paid"
        assert delivery.payload == {"checkout": str(asked.subject_id), "order": "5-1", "look": 1}
    found, both = await held(asked)
    assert (found.order_id, found.paid_at) == ("5-1", None)
    assert {one.state for one in both} == {"to_buy"}


async def test_a_page_that_waits_does_not_wait_for_ever(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(await path(asked), data={"choice": "paid", "order_number": "5-1"})
    last = await client.get(f"{await path(asked)}?look=60")
    assert "http-equiv" not in last.text
    assert (await client.get(f"{await path(asked)}?look=-1")).status_code == 422


@pytest.mark.parametrize("number", ["", " \x00", "x" * 81])
async def test_what_is_no_number_is_asked_again(
    client: httpx.AsyncClient, asked: Asked, number: str
) -> None:
    again = await client.post(await path(asked), data={"choice": "paid", "order_number": number})
    assert again.status_code == 422
    assert 'aria-invalid="true"' in again.text
    assert await told(asked) == []


async def test_the_sellers_pages_take_the_checkouts_place(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    for _ in range(2):
        done = await client.post(await path(asked), data={"choice": "by_link"})
        assert done.status_code == 303
    for place in (0, 1):
        page = await client.get(await path(asked, place))
        assert "I bought it" in page.text
    found, both = await held(asked)
    assert not found.is_payable
    assert {one.method for one in both} == {"link"}


@pytest.mark.parametrize("choice", ["by_link", "cancel"])
async def test_a_checkout_that_is_said_to_be_paid_is_not_given_up(
    client: httpx.AsyncClient, asked: Asked, choice: str
) -> None:
    await client.post(await path(asked), data={"choice": "paid", "order_number": "5-1"})
    refused = await client.post(await path(asked, 1), data={"choice": choice})
    assert refused.status_code == 409
    assert "wait until eBay has answered about its order 5-1" in refused.text
    assert (await held(asked))[0].given_up_at is None


async def test_who_cancels_one_of_it_leaves_the_rest_to_the_links(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(await path(asked), data={"choice": "cancel"})
    found, both = await held(asked)
    assert [one.state for one in both] == ["cancelled", "to_buy"]
    assert both[1].method == "link"
    assert not found.is_payable


async def test_what_is_wrong_with_a_paid_checkout_is_shown_with_all_that_it_holds(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(await path(asked), data={"choice": "cancel"})
    await client.post(await path(asked), data={"choice": "paid", "order_number": "5-1"})
    found, both = await held(asked)
    async with asked.context.database.transaction() as session:
        order = EbayOrder(id="5-1", pieces=found.items, payment="PAID", created_at=now())
        assert await judge(session, asked.subject_id, "5-1", order) == Payment.TROUBLED
    for place in (0, 1):
        page = await client.get(await path(asked, place))
        assert f"{both[0].number} was cancelled, or bought otherwise" in html.unescape(page.text)


async def test_what_was_bought_on_the_sellers_page_ends_the_checkout(asked: Asked) -> None:
    _, both = await held(asked)
    async with asked.context.database.transaction() as session:
        await note_ordered(session, both[0].id, by="ops", order_number="5-1")
    found, both = await held(asked)
    assert [one.state for one in both] == ["ordered", "to_buy"]
    assert not found.is_payable


async def test_the_managers_page_shows_what_becomes_of_it(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(
        asked.path("sofia"),
        data={"choice": "approve", "quantities.1": "4", "quantities.2": "4"},
    )
    page = await client.get(asked.path("sofia"))
    assert 'id="checkout-with-ebay-container"' in page.text
    assert "http-equiv" not in page.text, "who pays is left alone"
    assert "script-src" in page.headers["content-security-policy"]
    await client.post(await path(asked), data={"choice": "paid", "order_number": "5-1"})
    waiting = await client.get(asked.path("daniel"))
    assert "eBay is asked whether it is paid" in waiting.text
    assert "http-equiv" in waiting.text


async def test_who_waits_for_ebay_in_vain_tells_the_number_again(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(await path(asked), data={"choice": "by_link"})
    for number in ("5-1", "5-2"):
        await client.post(await path(asked), data={"choice": "paid", "order_number": number})
        last = await client.get(f"{await path(asked)}?look=60")
        assert "eBay doesn't answer, or that number was wrong" in html.unescape(last.text)
        assert 'name="order_number"' in last.text
        assert "I bought it" not in last.text
    await client.post(await path(asked), data={"choice": "bought", "order_number": "5-3"})
    assert (await held(asked))[0].order_id == "5-3", "eBay is asked first, whoever says it how"
    assert {one.payload["order"] for one in await told(asked)} == {"5-1", "5-2", "5-3"}


async def test_managers_are_not_told_to_buy_what_ebay_is_asked_about(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await client.post(
        asked.path("sofia"),
        data={"choice": "approve", "quantities.1": "4", "quantities.2": "4"},
    )
    await client.post(await path(asked), data={"choice": "by_link"})
    assert "buy it on the seller's page" in html.unescape(
        (await client.get(asked.path("sofia"))).text
    )
    await client.post(await path(asked), data={"choice": "paid", "order_number": "5-1"})
    waiting = html.unescape((await client.get(asked.path("sofia"))).text)
    assert "eBay is asked whether it is paid" in waiting
    assert "buy it on the seller's page" not in waiting
