"""``hotrod purchases`` of what a person pays in eBay's checkout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from cli.database import run, transaction
from hotrod.db.columns import now
from hotrod.durable.models import Delivery
from hotrod.links import LinkSigner
from hotrod.parts.models import Part
from hotrod.purchasing.models import (
    Checkout,
    Method,
    Purchase,
    PurchaseLine,
    PurchaseState,
    SourcingRound,
)
from hotrod.purchasing.store import purchases
from hotrod.settings import Settings, load_settings
from hotrod.stack.secrets import load_secrets
from tests.cli.conftest import Hotrod

pytestmark = pytest.mark.usefixtures("our_database")
Output = pytest.CaptureFixture[str]


async def begin() -> UUID:
    """Let eBay's checkout of two sellers' purchases be paid by a person; return its round's id."""
    async with transaction() as session:
        session.add(opened := SourcingRound(business_key="noizylab"))
        await session.flush()
        for seller in ("maple", "oak"):
            part = Part(
                sku=f"FAN-{uuid4().hex[:8].upper()}",
                name="Fan",
                category="fan",
                unit_cost=Decimal(9),
            )
            purchase = Purchase(
                round_id=opened.id,
                business_key="noizylab",
                source="ebay",
                seller=seller,
                method=Method.CHECKOUT,
                state=PurchaseState.TO_BUY,
                total=Decimal(36),
                currency="CAD",
            )
            session.add_all([part, purchase])
            await session.flush()
            line = PurchaseLine(
                purchase_id=purchase.id,
                part_id=part.id,
                reference=f"v1|{seller}|0",
                title="Fan",
                url="https://www.ebay.ca/itm/1",
                quantity=4,
                per_piece=Decimal(9),
            )
            session.add(line)
        both = await purchases(session, round_id=opened.id)
        shown = Checkout(
            round_id=opened.id,
            session_id=uuid4().hex,
            signature=b"sealed",
            items={"v1|maple|0": 4, "v1|oak|0": 4},
            purchases=[str(one.id) for one in both],
            total=Decimal(72),
            currency="CAD",
        )
        session.add(shown)
        return opened.id


async def held(round_id: UUID) -> tuple[Checkout, list[Purchase]]:
    async with transaction() as session:
        kept = await session.get_one(Checkout, round_id)
        return kept, await purchases(session, round_id=round_id)


async def asked_of_ebay(round_id: UUID) -> list[Mapping[str, Any]]:
    async with transaction() as session:
        key = Delivery.ordering_key == f"checkout:{round_id}"
        return list(await session.exec(select(Delivery.payload).where(key)))


@pytest.fixture
def checkout() -> UUID:
    return run(begin())


@pytest.fixture
def number(checkout: UUID) -> str:
    """The number of the first purchase in the checkout."""
    return run(held(checkout))[1][0].number


def test_the_order_of_a_checkout_is_asked_of_ebay(
    hotrod: Hotrod, capsys: Output, checkout: UUID, number: str
) -> None:
    words = ("purchases", "bought", number, "--order-number", "12-345")
    assert hotrod(*words, "--expected", f"{now() + timedelta(days=9):%F}") == 1
    assert "eBay hasn't confirmed" in capsys.readouterr().err
    assert hotrod(*words) == 0
    assert "eBay is asked whether its order 12-345 has paid" in capsys.readouterr().out
    assert hotrod(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "to_buy"

    assert [one["order"] for one in run(asked_of_ebay(checkout))] == ["12-345"] * 2
    kept, both = run(held(checkout))
    assert (kept.order_id, kept.given_up_at) == ("12-345", None)
    assert [(one.method, one.state) for one in both] == [("checkout", "to_buy")] * 2
    assert hotrod(*words, "--by-link") == 1
    assert "wait until eBay has answered about its order 12-345" in capsys.readouterr().err


def test_what_was_bought_on_the_seller_s_page_ends_the_checkout(
    hotrod: Hotrod, capsys: Output, checkout: UUID, number: str
) -> None:
    assert hotrod("purchases", "bought", number, "--order-number", "12-345", "--by-link") == 0
    assert f"{number} is on order as 12-345." in capsys.readouterr().out
    kept, both = run(held(checkout))
    assert kept.given_up_at is not None
    assert [(one.method, one.state) for one in both] == [("link", "ordered"), ("link", "to_buy")]
    assert run(asked_of_ebay(checkout)) == []


def test_what_is_in_a_checkout_is_shown_with_our_page_of_it(
    hotrod: Hotrod, capsys: Output, checkout: UUID, number: str, settings: Settings
) -> None:
    assert hotrod("purchases", "show", number, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert [line["url"] for line in body["lines"]] == [""]
    token = body["pay_at"].removeprefix(f"{settings.public_url}/p/")
    signer = LinkSigner(load_secrets(load_settings()).secret_key)
    assert signer.read("purchase", token) == run(held(checkout))[1][0].id
    assert hotrod("purchases", "show", number) == 0
    shown = capsys.readouterr().out
    assert f"Paid in eBay's checkout: {settings.public_url}/p/" in shown
    assert "www.ebay.ca" not in shown
