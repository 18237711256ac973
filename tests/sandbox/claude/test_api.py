from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from datetime import datetime, tzinfo
from typing import Any

import anthropic
import httpx
import pytest
from PIL import Image

from hotrod.repairs.diagnosis import DiagnosisDraft
from sandbox import Sandbox
from sandbox.claude import usage

MODEL = "claude-sonnet-5-5"
HEADERS = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}
PROBLEM = "PS5: no picture on the TV"
TOOL: Any = {"name": "diagnose", "input_schema": DiagnosisDraft.model_json_schema()}


def image(format_: str = "JPEG", size: tuple[int, int] = (80, 60)) -> str:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).save(buffer, format_)
    return base64.b64encode(buffer.getvalue()).decode()


def photo(data: str, media_type: str = "image/jpeg") -> dict[str, Any]:
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


def body(**changes: Any) -> dict[str, Any]:
    message = {"role": "user", "content": PROBLEM}
    whole = {"model": MODEL, "max_tokens": 1000, "messages": [message], **changes}
    return {name: value for name, value in whole.items() if value is not ...}


async def create(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/claude/v1/messages", json=body(**changes), headers=HEADERS)


@pytest.fixture
async def claude(sandbox: Sandbox) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """The official library, with nothing changed but base URL and key."""
    async with anthropic.AsyncAnthropic(
        base_url=f"{sandbox.url}/claude", api_key="sandbox-key", max_retries=0
    ) as claude:
        yield claude


async def test_a_forced_tool_is_called_as_its_schema_asks(claude: anthropic.AsyncAnthropic) -> None:
    content: Any = [photo(image()), {"type": "text", "text": PROBLEM}]
    message = await claude.messages.create(
        model=MODEL,
        max_tokens=1000,
        system="Diagnose.",
        messages=[{"role": "user", "content": content}],
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "diagnose"},
    )
    (block,) = message.content
    assert isinstance(block, anthropic.types.ToolUseBlock)
    assert (block.name, message.stop_reason) == ("diagnose", "tool_use")
    draft = DiagnosisDraft.model_validate(block.input)
    assert draft.category == "display"
    assert [item.source for item in draft.evidence] == ["request", "photo 1"]
    assert message.usage.input_tokens > 100
    assert message.usage.output_tokens > 50


async def test_the_library_parses_a_structured_answer(claude: anthropic.AsyncAnthropic) -> None:
    parsed = await claude.messages.parse(
        model=MODEL,
        max_tokens=1000,
        messages=[{"role": "user", "content": PROBLEM}],
        output_format=DiagnosisDraft,
    )
    assert parsed.parsed_output is not None
    assert parsed.parsed_output.fault.startswith("HDMI port")


async def test_the_library_knows_our_errors(
    claude: anthropic.AsyncAnthropic, sandbox: Sandbox
) -> None:
    messages: Any = [{"role": "user", "content": "hi"}]
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.create(model="gpt", max_tokens=9, messages=messages)
    with pytest.raises(anthropic.BadRequestError) as refused:
        await claude.messages.create(model=MODEL, max_tokens=9, messages=[])
    assert refused.value.request_id == refused.value.response.headers["request-id"]
    stranger = claude.with_options(api_key="wrong")
    with pytest.raises(anthropic.AuthenticationError):
        await stranger.models.list()
    assert sandbox.state.calls.find("claude")[-1].status == 401


async def test_models_and_tokens(claude: anthropic.AsyncAnthropic) -> None:
    listed = [model.id async for model in claude.models.list()]
    assert MODEL in listed
    assert (await claude.models.retrieve(MODEL)).display_name == "Claude Sonnet 5.5"
    with pytest.raises(anthropic.NotFoundError):
        await claude.models.retrieve("claude-unknown")
    short = await claude.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "hi"}]
    )
    content: Any = [photo(image(size=(800, 600)))]
    seen = await claude.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": content}]
    )
    assert seen.input_tokens - short.input_tokens == pytest.approx(640, abs=5)


async def test_without_a_schema_the_answer_is_prose(client: httpx.AsyncClient) -> None:
    answer = (await create(client)).json()
    assert answer["stop_reason"] == "end_turn"
    assert '"no picture on the TV"' in answer["content"][0]["text"]


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({"type": "auto"}, "tool_use"),
        ({"type": "any"}, "tool_use"),
        ({"type": "none"}, "text"),
        (None, "tool_use"),
    ],
)
async def test_when_a_tool_is_used(
    client: httpx.AsyncClient, choice: dict[str, str] | None, kind: str
) -> None:
    answer = (await create(client, tools=[TOOL], tool_choice=choice)).json()
    assert answer["content"][0]["type"] == kind


