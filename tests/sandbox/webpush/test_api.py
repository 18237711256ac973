from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from pywebpush import WebPusher, WebPushException, webpush

from sandbox import Sandbox
from sandbox.webpush.store import Pushed, Pushes, Subscription

CLAIMS = {"sub": "mailto:shop@example.com"}


@dataclass
class Browser:
    """A browser that has subscribed, and the key of who may push to it."""

    url: str
    pushes: Pushes
    subscription: Subscription
    sender: Vapid02

    @property
    def info(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "keys": self.subscription.keys}

    @property
    def endpoint(self) -> str:
        return f"{self.url}/webpush{self.subscription.path}"

    @property
    def heard(self) -> list[str | None]:
        return [one.text for one in self.pushes.all()]

    def headers(self, **claims: Any) -> dict[str, str]:
        inside = {**CLAIMS, "aud": self.url, "exp": int(time.time()) + 60, **claims}
        signed = self.sender.sign(inside)["Authorization"]
        return {"Authorization": signed, "TTL": "60", "Content-Encoding": "aes128gcm"}


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    sender = Vapid02()
    sender.generate_keys()
    key = sender.sign({**CLAIMS, "aud": sandbox.url})["Authorization"].partition("k=")[2]
    pushes = sandbox.state.store(Pushes)
    yield Browser(sandbox.url, pushes, pushes.subscribe(key), sender)
    pushes.subscriptions()[-1].standing = "unsubscribed"


async def test_what_the_usual_client_says_is_read_by_the_browser(browser: Browser) -> None:
    answer = await asyncio.to_thread(
        lambda: webpush(
            browser.info, "Le dépôt est payé.", browser.sender, dict(CLAIMS), ttl=3600, timeout=5
        )
    )

    (message,) = browser.pushes.all()
    assert (answer.status_code, message.text, message.ttl) == (201, "Le dépôt est payé.", 3600)
    assert answer.headers["location"].endswith(message.id)


async def test_the_usual_client_is_told_that_the_browser_has_gone(browser: Browser) -> None:
    browser.subscription.standing = "unsubscribed"

    with pytest.raises(WebPushException) as caught:
        await asyncio.to_thread(
            lambda: webpush(browser.info, "Hi", browser.sender, dict(CLAIMS), timeout=5)
        )

    assert caught.value.status_code == 410
    assert browser.heard == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"TTL": None}, 400),
        ({"TTL": "-1"}, 400),
        ({"TTL": "soon"}, 400),
        ({"Urgency": "at once"}, 400),
        ({"Topic": "x" * 33}, 400),
        ({"Topic": "a b"}, 400),
        ({"Content-Encoding": "aesgcm"}, 400),
        ({"Content-Encoding": None}, 400),
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer x"}, 401),
        ({"Authorization": "vapid t=a.b.c"}, 401),
        ({"Authorization": "vapid t=a.b.c, k=BNo"}, 403),
    ],
)
async def test_a_header_that_is_missing_or_wrong_is_refused(
    client: httpx.AsyncClient, browser: Browser, change: dict[str, str | None], status: int
) -> None:
    given = {**browser.headers(), **change}
    headers = {name: value for name, value in given.items() if value is not None}

    answer = await client.post(browser.endpoint, content=b"x", headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.headers.get("www-authenticate") == ("vapid" if status == 401 else None)
    assert browser.heard == []


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://push.example"},
        {"aud": "http://127.0.0.1"},
        {"exp": 1},
        {"exp": int(time.time()) + 25 * 60 * 60},
    ],
)
async def test_a_token_for_elsewhere_or_another_time_is_refused(
    client: httpx.AsyncClient, browser: Browser, claims: dict[str, Any]
) -> None:
    pusher = browser.headers()
    refused = browser.headers(**claims)

    taken = await client.post(browser.endpoint, headers=pusher)
    answer = await client.post(browser.endpoint, headers=refused)

    assert (taken.status_code, answer.status_code) == (201, 403)


