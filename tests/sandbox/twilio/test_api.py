from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.twilio.store import Texts

ACCOUNT = "AC" + "0" * 32
ROOT = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
SEND = f"{ROOT}/Messages.json"
AUTH = (ACCOUNT, "sandbox-secret")
NUMBER, ANN = "+16135550100", "+16135550123"
SERVICE = "MG" + "0" * 32
HELLO = {"From": NUMBER, "To": ANN, "Body": "Your PS5 is ready."}


async def send(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post(SEND, data={**HELLO, **form}, auth=AUTH)


async def test_a_text_is_taken_and_queued(client: httpx.AsyncClient) -> None:
    answer = await send(client)

    assert answer.status_code == 201
    assert answer.headers["twilio-request-id"].startswith("RQ")
    text = answer.json()
    assert (text["status"], text["direction"]) == ("queued", "outbound-api")
    assert (text["from"], text["to"], text["body"]) == (NUMBER, ANN, "Your PS5 is ready.")
    assert text["date_sent"] is None
    found = await client.get(text["uri"].replace("/2010", "/twilio/2010"), auth=AUTH)
    assert found.json() == text


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "12"}, 21211),
        ({"To": "+15005550009"}, 21614),
        ({"To": "+15005550004"}, 21610),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"From": ""}, 21603),
        ({"From": "Shop"}, 21212),
        ({"From": "+16135550199"}, 21606),
        ({"From": "", "MessagingServiceSid": "MG1"}, 21701),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"ScheduleType": "fixed", "SendAt": "2030-01-01T00:00:00Z"}, 35118),
        ({"MessagingServiceSid": SERVICE, "ScheduleType": "fixed", "SendAt": "soon"}, 35111),
        ({"MessagingServiceSid": SERVICE, "ScheduleType": "fixed", "SendAt": "2020-01-01"}, 35114),
    ],
)
async def test_what_is_wrong_is_told_by_its_number(
    client: httpx.AsyncClient, sandbox: Sandbox, form: dict[str, str], code: int
) -> None:
    answer = await send(client, **form)

    assert answer.status_code == answer.json()["status"] == 400
    assert answer.json()["code"] == code
    assert answer.json()["more_info"].endswith(str(code))
    assert sandbox.state.store(Texts).all() == []


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC1", "sandbox-secret")])
async def test_strangers_are_not_let_in(client: httpx.AsyncClient, auth: Any) -> None:
    answer = await client.post(SEND, data=HELLO, auth=auth)

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize("path", [f"{ROOT}/Messages/SM1.json", f"{ROOT}/Calls.json", "/twilio/x"])
async def test_what_is_not_there_is_20404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, auth=AUTH)

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


