"""A manager who reads mails, follows their links and presses buttons; clicks are counted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from html import unescape
from typing import Self, TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, TypeAdapter

from hotrod.errors import HotrodError
from hotrod.settings import Settings

Found = TypeVar("Found")

_LOOK_EVERY_SECONDS = 0.1
_LINK = re.compile(r"https?://\S+/[ap]/\S+")
_CHECKOUT = re.compile(r'sessionId: "([^"]+)"')
_TELLING = re.compile(r'action="([^"]+)" id="checkout-paid"')


class Mail(BaseModel):
    """A mail in somebody's mailbox."""

    id: str
    subject: str
    text: str
    folder: str
    received_at: AwareDatetime

    @property
    def link(self) -> str:
        """The page that it asks to open.

        Raises:
            HotrodError: there is none.
        """
        found = _LINK.search(self.text)
        if found is None:
            raise HotrodError(f"no link in {self.subject!r}")
        return found.group()


_MAILS = TypeAdapter(list[Mail])


class Person:
    """Reads what the mail stand-in has accepted; use it in a ``with`` block.

    ``clicks`` counts what is clicked in mails and on our pages, ``clicks_at_ebay`` what eBay's own
    window asks for besides.

    Args:
        settings: of the stack.
    """

    def __init__(self, settings: Settings) -> None:
        self.clicks = 0
        self.clicks_at_ebay = 0
        self._sandbox = httpx.Client(base_url=settings.sandbox_url, trust_env=False, timeout=30)
        self._browser = httpx.Client(follow_redirects=True, trust_env=False, timeout=30)
        self._seen = frozenset(mail.id for mail in self._mails())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()
        self._browser.close()

    def wait_for(self, words: str, within_seconds: float) -> Mail:
        """Wait for a new mail with these words in its subject.

        Raises:
            HotrodError: it never came.
        """

        def arrived() -> Mail | None:
            new = (mail for mail in self._mails() if mail.id not in self._seen)
            return next((mail for mail in new if words in mail.subject), None)

        return until(arrived, within_seconds, f"a mail with {words!r}")

    def open(self, url: str) -> None:
        """Follow a link: a click."""
        self.clicks += 1
        self._load(url)

    def press(self, url: str, fields: Mapping[str, str]) -> None:
        """Press the button of a form: a click."""
        self.clicks += 1
        self._browser.post(url, data=fields).raise_for_status()

    def pay(self, url: str, within_seconds: float) -> None:
        """Wait until a page that loads itself again shows eBay's button, and pay by it: a click.

        In eBay's own window the payment is confirmed; then the page tells us of the order.

        Raises:
            HotrodError: the button never came.
        """

        def shown() -> tuple[str, str] | None:
            page = self._load(url)
            session, telling = _CHECKOUT.search(page), _TELLING.search(page)
            return (session[1], telling[1]) if session and telling else None

        session_id, action = until(shown, within_seconds, "eBay's button")
        self.clicks += 1
        self.clicks_at_ebay += 1
        paid = self._sandbox.post(f"/_control/ebay/checkouts/{session_id}/pay").raise_for_status()
        told = {"choice": "paid", "order_number": paid.json()["purchaseOrderId"]}
        self._browser.post(action, data=told).raise_for_status()

    def _load(self, url: str) -> str:
        return unescape(self._browser.get(url).raise_for_status().text)

    def _mails(self) -> list[Mail]:
        return _MAILS.validate_json(self._sandbox.get("/_control/mail").raise_for_status().content)


def until(look: Callable[[], Found | None], within_seconds: float, what: str) -> Found:
    """Return what is looked for, as soon as it is there.

    Raises:
        HotrodError: it never came.
    """
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(_LOOK_EVERY_SECONDS)
    raise HotrodError(f"{what} never came within {within_seconds:.0f} s")
