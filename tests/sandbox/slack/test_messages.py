from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from sandbox import Sandbox, running_sandbox
from sandbox.slack.channels import Channels
from sandbox.slack.interactions import Interactions
from tests.receiver import Receiver, receiving

API = "/slack/api"
AUTH = {"Authorization": "Bearer xoxb-sandbox"}
MARK = {"event_type": "repair_quote", "event_payload": {"ticket": "NL-1042"}}
BUTTON = {"type": "button", "action_id": "approve", "value": "NL-1042"}
BUTTON["text"] = {"type": "plain_text", "text": "Approve"}  # type: ignore[assignment]
BLOCKS = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]


async def call(client: httpx.AsyncClient, method: str, **arguments: Any) -> dict[str, Any]:
    answer = await client.post(f"{API}/{method}", json=arguments, headers=AUTH)
    return dict(answer.json())


async def read(client: httpx.AsyncClient, method: str, **query: str) -> dict[str, Any]:
    answer = await client.get(f"{API}/{method}", params=query, headers=AUTH)
    return dict(answer.json())


async def post(client: httpx.AsyncClient, text: str = "hi", **more: Any) -> dict[str, Any]:
    posted = await call(client, "chat.postMessage", channel="#repairs", text=text, **more)
    assert posted["ok"], posted
    return posted


@pytest.fixture
async def receiver(client: httpx.AsyncClient) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        await client.put("/_control/slack/interactivity", json={"url": receiver.url})
        yield receiver


async def pressed(client: httpx.AsyncClient, receiver: Receiver) -> dict[str, Any]:
    """Press the button of a new message, and return what is told."""
    posted = await post(client, blocks=BLOCKS)
    form = {"channel": posted["channel"], "ts": posted["ts"], "action_id": "approve"}
    answer = await client.post("/pages/slack/press", data=form)
    assert answer.status_code == 303
    told = parse_qs(receiver.got[-1].body.decode())["payload"][0]
    return dict(json.loads(told))


async def test_a_message_is_changed(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    posted = await post(client, blocks=BLOCKS, metadata=MARK)

    changed = await call(
        client, "chat.update", channel=posted["channel"], ts=posted["ts"], text="Done"
    )

    assert (changed["ts"], changed["text"]) == (posted["ts"], "Done")
    (kept,) = sandbox.state.store(Channels).messages()
    assert (kept.text, kept.blocks, kept.metadata) == ("Done", [], MARK)
    assert "edited" in (await client.get("/slack")).text


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.update", {"channel": "#repairs", "ts": "1.2", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "#repairs", "ts": ["x"], "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "#repairs", "text": ""}, "no_text"),
        (
            "chat.postMessage",
            {"channel": "#a", "text": "x", "metadata": {"event_type": 1}},
            "invalid_metadata_format",
        ),
        ("conversations.history", {"channel": "#general"}, "channel_not_found"),
        ("conversations.list", {"limit": 0}, "invalid_arguments"),
        ("conversations.list", {"cursor": "nowhere"}, "invalid_cursor"),
    ],
)
async def test_what_is_wrong_is_told_by_its_code(
    client: httpx.AsyncClient, method: str, arguments: dict[str, Any], code: str
) -> None:
    assert await call(client, method, **arguments) == {"ok": False, "error": code}


async def test_history_comes_newest_first_by_page_and_time(client: httpx.AsyncClient) -> None:
    posts = [await post(client, str(n), metadata=MARK) for n in range(3)]
    channel, first = posts[0]["channel"], posts[0]["ts"]

    begin = await read(client, "conversations.history", channel=channel, limit="2")
    cursor = begin["response_metadata"]["next_cursor"]
    rest = await read(client, "conversations.history", channel=channel, cursor=cursor)
    later = await read(client, "conversations.history", channel=channel, oldest=first)
    whole = await read(
        client, "conversations.history", channel=channel, oldest=first, inclusive="true"
    )
    wrong = await read(client, "conversations.history", channel=channel, oldest="x")

    assert [one["text"] for one in begin["messages"] + rest["messages"]] == ["2", "1", "0"]
    assert (begin["has_more"], rest["has_more"]) == (True, False)
    assert [len(later["messages"]), len(whole["messages"])] == [2, 3]
    assert wrong["error"] == "invalid_ts_oldest"
    assert "metadata" not in whole["messages"][0]
    shown = await read(
        client, "conversations.history", channel=channel, include_all_metadata="true"
    )
    assert shown["messages"][0]["metadata"] == MARK


async def test_channels_are_listed_by_page(client: httpx.AsyncClient) -> None:
    await post(client)
    first = await read(client, "conversations.list", limit="1")
    cursor = first["response_metadata"]["next_cursor"]
    second = await read(client, "conversations.list", limit="1", cursor=cursor)

    names = {one["name"] for one in first["channels"] + second["channels"]}
    assert names == {"general", "repairs"}
    assert second["response_metadata"]["next_cursor"] == ""


