"""A manager in Chromium: the mail's link, eBay's own window, and the form of the Prefect UI."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.async_api import Locator, Page, async_playwright, expect
from sqlmodel import select

from hotrod.purchasing.models import Purchase, PurchaseState, RoundState
from hotrod.settings import Settings
from hotrod.stack.secrets import load_secrets
from sandbox.ebay.orders import Checkouts
from sandbox.server import Sandbox
from tests.conftest import free_port
from tests.shelf_kit import Shelf, sell, until

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",  # CI is root, and root's Chromium has none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LONGEST_MS = 60_000
MANAGER, MAILBOX = "daniel", "daniel@hotrod.example.com"

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.prefect,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.usefixtures("empty_inbox", "gateway", "worker"),
]


@dataclass(frozen=True)
class Browser:
    """A manager's browser, and what our pages and the stand-in's made it complain of."""

    page: Page
    sandbox: Sandbox
    complaints: list[str] = field(default_factory=list)

    async def follow_the_mail(self) -> None:
        """Open the newest link in the manager's mailbox."""
        async with httpx.AsyncClient(base_url=self.sandbox.url) as client:
            mails = (await client.get("/_control/mail", params={"mailbox": MAILBOX})).json()
        questions = [mail for mail in mails if "Approve" in mail["subject"]]
        newest = max(questions, key=lambda mail: mail["received_at"])
        link = re.search(r"https?://\S+/a/\S+", newest["text"])
        assert link
        await self.page.goto(link[0])

    async def pay(self) -> None:
        """Click eBay's button once it is there, confirm in eBay's window, and see it bought."""
        async with self.page.expect_popup() as opened:
            await self.button("Checkout with eBay").click()
        window = await opened.value
        await window.get_by_role("button", name="Confirm and pay").click()
        await expect(self.page.get_by_role("heading", name="Bought", exact=True)).to_be_visible()

    async def sees(self, words: str) -> None:
        """Wait until the page, which loads itself again, shows something."""
        await expect(self.page.get_by_text(words)).to_be_visible()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)


@pytest.fixture(autouse=True)
def gateway_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the links of the mails to this test's own gateway; set before the kit is built."""
    monkeypatch.setenv("HOTROD_GATEWAY__PORT", str(free_port()))


@pytest.fixture
async def gateway(shelf: Shelf) -> AsyncIterator[None]:
    """The gateway as a process of its own, over the kit's database and stand-ins."""
    settings = shelf.kit.settings
    url = shelf.kit.database.engine.url.set(drivername="postgresql")
    assert settings.secret_key
    environment = {
        **os.environ,
        "HOTROD_HOME": str(settings.home),
        "HOTROD_SECRET_KEY": settings.secret_key.get_secret_value(),
        "HOTROD_DATABASE__URL": url.render_as_string(hide_password=False),
        "HOTROD_SANDBOX__PORT": str(settings.sandbox.port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", env=environment)

    async def serves() -> bool:
        assert process.returncode is None, "it stopped while starting"
        try:
            return (await client.get("/health")).is_success
        except httpx.ConnectError:
            return False

    try:
        async with httpx.AsyncClient(base_url=settings.public_url) as client:
            await until(serves)
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[Browser]:
    expect.set_options(timeout=LONGEST_MS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await chromium.new_context()
        context.set_default_timeout(LONGEST_MS)
        browser = Browser(await context.new_page(), sandbox)
        complain = browser.complaints.append
        context.on("console", lambda said: complain(said.text) if said.type == "error" else None)
        context.on("weberror", lambda thrown: complain(str(thrown.error)))
        yield browser
        await chromium.close()


async def purchases(shelf: Shelf) -> list[Purchase]:
    async with shelf.kit.database.transaction() as session:
        subject = (await shelf.round()).id
        return list(await session.exec(select(Purchase).where(Purchase.round_id == subject)))


async def is_bought_once(shelf: Shelf, sandbox: Sandbox) -> str:
    """Check that one order was paid at eBay, and is on order here; return its number."""
    (paid,) = [one for one in sandbox.state.store(Checkouts).all() if one.order_id]
    (line,) = paid.lines
    (purchase,) = await purchases(shelf)
    assert paid.payment == "PAID"
    assert (purchase.state, purchase.order_number) == (PurchaseState.ORDERED, paid.order_id)
    assert line.listing.sold == line.quantity == await shelf.on_order()
    return paid.order_id


async def test_a_part_is_approved_and_paid_from_the_mails_link(
    shelf: Shelf, browser: Browser, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await shelf.question()
    await browser.follow_the_mail()
    await browser.button("Approve").click()
    await browser.pay()

    number = await is_bought_once(shelf, sandbox)
    await browser.sees(number)
    await browser.follow_the_mail()
    await browser.sees(f"Ordered as {number}")
    assert browser.complaints == []


async def test_a_part_is_declined_with_a_reason_on_the_page(
    shelf: Shelf, browser: Browser, sandbox: Sandbox
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    await shelf.question()
    await browser.follow_the_mail()
    await browser.page.locator("summary", has_text="Decline").click()
    await browser.page.get_by_label("Why?").fill("We have <b>four</b> in the van.")
    await browser.button("Decline: buy nothing of this").click()
    await browser.sees("Declined by you")
    await browser.sees("We have <b>four</b> in the van.")

    await shelf.ends(RoundState.DECLINED)
    assert await purchases(shelf) == []
    assert sandbox.state.store(Checkouts).all() == []
    assert browser.complaints == []


async def test_a_part_is_approved_in_the_form_of_the_prefect_ui(
    shelf: Shelf, browser: Browser, sandbox: Sandbox, prefect_server: Settings
) -> None:
    sell(sandbox, "Test fan")
    await shelf.use(8)
    question = await shelf.question()
    page, secret = browser.page, load_secrets(prefect_server).prefect_auth_string

    await page.goto(prefect_server.prefect_url)
    await page.locator("input[type=password]").fill(secret.get_secret_value())
    await page.keyboard.press("Enter")
    await expect(page.locator("input[type=password]")).to_be_hidden()
    await page.goto(f"{prefect_server.prefect_url}/runs/flow-run/{question.run_id}")
    await browser.button("Resume").first.click()
    for number, word in enumerate((MANAGER, "approve")):
        await page.locator(".p-modal .p-select").nth(number).locator("button").first.focus()
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("option", name=word, exact=True).last.click()
    await browser.button("Submit").click()
    await shelf.ends(RoundState.BOUGHT)

    browser.complaints.clear()  # of Prefect's own pages
    await browser.follow_the_mail()
    await browser.sees("Approved by you")
    await browser.pay()
    await is_bought_once(shelf, sandbox)
    assert browser.complaints == []
