from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import httpx
import pytest

from tests.receiver import Receiver, receiving

ACCOUNT = "AC" + "0" * 32
SEND = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
AUTH = (ACCOUNT, "sandbox-secret")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def sent(client: httpx.AsyncClient, url: str) -> str:
    form = {"From": "+16135550100", "To": "+16135550123", "Body": "Hi", "StatusCallback": url}
    return str((await client.post(SEND, data=form, auth=AUTH)).raise_for_status().json()["sid"])


async def move(client: httpx.AsyncClient, sid: str, status: str) -> None:
    await client.post(f"/_control/twilio/texts/{sid}", json={"status": status})


def statuses(receiver: Receiver) -> list[str]:
    return [parse_qs(got.body.decode())["MessageStatus"][0] for got in receiver.got]


async def test_callbacks_wait_and_come_as_often_and_in_which_order_one_likes(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    sid = await sent(client, f"{receiver.url}/status?x=1")
    for status in ("sent", "delivered"):
        await move(client, sid, status)
    assert receiver.got == []

    answer = await client.post("/_control/twilio/deliver?times=2&newest_first=true")

    assert [attempt["status"] for attempt in answer.json()] == [204] * 4
    assert statuses(receiver) == ["delivered", "delivered", "sent", "sent"]
    assert all("x-twilio-signature" in got.headers for got in receiver.got)
    assert (await client.post("/_control/twilio/deliver")).json() == []


async def test_what_is_not_taken_waits_on(client: httpx.AsyncClient, receiver: Receiver) -> None:
    await move(client, await sent(client, receiver.url), "sent")
    receiver.status = 503

    assert (await client.post("/_control/twilio/deliver")).json()[0]["status"] == 503
    receiver.status = 200
    assert (await client.post("/_control/twilio/deliver")).json()[0]["status"] == 200


async def test_nobody_but_this_machine_is_called(client: httpx.AsyncClient) -> None:
    await move(client, await sent(client, "http://192.0.2.1/status"), "sent")

    assert (await client.post("/_control/twilio/deliver")).json()[0]["status"] is None


async def test_a_text_that_arrives_is_told(client: httpx.AsyncClient, receiver: Receiver) -> None:
    await client.put("/_control/twilio/incoming", json={"url": receiver.url})
    await client.post("/_control/twilio/texts", json={"sender": "+16135550123", "body": "Où?"})

    await client.post("/_control/twilio/deliver")

    told = parse_qs(receiver.got[0].body.decode())
    assert (told["From"], told["Body"]) == (["+16135550123"], ["Où?"])