async def test_a_channel_takes_only_so_many_messages(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    channels = sandbox.state.store(Channels)
    channel = channels.id_of("#repairs")
    assert channel
    while channels.limit_of(channel).take() is None:
        pass

    message = {"channel": "#repairs", "text": "one more"}
    refused = await client.post(f"{API}/chat.postMessage", json=message, headers=AUTH)
    elsewhere = await call(client, "chat.postMessage", channel="#parts", text="hi")

    assert (refused.status_code, refused.json()["error"]) == (429, "ratelimited")
    assert int(refused.headers["retry-after"]) >= 1
    assert elsewhere["ok"]


async def test_a_press_on_the_page_is_told_signed(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    told = await pressed(client, receiver)

    assert told["type"] == "block_actions"
    assert told["actions"][0]["action_id"] == "approve"
    assert told["actions"][0]["value"] == "NL-1042"
    headers = receiver.got[0].headers
    assert headers["x-slack-signature"].startswith("v0=")
    assert headers["x-slack-request-timestamp"].isdecimal()


async def test_presses_wait_when_ordered_and_repeat(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    posted = await post(client, blocks=BLOCKS)
    press = {"channel": posted["channel"], "ts": posted["ts"], "action_id": "approve"}
    await client.post("/_control/slack/press", json=press)
    assert receiver.got == []
    assert ">Approve</button>" in (await client.get("/slack")).text

    await client.post("/_control/slack/deliver?times=2")
    unknown = await client.post("/_control/slack/press", json={**press, "action_id": "x"})

    assert len(receiver.got) == 2
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ({"text": "Done", "replace_original": True}, ["Done"]),
        ({"text": "And"}, ["hi", "And"]),
        ({"delete_original": True}, []),
    ],
)
async def test_a_press_is_answered(
    client: httpx.AsyncClient,
    receiver: Receiver,
    sandbox: Sandbox,
    answer: dict[str, Any],
    texts: list[str],
) -> None:
    told = await pressed(client, receiver)

    taken = await client.post(told["response_url"], json=answer)

    assert (taken.status_code, taken.text) == (200, "ok")
    assert [one.text for one in sandbox.state.store(Channels).messages()] == texts


async def test_a_press_is_answered_five_times_at_most(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    url = (await pressed(client, receiver))["response_url"]

    taken = [(await client.post(url, json={"text": str(n)})).text for n in range(6)]

    assert taken == ["ok"] * 5 + ["used_url"]
    assert (await client.post("/slack/actions/other", json={"text": "x"})).text == "expired_url"


@pytest.mark.parametrize("body", [b"", b"[1]", b"{}", b"\xff"])
async def test_an_answer_that_says_nothing_is_refused(
    client: httpx.AsyncClient, receiver: Receiver, body: bytes
) -> None:
    url = (await pressed(client, receiver))["response_url"]

    assert (await client.post(url, content=body)).status_code == 400


@pytest.mark.parametrize("path", ["press", "interactivity", "deliver"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    form = {"channel": "C1", "ts": "1", "action_id": "x"}
    cross = {"Sec-Fetch-Site": "cross-site"}

    answer = await client.post(f"/pages/slack/{path}", data=form, headers=cross)

    assert answer.status_code == 403


async def test_the_story_is_of_repairs(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_control/seed")).json()["slack"] == "10 messages"
    assert "#repairs" in (await client.get("/slack")).text


@pytest.mark.parametrize(
    ("channel", "person", "presses"),
    [("U0SOFIA01", {}, "U0SOFIA01"), ("#repairs", {"person": "U0DANIEL1"}, "U0DANIEL1")],
)
async def test_a_press_is_of_whom_the_message_is_to_or_of_who_is_named(
    client: httpx.AsyncClient,
    receiver: Receiver,
    channel: str,
    person: dict[str, str],
    presses: str,
) -> None:
    posted = await call(client, "chat.postMessage", channel=channel, text="?", blocks=BLOCKS)
    form = {"channel": posted["channel"], "ts": posted["ts"], "action_id": "approve"} | person
    await client.post("/pages/slack/press", data=form)
    told = parse_qs(receiver.got[-1].body.decode())["payload"][0]
    assert json.loads(told)["user"]["id"] == presses


async def test_presses_go_where_the_settings_say_also_after_all_is_forgotten() -> None:
    async with running_sandbox(presses_url="http://127.0.0.1:1/presses") as sandbox:
        interactions = sandbox.state.store(Interactions)
        interactions.url = "http://127.0.0.1:1/elsewhere"
        sandbox.state.reset()
        assert interactions.url == "http://127.0.0.1:1/presses"
