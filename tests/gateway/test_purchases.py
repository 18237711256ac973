"""Where somebody buys what was approved, and tells the order's number, once."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from gateway.context import Context
from hotrod.db.columns import now
from hotrod.durable.models import Effect, EffectState
from hotrod.parts.models import PartOnOrder
from hotrod.purchasing.buying import order_key
from hotrod.purchasing.models import AuctionBid, Method, Purchase, PurchaseState
from hotrod.purchasing.store import ItemizedPurchase
from tests.gateway.proposals import LISTING, add_purchase, add_question
from tests.gateway.test_pages import assert_safe_page


@pytest.fixture
async def bought(context: Context) -> ItemizedPurchase:
    """A purchase that a person is to make."""
    asked = await add_question(context)
    async with context.database.transaction() as session:
        return await add_purchase(session, asked)


def path(context: Context, found: ItemizedPurchase) -> str:
    return f"/p/{context.signer.sign('purchase', found.purchase.id)}"


async def tell(
    client: httpx.AsyncClient, context: Context, found: ItemizedPurchase, **form: str
) -> httpx.Response:
    return await client.post(path(context, found), data={"choice": "bought"} | form)


async def read(context: Context, found: ItemizedPurchase) -> tuple[Purchase, list[PartOnOrder]]:
    async with context.database.transaction() as session:
        purchase = await session.get_one(Purchase, found.purchase.id)
        rows = await session.exec(
            select(PartOnOrder).where(PartOnOrder.order_reference == purchase.number)
        )
        return purchase, list(rows)


async def test_the_page_leads_to_the_seller_and_asks_for_the_number(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    page = await client.get(path(context, bought))
    assert_safe_page(page, 200)
    text = html.unescape(page.text)
    number = bought.purchase.number
    for part in (number, "36.00 CAD", "bench-parts", "4 \u00d7 9.00 CAD", "I bought it"):
        assert part in text
    assert f'href="{LISTING}" target="_blank" rel="noreferrer"' in text
    for name in ("order_number", "expected_on"):
        assert f'<label for="{name}">' in text
    assert (await client.head(path(context, bought))).status_code == 200
    purchase, rows = await read(context, bought)
    assert (purchase.state, rows) == ("to_buy", [])


async def test_what_was_bought_is_on_order_once(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    day = (now() + timedelta(days=9)).date()
    for _ in range(2):
        done = await tell(
            client, context, bought, order_number=" 12-345 ", expected_on=day.isoformat()
        )
        assert done.status_code == 303
    shown = await client.get(done.headers["location"].removeprefix(context.settings.public_url))
    assert_safe_page(shown, 200)
    assert "12-345" in shown.text
    assert "I bought it" not in shown.text
    purchase, (row,) = await read(context, bought)
    assert (purchase.state, purchase.order_number) == ("ordered", "12-345")
    assert (purchase.ordered_by, purchase.expected_on) == ("link, 192.0.2.7", day)
    assert row.quantity == 4


@pytest.mark.parametrize(
    ("state", "how", "words"),
    [
        ("planned", {}, "We bid shortly before the end"),
        ("planned", {"placed_at": now()}, "Our bid stands"),
        ("lost", {"why_lost": "others bid more"}, "Others bid more."),
    ],
)
async def test_a_bid_is_shown_with_its_limit_and_asks_for_nothing(
    client: httpx.AsyncClient,
    context: Context,
    bought: ItemizedPurchase,
    state: str,
    how: dict[str, Any],
    words: str,
) -> None:
    async with context.database.transaction() as session:
        purchase = await session.get_one(Purchase, bought.purchase.id)
        purchase.state = state
        session.add(purchase)
        bid = AuctionBid(
            purchase_id=purchase.id,
            item_id="v1|1|0",
            most=Decimal("12.40"),
            shipping=Decimal(0),
            currency="USD",
            ends_at=now(),
            place_at=now(),
            **how,
        )
        session.add(bid)

    page = await client.get(path(context, bought))

    assert_safe_page(page, 200)
    assert words in page.text
    assert ("12.40 USD" in page.text) == (state == "planned")
    assert "<form" not in page.text


async def test_another_number_is_a_conflict_in_words(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    await tell(client, context, bought, order_number="12-345")
    other = await tell(client, context, bought, order_number="99-999")
    assert_safe_page(other, 409)
    assert "was ordered before as 12-345. If it was bought twice, cancel one" in other.text
    assert (await read(context, bought))[0].order_number == "12-345"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"order_number": " \x00 "}, "It is missing."),
        ({"order_number": "x" * 81}, "It has over 80 characters."),
        ({"order_number": "<b>9</b>"}, "is no number of an order."),
        ({"order_number": "1", "expected_on": "2999-12-31"}, "is over a year away."),
        ({"order_number": "1", "expected_on": "soon"}, "This is no day."),
        ({"order_number": "1", "expected_on": "2020-01-01"}, "2020-01-01 is past."),
    ],
)
async def test_what_can_not_be_meant_is_asked_again(
    client: httpx.AsyncClient,
    context: Context,
    bought: ItemizedPurchase,
    form: dict[str, str],
    words: str,
) -> None:
    again = await tell(client, context, bought, **form)
    assert_safe_page(again, 422)
    assert words in again.text
    assert 'aria-invalid="true"' in again.text
    assert f'value="{form.get("expected_on", "")}"' in again.text
    purchase, rows = await read(context, bought)
    assert (purchase.state, rows) == ("to_buy", [])


async def test_a_purchase_that_is_not_made_is_cancelled(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    done = await client.post(path(context, bought), data={"choice": "cancel"})
    assert done.status_code == 303
    shown = await client.get(path(context, bought))
    assert "isn&#39;t bought" in shown.text or "isn't bought" in shown.text
    assert "<form" not in shown.text
    late = await tell(client, context, bought, order_number="12-345")
    assert_safe_page(late, 409)
    assert "cancelled" in late.text
    assert (await read(context, bought))[0].state == "cancelled"


async def test_what_may_have_been_mailed_is_not_cancelled(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    async with context.database.transaction() as session:
        row = await session.get_one(Purchase, bought.purchase.id)
        row.state, row.method = PurchaseState.PLANNED, Method.MAIL
        session.add(Effect(key=order_key(row), state=EffectState.UNKNOWN))
    refused = await client.post(path(context, bought), data={"choice": "cancel"})
    assert_safe_page(refused, 409)
    assert "`hotrod effects confirm`" in refused.text
    assert (await read(context, bought))[0].state == "planned"


async def test_what_is_here_can_not_be_cancelled(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    await tell(client, context, bought, order_number="12-345")
    async with context.database.transaction() as session:
        row = await session.get_one(Purchase, bought.purchase.id)
        row.state, row.received_at = PurchaseState.RECEIVED, now()
    refused = await client.post(path(context, bought), data={"choice": "cancel"})
    assert_safe_page(refused, 409)
    assert "All of it is here" in refused.text
    assert (await read(context, bought))[0].state == "received"


async def test_links_open_only_what_they_were_made_for(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    for token in (
        context.signer.sign("approval", bought.purchase.id),
        context.signer.sign("purchase", uuid4()),
        "x",
    ):
        assert_safe_page(await client.get(f"/p/{token}"), 404)
        for form in ({"choice": "cancel"}, {"choice": "bought", "order_number": "1"}):
            assert_safe_page(await client.post(f"/p/{token}", data=form), 404)
    assert_safe_page(await client.post(path(context, bought), data={"choice": "x"}), 422)


async def test_what_is_ordered_is_cancelled_with_a_reason_only(
    client: httpx.AsyncClient, context: Context, bought: ItemizedPurchase
) -> None:
    await tell(client, context, bought, order_number="12-345")
    again = await client.post(path(context, bought), data={"choice": "cancel", "reason": " "})
    assert_safe_page(again, 422)
    assert "is ordered as 12-345" in again.text
    assert (await read(context, bought))[0].state == "ordered"
    done = await client.post(path(context, bought), data={"choice": "cancel", "reason": "sold out"})
    assert done.status_code == 303
    assert (await read(context, bought))[0].state == "cancelled"
