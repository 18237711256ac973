from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox import Sandbox

HEADERS = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
TOOL: Any = {
    "name": "diagnose",
    "input_schema": {"type": "object", "properties": {"fault": {"type": "string"}}},
}


async def stream(client: httpx.AsyncClient, **changes: Any) -> list[dict[str, Any]]:
    answer = await client.post(
        "/claude/v1/messages", json=asked(stream=True, **changes), headers=HEADERS
    )
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert int(answer.headers["anthropic-ratelimit-requests-limit"]) > 0
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def asked(**changes: Any) -> dict[str, Any]:
    message = {"role": "user", "content": "PS5: no picture on the TV"}
    return {"model": "claude-sonnet-5-5", "max_tokens": 900, "messages": [message], **changes}


async def test_a_stream_says_what_a_whole_answer_says(client: httpx.AsyncClient) -> None:
    whole = (await client.post("/claude/v1/messages", json=asked(), headers=HEADERS)).json()

    events = await stream(client)

    kinds = [event["type"] for event in events]
    pieces = [event["delta"]["text"] for event in events if "index" in event and "delta" in event]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert len(pieces) > 3
    assert "".join(pieces) == whole["content"][0]["text"]
    assert events[0]["message"]["usage"]["input_tokens"] == whole["usage"]["input_tokens"]
    assert events[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


async def test_a_tool_call_is_streamed_as_pieces_of_json(client: httpx.AsyncClient) -> None:
    events = await stream(client, tools=[TOOL])

    pieces = [
        event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"
    ]
    assert json.loads("".join(pieces))["fault"].startswith("HDMI")
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


async def test_an_answer_that_is_cut_ends_as_a_stream_too(client: httpx.AsyncClient) -> None:
    events = await stream(client, max_tokens=0)

    assert [event["type"] for event in events] == ["message_start", "message_delta", "message_stop"]
    assert events[1]["delta"]["stop_reason"] == "max_tokens"


async def test_a_stream_is_broken_off_by_order_once(client: httpx.AsyncClient) -> None:
    order = {"code": "api_error", "after_pieces": 2}
    (await client.post("/_control/claude/streams", json=order)).raise_for_status()

    broken, next_ = await stream(client), await stream(client)

    assert [event["type"] for event in broken[-3:]] == ["content_block_delta"] * 2 + ["error"]
    assert broken[-1]["error"]["type"] == "api_error"
    assert next_[-1]["type"] == "message_stop"


@pytest.mark.parametrize(("method", "path"), [("GET", "/messages"), ("POST", "/models/x/y")])
async def test_what_there_is_not_is_answered_as_the_vendor_does(
    client: httpx.AsyncClient, sandbox: Sandbox, method: str, path: str
) -> None:
    answer = await client.request(method, f"{sandbox.url}/claude/v1{path}", headers=HEADERS)

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
