from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.slack.channels import Channels

POST = "/slack/api/chat.postMessage"
AUTH = {"Authorization": "Bearer xoxb-sandbox"}
HELLO = {"channel": "#repairs", "text": "hi"}


async def test_json_and_form_are_posted_to_the_same_channel(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    blocks = [{"type": "divider"}]
    first = (await client.post(POST, json={**HELLO, "blocks": blocks}, headers=AUTH)).json()
    form = {**HELLO, "blocks": json.dumps(blocks), "thread_ts": first["ts"]}
    second = (await client.post(POST, data=form, headers=AUTH)).json()
    assert first["ok"] is second["ok"] is True
    assert first["channel"] == second["channel"] != "#repairs"
    assert first["ts"] != second["ts"]
    assert first["message"]["text"] == "hi"
    assert second["message"]["thread_ts"] == first["ts"]
    kept = sandbox.state.store(Channels).messages()
    assert [message.blocks for message in kept] == [blocks, blocks]


async def test_a_channel_id_and_a_token_in_the_form_are_taken(client: httpx.AsyncClient) -> None:
    form = {"channel": "C0123456789", "text": "hi", "token": "xoxb-sandbox"}
    assert (await client.post(POST, data=form)).json()["channel"] == "C0123456789"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"channel": "repairs"}, "channel_not_found"),
        ({"channel": None}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "  "}, "no_text"),
        ({"text": 5}, "invalid_arguments"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": {"type": "divider"}}, "invalid_array_arg"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
    ],
)
async def test_failures_are_200_and_not_ok(
    client: httpx.AsyncClient, sandbox: Sandbox, change: dict[str, Any], error: str
) -> None:
    answer = await client.post(POST, json={**HELLO, **change}, headers=AUTH)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})
    assert sandbox.state.store(Channels).messages() == []


@pytest.mark.parametrize(
    ("content", "content_type", "error"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"blocks=%7B", "application/x-www-form-urlencoded", "invalid_form_data"),
        (b"x", "text/plain", "invalid_post_type"),
    ],
)
async def test_bodies_that_cannot_be_read(
    client: httpx.AsyncClient, content: bytes, content_type: str, error: str
) -> None:
    headers = {**AUTH, "Content-Type": content_type}
    assert (await client.post(POST, content=content, headers=headers)).json()["error"] == error


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "not_authed"),
        ({"Authorization": "Bearer xoxb-wrong"}, "invalid_auth"),
        ({"Authorization": "Basic xoxb-sandbox"}, "not_authed"),
    ],
)
async def test_the_token_is_checked(
    client: httpx.AsyncClient, headers: dict[str, str], error: str
) -> None:
    assert (await client.post(POST, json=HELLO, headers=headers)).json()["error"] == error


async def test_auth_test_tells_who_it_is(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/slack/api/auth.test", headers=AUTH)).json()
    assert answer["ok"] is True
    assert answer["team"]
    assert answer["bot_id"]


async def test_other_methods_are_not_known(client: httpx.AsyncClient) -> None:
    answer = await client.post("/slack/api/users.list", headers=AUTH)
    assert answer.json() == {"ok": False, "error": "unknown_method"}
    assert answer.headers["x-slack-req-id"]