async def test_a_tool_for_something_else_is_used_only_when_it_must(
    client: httpx.AsyncClient,
) -> None:
    weather = {
        "name": "weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    assert (await create(client, tools=[weather])).json()["content"][0]["type"] == "text"
    forced = await create(client, tools=[weather], tool_choice={"type": "any"})
    assert forced.json()["content"][0]["name"] == "weather"


async def test_an_answer_that_is_too_long_is_cut(client: httpx.AsyncClient) -> None:
    text = (await create(client, max_tokens=5)).json()
    assert (text["stop_reason"], text["usage"]["output_tokens"]) == ("max_tokens", 5)
    assert len(text["content"][0]["text"]) < 20
    tool = (await create(client, max_tokens=5, tools=[TOOL])).json()
    assert tool["content"][0]["input"] == {}
    assert (await create(client, max_tokens=0)).json()["content"] == []


async def test_headers_tell_what_is_left(client: httpx.AsyncClient) -> None:
    left = []
    for _ in range(2):
        headers = (await create(client)).headers
        left.append(int(headers["anthropic-ratelimit-requests-remaining"]))
        assert headers["request-id"].startswith("req_")
        assert int(headers["anthropic-ratelimit-input-tokens-remaining"]) > 0
    assert left[0] - left[1] == 1


class AMinuteLater(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> AMinuteLater:
        return super().now(tz) + usage.WINDOW


async def test_past_the_limit_is_429_until_the_minute_is_over(
    client: httpx.AsyncClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "REQUESTS_PER_WINDOW", 1)
    sandbox.state.store(usage.RateWindow).clear()
    assert (await create(client)).status_code == 200
    refused = await create(client)
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "rate_limit_error")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    monkeypatch.setattr(usage, "datetime", AMinuteLater)
    assert (await create(client)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"max_tokens": ...}, "max_tokens"),
        ({"messages": ...}, "messages"),
        ({"model": ...}, "model"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"temper": 1}, "temper"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "song"}]}]}, "messages.0.content"),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, "tools.0"),
        ({"tools": [{"name": "a", "input_schema": {"type": "string"}}]}, "tools.0"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "other"}}, "other"),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}, "thinking": {"type": "enabled"}},
         "Thinking"),
        ({"messages": [{"role": "user", "content": [photo("%%%")]}]}, "base64"),
        ({"messages": [{"role": "user", "content": [photo(base64.b64encode(b"x" * 99).decode())]}]},
         "Could not process"),
        ({"messages": [{"role": "user", "content": [photo(image("PNG"))]}]}, "image/png"),
        ({"messages": [{"role": "user", "content": [photo(image(size=(8001, 1)))]}]}, "dimensions"),
        ({"messages": [{"role": "user", "content": [photo("QUJD" * 1_800_000)]}]}, "5 MB"),
        ({"messages": [{"role": "user", "content": [photo(image())] * 101}]}, "at most 100"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, changes: dict[str, Any], where: str
) -> None:
    answer = await create(client, **changes)
    error = answer.json()
    assert (answer.status_code, error["type"]) == (400, "error")
    assert error["error"]["type"] == "invalid_request_error"
    assert where in error["error"]["message"]
    assert error["request_id"] == answer.headers["request-id"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong", "anthropic-version": "2023-06-01"}, 401),
        ({"x-api-key": "sandbox-key"}, 400),
        ({"x-api-key": "sandbox-key", "anthropic-version": "1999-01-01"}, 400),
    ],
)
async def test_key_and_version_are_checked(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/claude/v1/messages", json=body(), headers=headers)
    assert answer.status_code == status
    assert "wrong" not in answer.text


async def test_a_conversation_is_read_by_its_user_turns(client: httpx.AsyncClient) -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "PS5"}]},
        {"role": "assistant", "content": [
            {"type": "text", "text": "The battery is swollen?"},
            {"type": "tool_use", "id": "t", "name": "diagnose", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t"},
            {"type": "text", "text": "no picture"},
        ]},
    ]  # fmt: skip
    system = [{"type": "text", "text": "Laptops only. Battery swollen."}]
    text = (await create(client, messages=messages, system=system)).json()["content"][0]["text"]
    assert text.startswith("HDMI port")