async def test_too_many_calls_are_refused(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    limit = sandbox.state.store(Texts).limit
    while limit.take() is None:
        pass

    answer = await send(client)

    assert (answer.status_code, answer.json()["code"]) == (429, 20429)
    assert sandbox.state.store(Texts).all() == []


async def test_pages_lead_on_and_new_texts_shift_nothing(client: httpx.AsyncClient) -> None:
    sids = [(await send(client, Body=str(n))).json()["sid"] for n in range(5)][::-1]
    seen: list[str] = []
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=2&To=%2B16135550123"
    while uri:
        page = (await client.get(f"/twilio{uri}", auth=AUTH)).json()
        seen += [text["sid"] for text in page["messages"]]
        uri = page["next_page_uri"]
        await send(client, Body="later")

    assert seen == sids


async def test_the_list_is_filtered(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    texts = sandbox.state.store(Texts)
    await send(client, To="+16135550124")
    sid = (await send(client)).json()["sid"]
    text = texts.get(sid)
    assert text
    texts.move(text, "delivered", None)
    today = datetime.now(UTC).date()

    async def found(**query: str) -> int:
        answer = await client.get(SEND, params=query, auth=AUTH)
        return len(answer.json()["messages"])

    assert await found() == 2
    assert await found(To=ANN) == await found(DateSent=str(today)) == 1
    assert await found(**{"DateSent>": str(today + timedelta(days=1))}) == 0
    assert await found(**{"DateSent<": str(today - timedelta(days=2))}) == 0
    assert await found(From="+1") == 0


@pytest.mark.parametrize(
    "query", ["PageSize=0", "Page=x", "PageToken=PAx", "DateSent=soon", "DateSent=9999-12-31"]
)
async def test_a_list_that_cannot_be_is_refused_or_empty(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"{SEND}?{query}", auth=AUTH)

    assert answer.status_code in (200, 400)
    assert answer.json().get("messages", []) == []


async def test_only_what_waits_can_be_canceled(client: httpx.AsyncClient) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    planned = {"From": "", "MessagingServiceSid": SERVICE, "ScheduleType": "fixed", "SendAt": soon}
    text = (await send(client, **planned)).json()
    one = f"{ROOT}/Messages/{text['sid']}.json"

    first = await client.post(one, data={"Status": "canceled"}, auth=AUTH)
    second = await client.post(one, data={"Status": "canceled"}, auth=AUTH)

    assert text["status"] == "scheduled"
    assert first.json()["status"] == "canceled"
    assert (second.status_code, second.json()["code"]) == (409, 30409)


async def test_a_text_is_emptied_and_deleted_once_it_is_through(
    client: httpx.AsyncClient,
) -> None:
    sid = (await send(client)).json()["sid"]
    one = f"{ROOT}/Messages/{sid}.json"
    early = [
        await client.post(one, data={"Body": ""}, auth=AUTH),
        await client.delete(one, auth=AUTH),
    ]
    await client.post(f"/_control/twilio/texts/{sid}", json={"status": "delivered"})

    emptied = await client.post(one, data={"Body": ""}, auth=AUTH)
    deleted = await client.delete(one, auth=AUTH)

    assert [answer.json()["code"] for answer in early] == [20009, 20009]
    assert emptied.json()["body"] == ""
    assert deleted.status_code == 204
    assert (await client.get(one, auth=AUTH)).status_code == 404


async def test_stop_is_heard_by_number_until_start(client: httpx.AsyncClient) -> None:
    async def say(word: str, sender: str) -> None:
        arrival = {"sender": sender, "body": word}
        (await client.post("/_control/twilio/texts", json=arrival)).raise_for_status()

    await say(" stop ", ANN)
    refused, other = await send(client), await send(client, To="+16135550124")
    by_service = await send(client, From="", MessagingServiceSid=SERVICE)
    await say("START", ANN)
    again = await send(client)

    assert refused.json()["code"] == by_service.json()["code"] == 21610
    assert (other.status_code, again.status_code) == (201, 201)


async def test_the_page_shows_and_changes_what_there_is(client: httpx.AsyncClient) -> None:
    sid = (await send(client)).json()["sid"]
    await client.post("/pages/twilio/texts", data={"sender": ANN, "body": "STOP <now>"})
    await client.post("/pages/twilio/texts", data={"sender": ANN, "body": "STOP"})

    moved = await client.post(f"/pages/twilio/texts/{sid}", data={"status": "undelivered"})
    page = (await client.get("/twilio")).text

    assert (moved.status_code, moved.headers["location"]) == (303, "/twilio")
    assert "undelivered 30003" in page
    assert "STOP &lt;now&gt;" in page
    assert "Have said STOP" in page
    assert (await send(client)).json()["code"] == 21610


@pytest.mark.parametrize("path", ["texts", "texts/SM1", "incoming", "deliver"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    form = {"sender": ANN, "body": "STOP", "status": "sent"}
    cross = {"Sec-Fetch-Site": "cross-site"}

    answer = await client.post(f"/pages/twilio/{path}", data=form, headers=cross)

    assert answer.status_code == 403


async def test_the_story_tells_texts_and_a_stop(client: httpx.AsyncClient) -> None:
    seeded = (await client.post("/_control/seed")).json()

    assert seeded["twilio"] == "11 texts"
