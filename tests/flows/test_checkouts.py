"""eBay's checkout, from the mail's link over the payment to what is on order, in a real worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select, update

from connectors.slack.client import SlackClient
from flows.checkout_paid import checkout_paid
from gateway.app import create_app
from gateway.context import Context
from hotrod.approvals.models import Approval, ApprovalAsk
from hotrod.durable.models import Delivery
from hotrod.links import LinkSigner
from hotrod.parts.models import Part
from hotrod.purchasing.models import Checkout, Purchase, PurchaseState, RoundState
from hotrod.purchasing.payments import Payment
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.orders import Checkouts
from sandbox.server import Sandbox
from tests.shelf_kit import Shelf, sell, subjects, until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


@dataclass
class Person:
    """Somebody at a browser: opens a link, then clicks; what is clicked is counted."""

    client: httpx.AsyncClient
    sandbox: Sandbox
    clicks: list[str] = field(default_factory=list)
    page: str = ""

    async def open(self, path: str, words: str = "") -> None:
        """Open a page, or see it load itself again."""
        if words:
            self.clicks.append(words)
        self.page = unescape((await self.client.get(path)).text)

    async def send(self, path: str, words: str = "", **form: str) -> httpx.Response:
        if words:
            self.clicks.append(words)
        answer = await self.client.post(path, data=form)
        if answer.status_code == 303:
            await self.open(answer.headers["location"])
        else:
            self.page = unescape(answer.text)
        return answer

    async def sees(self, path: str, words: str) -> None:
        """Wait until a page that loads itself again shows something."""

        async def shown() -> bool:
            await self.open(path)
            assert words in self.page or 'http-equiv="refresh"' in self.page, self.page
            return words in self.page

        await until(shown)

    async def pay(self) -> str:
        """Click eBay's button, pay in its window, and return what it tells our page."""
        self.clicks.append("Checkout with eBay")
        script = re.search(r'<script nonce="[^"]+" src="([^"]+)"', self.page)
        token = re.search(r'encodeURIComponent\("([^"]+)"\)', self.page)
        session = re.search(r'sessionId: "([^"]+)"', self.page)
        assert script
        assert token
        assert session
        async with httpx.AsyncClient() as ebay:
            (await ebay.get(script[1])).raise_for_status()
            window = f"{self.sandbox.url}/ebay/checkout/pay"
            form = {"token": token[1], "sessionid": session[1], "origin": "http://gateway.test"}
            (await ebay.get(window, params=form)).raise_for_status()
            paid = (await ebay.post(window, data=form)).raise_for_status().text
        told = re.search(r'purchaseOrderId: "([^"]+)"', paid)
        assert told
        return told[1]

    async def told(self, order: str) -> httpx.Response:
        """Let the page send what eBay's widget told it."""
        action = re.search(r'<form method="post" action="([^"]+)" id="checkout-paid"', self.page)
        assert action
        return await self.send(action[1], choice="paid", order_number=order)


