from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from sandbox.hubspot.outbox import signature

CONTACTS = "/crm/v3/objects/contacts"


@dataclass
class Receiver:
    """Takes webhooks, and answers as it is told."""

    port: int = 0
    status: int = 200
    got: list[list[dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(":")[1])
            for line in head.decode().split("\r\n")
            if line.lower().startswith("content-length")
        )
        self.got.append(json.loads(await reader.readexactly(length)))
        writer.write(
            f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0) as server:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver


async def kinds(hubspot: Any) -> list[str]:
    events = (await hubspot.control("GET", "/events")).json()
    return [event["subscriptionType"] for event in events]


async def test_what_happens_to_an_object_waits_to_be_told(hubspot: Any) -> None:
    ann = await hubspot.create(email="ann@example.org")
    bob = await hubspot.create(email="bob@example.org", city="Ottawa")
    same = {"properties": {"city": "Ottawa", "zip": "K1P"}}
    await hubspot.call("PATCH", f"{CONTACTS}/{bob}", json=same)
    merge = {"primaryObjectId": ann, "objectIdToMerge": bob}
    merged = (await hubspot.post(f"{CONTACTS}/merge", merge)).json()["id"]
    await hubspot.post(f"{CONTACTS}/gdpr-delete", {"objectId": merged})
    deal = await hubspot.create("deals")
    await hubspot.call("DELETE", f"/crm/v3/objects/deals/{deal}")

    found = await kinds(hubspot)

    assert found.count("contact.creation") == 2
    assert found[:6] == [
        "contact.creation",
        "contact.propertyChange",
        "contact.creation",
        "contact.propertyChange",
        "contact.propertyChange",
        "contact.propertyChange",
    ]
    assert "contact.merge" in found
    assert found[-3:] == ["contact.privacyDeletion", "deal.creation", "deal.deletion"]


async def test_an_association_is_told_from_both_ends_when_it_begins_and_ends(hubspot: Any) -> None:
    deal, contact = await hubspot.create("deals"), await hubspot.create(email="a@example.org")
    path = f"/crm/v4/objects/deals/{deal}/associations"
    for _ in range(2):
        await hubspot.call("PUT", f"{path}/default/contacts/{contact}")
        await hubspot.call("PUT", f"{path}/default/contacts/{contact}")
        await hubspot.call("DELETE", f"{path}/contacts/{contact}")

    events = (await hubspot.control("GET", "/events")).json()

    found = [one for one in events if one["subscriptionType"].endswith("associationChange")]
    assert [one["associationRemoved"] for one in found] == [False, False, True, True] * 2
    assert [one["fromObjectId"] for one in found[:2]] == [int(deal), int(contact)]
    assert found[0]["associationType"] == "DEAL_TO_CONTACT"
    assert "objectId" not in found[0]


async def test_events_are_delivered_a_hundred_at_a_time(hubspot: Any, receiver: Receiver) -> None:
    inputs = [{"properties": {"dealname": str(n)}} for n in range(60)]
    await hubspot.post("/crm/v3/objects/deals/batch/create", {"inputs": inputs})

    made = (await hubspot.control("POST", "/deliver", json={"url": receiver.url})).json()

    assert [len(events) for events in receiver.got] == [100, 20]
    assert [one["status"] for one in made] == [200, 200]
    assert await kinds(hubspot) == []


async def test_what_is_not_taken_waits_on_and_counts_its_attempts(
    hubspot: Any, receiver: Receiver
) -> None:
    await hubspot.create("deals")
    receiver.status = 503
    await hubspot.control("POST", "/deliver", json={"url": receiver.url})
    receiver.status = 200
    await hubspot.control("POST", "/deliver", json={"url": receiver.url})

    assert [events[0]["attemptNumber"] for events in receiver.got] == [0, 1]
    assert await kinds(hubspot) == []


async def test_nobody_there_is_no_answer(hubspot: Any, unused_tcp_port: int) -> None:
    await hubspot.create("deals")
    order = {"url": f"http://127.0.0.1:{unused_tcp_port}/"}

    (made,) = (await hubspot.control("POST", "/deliver", json=order)).json()

    assert made["status"] is None
    assert await kinds(hubspot) == ["deal.creation"]


async def test_deliveries_repeat_and_are_shuffled_the_same_way(
    hubspot: Any, receiver: Receiver
) -> None:
    for number in range(5):
        await hubspot.create("deals", dealname=str(number))
    order = {"url": receiver.url, "times": 2, "shuffle": True}
    await hubspot.control("POST", "/deliver", json=order)

    first, second = [[event["eventId"] for event in events] for events in receiver.got]
    assert first == second != sorted(first)


@pytest.mark.parametrize("order", [{}, {"url": "nowhere"}, {"url": "http://x.example", "times": 0}])
async def test_orders_that_make_no_sense(
    client: httpx.AsyncClient, order: dict[str, object]
) -> None:
    assert (await client.post("/_control/hubspot/deliver", json=order)).status_code == 422


def test_a_signature_is_over_method_decoded_url_body_and_time() -> None:
    headers = signature("POST", "https://h.example/x%2Fy?a=%20%3A", b"{}", 1_700_000_000_000)

    source = b"POSThttps://h.example/x/y?a=%20:{}1700000000000"
    digest = hmac.new(b"sandbox-secret", source, hashlib.sha256).digest()
    assert headers == {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": "1700000000000",
    }