async def test_a_token_that_was_changed_or_signed_by_another_is_refused(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    changed = browser.headers()
    token, _, key = changed["Authorization"].partition(",k=")
    body, _, signature = token.rpartition(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    changed["Authorization"] = f"{body}.{flipped},k={key}"
    browser.sender = Vapid02()
    browser.sender.generate_keys()

    answers = [
        await client.post(browser.endpoint, headers=headers)
        for headers in (changed, browser.headers())
    ]

    assert [one.status_code for one in answers] == [403, 403]
    assert "another key" in answers[1].text


async def test_a_message_of_4096_bytes_is_taken_and_one_more_is_too_large(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    body = WebPusher(browser.info).encode(b"x" * 3993)["body"]

    taken = await client.post(browser.endpoint, content=body, headers=browser.headers())
    refused = await client.post(browser.endpoint, content=body + b"x", headers=browser.headers())

    assert (len(body), taken.status_code, refused.status_code) == (4096, 201, 413)
    assert browser.heard == ["x" * 3993]


@pytest.mark.parametrize("end", [0, 21, 50, 86, -1])
async def test_what_the_browser_cannot_read_is_dropped_by_it(
    client: httpx.AsyncClient, browser: Browser, end: int
) -> None:
    body = WebPusher(browser.info).encode(b"Hello")["body"][:end] + b"x"

    answer = await client.post(browser.endpoint, content=body, headers=browser.headers())

    assert (answer.status_code, browser.heard) == (201, [None])


async def test_a_message_for_another_browser_is_not_read(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    theirs = WebPusher(browser.info).encode(b"Hello")["body"]
    browser.subscription.key = ec.generate_private_key(ec.SECP256R1())

    await client.post(browser.endpoint, content=theirs, headers=browser.headers())

    assert browser.heard == [None]


async def test_a_topic_replaces_what_was_said_of_it(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    for text, topic in (("one", "a"), ("two", "b"), ("three", "a")):
        body = WebPusher(browser.info).encode(text.encode())["body"]
        headers = {**browser.headers(), "Topic": topic}
        await client.post(browser.endpoint, content=body, headers=headers)

    assert browser.heard == ["two", "three"]


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [("POST", "/webpush/push/nobody", 404), ("GET", "/webpush/push/nobody", 405)],
)
async def test_what_is_not_there_is_refused(
    client: httpx.AsyncClient, sandbox: Sandbox, method: str, url: str, status: int
) -> None:
    assert (await client.request(method, url)).status_code == status


async def test_past_the_limit_it_says_when_to_come_again(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    while browser.pushes.limit.take() is None:
        pass

    answer = await client.post(browser.endpoint, headers=browser.headers())

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60


async def test_the_page_subscribes_shows_and_ends(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    pushes = sandbox.state.store(Pushes)
    await client.post("/pages/webpush/subscribe", data={"server_key": "BNo_a="})
    made = pushes.subscriptions()[-1]
    said: dict[str, Any] = {"subscription": made.token, "ttl": 1, "urgency": "low", "topic": None}
    for text in ("<b>Hi</b>", None):
        pushes.add(Pushed(text=text, **said))
    page = (await client.get("/webpush")).text
    first, second = pushes.all()
    move = f"/pages/webpush/subscriptions/{made.token}"
    cross = {"Sec-Fetch-Site": "cross-site"}

    refused = await client.post(move, data={"standing": "expired"}, headers=cross)
    moved = await client.post(move, data={"standing": "expired"})
    nowhere = await client.post(f"{move}x", data={"standing": "expired"})
    removed = await client.post(f"/pages/webpush/remove/{first.id}")

    assert made.server_key == "BNo_a"
    assert made.keys["p256dh"] in page
    assert "&lt;b&gt;Hi" in page
    assert [one.status_code for one in (refused, moved, nowhere, removed)] == [403, 303, 404, 303]
    assert (made.standing, pushes.all()) == ("expired", [second])
    pushes.clear()
    assert pushes.subscription(made.token) is None