@pytest.fixture
async def person(shelf: Shelf, sandbox: Sandbox) -> AsyncIterator[Person]:
    settings = shelf.kit.settings.model_copy()
    secret = settings.secret_key
    assert secret is not None
    context = Context(
        settings=settings,
        company=shelf.kit.company,
        database=shelf.kit.database,
        objects=shelf.kit.objects,
        signer=LinkSigner(secret),
        slack=SlackClient(
            base_url=settings.slack.base_url,
            bot_token=settings.slack.bot_token,
            timeout_seconds=5,
        ),
        seal=shelf.kit.seal,
    )
    transport = httpx.ASGITransport(create_app(context), client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield Person(client, sandbox)
    await context.slack.aclose()


async def asked(shelf: Shelf, manager: str = "daniel") -> str:
    """Wait for the question, and return the link in a manager's mail."""

    async def sleeping() -> Approval | None:
        async with shelf.kit.database.transaction() as session:
            found = await session.exec(select(Approval).where(Approval.state == "open"))
            mine = [one for one in found if shelf.part.sku in {line.sku for line in one.items}]
        return mine[0] if mine and await shelf.is_asleep(mine[0]) else None

    question = await until(sleeping)
    async with shelf.kit.database.transaction() as session:
        found = await session.exec(
            select(ApprovalAsk).where(
                ApprovalAsk.approval_id == question.id, ApprovalAsk.manager == manager
            )
        )
        return shelf.kit.links.approval_url(found.one().id)


async def looked_again(shelf: Shelf) -> Delivery:
    """Wait until eBay is to be asked once more, and return the event that rests until then."""

    async def resting() -> Delivery | None:
        async with shelf.kit.database.transaction() as session:
            found = await session.exec(select(Delivery).where(Delivery.event == "checkout.paid"))
            return next((one for one in found if one.payload["look"] == 2), None)

    return await until(resting)


async def say_yes(person: Person, link: str) -> None:
    await person.open(link, "the mail's link")
    pieces = dict(re.findall(r'name="(quantities\.\d+)"[^>]*value="(\d+)"', person.page))
    await person.send(link, "Approve", choice="approve", **pieces)


async def approved(shelf: Shelf, person: Person) -> str:
    """Let a manager say yes, and wait for eBay's button; return the page's path."""
    link = await asked(shelf)
    await say_yes(person, link)
    await person.sees(link, "checkout-with-ebay-container")
    await shelf.ends(RoundState.BOUGHT)
    return link


async def rows(shelf: Shelf) -> list[Purchase]:
    async with shelf.kit.database.transaction() as session:
        subject = (await shelf.round()).id
        found = await session.exec(
            select(Purchase).where(Purchase.round_id == subject).order_by(col(Purchase.serial))
        )
        return list(found)


async def checkout(shelf: Shelf) -> Checkout:
    async with shelf.kit.database.transaction() as session:
        return await session.get_one(Checkout, (await shelf.round()).id)


async def all_are(shelf: Shelf, state: PurchaseState) -> list[Purchase]:
    async def reached() -> bool:
        return {one.state for one in await rows(shelf)} == {state}

    await until(reached)
    return await rows(shelf)


async def low(shelf: Shelf, name: str) -> Part:
    """Add another part of which none is left."""
    part = Part(
        sku=f"MORE-{uuid4().hex[:8].upper()}",
        name=name,
        category="thermal",
        fits=["console"],
        unit_cost=Decimal(9),
        reorder_point=3,
    )
    async with shelf.kit.database.transaction() as session:
        session.add(part)
    return part


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_ten_parts_of_four_sellers_take_three_clicks(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    names = ["Blower", "Gasket", "Spring", "Bezel", "Grille", "Hinge", "Latch", "Screw", "Washer"]
    more = [await low(shelf, name) for name in names]
    for number, name in enumerate(names):
        sell(sandbox, name, ("maple_parts", "oak_parts", "elm_parts")[number % 3])
    await shelf.offer("great_lakes", "8.50")
    try:
        await shelf.use(8)
        link = await approved(shelf, person)
        assert (
            "script-src 'nonce-"
            in (await person.client.get(link)).headers["content-security-policy"]
        )
        await person.told(await person.pay())
        bought = await all_are(shelf, PurchaseState.ORDERED)
    finally:
        async with shelf.kit.database.transaction() as session:
            ids = [part.id for part in more]
            await session.exec(update(Part).where(col(Part.id).in_(ids)).values(active=False))

    assert person.clicks == ["the mail's link", "Approve", "Checkout with eBay"]
    assert len(bought) == 4
    (paid,) = [one for one in sandbox.state.store(Checkouts).all() if one.order_id]
    assert len(paid.lines) == 9
    at_ebay = {one.order_number for one in bought if one.source == "ebay"}
    assert at_ebay == {paid.order_id}
    await person.sees(link, f"Ordered as {paid.order_id}")
    assert "Ordered by mail" in person.page


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_two_browsers_that_pay_at_once_make_one_order(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    link = await approved(shelf, person)
    other = Person(person.client, sandbox)
    await other.open(link)

    orders = await asyncio.gather(person.pay(), other.pay())
    await asyncio.gather(person.told(orders[0]), other.told(orders[1]))
    (purchase,) = await all_are(shelf, PurchaseState.ORDERED)

    (paid,) = [one for one in sandbox.state.store(Checkouts).all() if one.order_id]
    assert {purchase.order_number, *orders} == {paid.order_id}
    assert await shelf.on_order() == sum(line.quantity for line in paid.lines)
    assert (await checkout(shelf)).paid_at is not None


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_foreign_order_changes_nothing_and_is_said_so(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await approved(shelf, person)
    (purchase,) = await rows(shelf)
    path = shelf.kit.links.purchase_url(purchase.id)

    await person.send(path, choice="paid", order_number="12-345")
    assert "eBay is asked whether it is paid" in person.page
    await looked_again(shelf)
    subject = (await shelf.round()).id
    assert await checkout_paid(subject, "12-345", 2) == Payment.REFUSED
    await person.sees(path, "eBay's order 12-345 doesn't count")
    assert (await rows(shelf))[0].state == PurchaseState.TO_BUY
    assert await shelf.on_order() == 0

    async def told() -> list[str]:
        found = await subjects(sandbox, "ops@hotrod")
        return [one for one in found if one.startswith("Payment at eBay")]

    assert len(await until(told)) == 1
    await person.told(await person.pay())
    await all_are(shelf, PurchaseState.ORDERED)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_what_ebay_refuses_to_guests_is_bought_by_the_link(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    listing = sell(sandbox, "Test fan")
    await shelf.use(8)
    link = await asked(shelf)
    listing.ships_to = frozenset({"US"})
    await say_yes(person, link)
    await person.sees(link, "buy it on the seller's page")
    await shelf.ends(RoundState.BOUGHT)

    (purchase,) = await all_are(shelf, PurchaseState.TO_BUY)
    assert purchase.method == "link"
    assert f"Please buy: {purchase.number}, {purchase.total} CAD" in await subjects(
        sandbox, "ops@hotrod"
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_payment_that_ebay_waits_for_is_looked_at_again_later(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await approved(shelf, person)
    (begun,) = sandbox.state.store(Checkouts).all()
    sandbox.state.store(Checkouts).pay(
        begun, sandbox.state.store(EbayClock).now(), payment="PENDING"
    )
    await person.told(begun.order_id)

    again = await looked_again(shelf)
    assert again.lease_until is not None
    assert again.lease_until - again.accepted_at == timedelta(minutes=1)
    assert (await rows(shelf))[0].state == PurchaseState.TO_BUY

    begun.payment = "PAID"
    subject = (await shelf.round()).id
    assert await checkout_paid(subject, begun.order_id, 2) == Payment.PAID
    (purchase,) = await rows(shelf)
    assert (purchase.state, purchase.order_number) == (PurchaseState.ORDERED, begun.order_id)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_payment_that_failed_leaves_the_sellers_pages(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await approved(shelf, person)
    (purchase,) = await rows(shelf)
    (begun,) = sandbox.state.store(Checkouts).all()
    sandbox.state.store(Checkouts).pay(
        begun, sandbox.state.store(EbayClock).now(), payment="FAILED"
    )
    await person.told(begun.order_id)

    path = shelf.kit.links.purchase_url(purchase.id)
    await person.sees(path, "Please buy this")
    assert "checkout-with-ebay-container" not in person.page
    assert await shelf.on_order() == 0


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_checkout_that_asks_for_more_is_asked_about_again(
    shelf: Shelf, person: Person, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan", fee=Decimal(5))  # only the checkout tells it
    await shelf.use(8)
    first = await shelf.question()
    await say_yes(person, await asked(shelf))
    again = await shelf.question(number=2)

    assert "eBay's checkout asks" in again.why_again
    assert again.amount > first.amount
    assert await rows(shelf) == [], "nothing is bought, and nothing to be paid"
    link = await approved(shelf, person)
    assert again.why_again not in person.page, "it is decided"
    (purchase,) = await rows(shelf)
    shown = await checkout(shelf)
    assert abs(shown.total - again.amount) <= Decimal("0.02")
    assert purchase.total == again.amount
    await person.told(await person.pay())
    await all_are(shelf, PurchaseState.ORDERED)
    await person.sees(link, "Ordered as")
    assert [one.order_id for one in sandbox.state.store(Checkouts).all()].count("") == 1


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_without_leave_to_order_ebay_is_asked_later(
    shelf: Shelf, person: Person, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await approved(shelf, person)
    (purchase,) = await rows(shelf)
    monkeypatch.setattr(shelf.kit, "ebay_orders", None)
    path = shelf.kit.links.purchase_url(purchase.id)
    await person.send(path, choice="paid", order_number="12-345")
    await looked_again(shelf)
    await person.open(path)
    assert "eBay is asked whether it is paid" in person.page
