from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.graph_subscriptions import Subscriptions
from sandbox.mail.store import SEEN, MailStore

SHOP = "repairs@shop.example.com"
Write = Callable[..., EmailMessage]


@dataclass
class Subscriber:
    """Answers HTTP as a subscriber; ``echoes`` is what it does at validation."""

    url: str = ""
    echoes: bool = True
    kind: str = "text/plain"
    got: list[dict[str, Any]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        told = (line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
        length = int(next(told, ":0").partition(":")[2])
        body = await reader.readexactly(length)
        token = parse_qs(urlsplit(head.split(" ")[1]).query).get("validationToken", [""])[0]
        answer = token.encode() if self.echoes else b"hello"
        if not token:
            self.got += json.loads(body)["value"]
            answer = b""
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {self.kind}\r\nConnection: close\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n".encode()
            + answer
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    listening = Subscriber()
    server = await asyncio.start_server(listening.serve, "127.0.0.1", 0)
    listening.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield listening
    server.close()


def wanted(url: str, **more: object) -> dict[str, object]:
    return {
        "changeType": "created",
        "notificationUrl": url,
        "resource": f"users/{SHOP}/mailFolders('inbox')/messages",
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        "clientState": "secret",
        **more,
    }


async def test_a_subscriber_is_told_of_what_came_as_often_and_in_the_order_asked(
    graph: Any,
    client: httpx.AsyncClient,
    sandbox: Sandbox,
    subscriber: Subscriber,
    write_mail: Write,
) -> None:
    store = sandbox.state.store(MailStore)
    store.deliver(write_mail("<before@x>").as_bytes(), mailbox=SHOP)
    made = await graph.post("/subscriptions", json=wanted(subscriber.url))
    first = store.deliver(write_mail("<1@x>").as_bytes(), mailbox=SHOP)
    second = store.deliver(write_mail("<2@x>").as_bytes(), mailbox=SHOP)
    store.set_flags(first, {SEEN})
    store.deliver(write_mail("<else@x>").as_bytes(), mailbox="ann@example.org")

    order = {"times": 2, "backwards": True}
    statuses = (await client.post("/_control/mail/deliver", json=order)).json()
    nothing = (await client.post("/_control/mail/deliver", json={})).json()

    assert made.status_code == 201
    assert "clientState" not in made.json()
    assert (statuses, nothing) == ([200] * 4, [])
    assert [one["resourceData"]["id"] for one in subscriber.got] == [
        second.id,
        second.id,
        first.id,
        first.id,
    ]
    assert {one["clientState"] for one in subscriber.got} == {"secret"}
    assert {one["subscriptionId"] for one in subscriber.got} == {made.json()["id"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"echoes": False}, "ValidationError"),
        ({"kind": "text/html"}, "ValidationError"),
        ({"expirationDateTime": "2020-01-01T00:00:00Z"}, "InvalidRequest"),
        ({"expirationDateTime": "2999-01-01T00:00:00Z"}, "InvalidRequest"),
        ({"expirationDateTime": "soon"}, "RequestBodyRead"),
        ({"changeType": "sent"}, "InvalidRequest"),
        ({"resource": "planner"}, "InvalidRequest"),
        ({"resource": f"users/{SHOP}/mailFolders/attic/messages"}, "ErrorItemNotFound"),
        ({"notificationUrl": "http://example.com/hook"}, "InvalidRequest"),
        ({"notificationUrl": "http://127.0.0.1:1/hook"}, "ValidationError"),
        ({"clientState": "x" * 129}, "RequestBodyRead"),
    ],
)
async def test_what_makes_no_subscription(
    graph: Any, sandbox: Sandbox, subscriber: Subscriber, change: dict[str, Any], code: str
) -> None:
    for name in {"echoes", "kind"} & change.keys():
        setattr(subscriber, name, change.pop(name))

    answer = await graph.post("/subscriptions", json=wanted(subscriber.url, **change))

    assert answer.json()["error"]["code"] == code
    assert sandbox.state.store(Subscriptions).find() == []


async def test_a_subscription_is_renewed_ends_and_expires(
    graph: Any, sandbox: Sandbox, subscriber: Subscriber
) -> None:
    kept = sandbox.state.store(Subscriptions)
    made = (await graph.post("/subscriptions", json=wanted(subscriber.url))).json()
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    url = f"/graph/v1.0/subscriptions/{made['id']}"
    headers = graph._headers

    renewed = await graph._client.patch(url, json={"expirationDateTime": later}, headers=headers)
    listed = (await graph.get("/subscriptions")).json()["value"]
    ended = await graph._client.delete(url, headers=headers)
    gone = await graph._client.patch(url, json={"expirationDateTime": later}, headers=headers)
    await graph.post("/subscriptions", json=wanted(subscriber.url))
    (other,) = kept.find()
    kept.keep(replace(other, expires_at=datetime.now(UTC)))

    assert renewed.json()["expirationDateTime"] > made["expirationDateTime"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert (ended.status_code, gone.status_code) == (204, 404)
    assert kept.find() == []
