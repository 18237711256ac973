from __future__ import annotations

import asyncio
import json
import pickle
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy
from connectors.claude.client import RATE, ClaudeClient
from connectors.claude.errors import UnusableAnswerError
from connectors.claude.models import Completion, ImagePart, TextPart, Usage


class Part(BaseModel):
    name: str


class Diagnosis(BaseModel):
    fault: str
    confidence: float = Field(ge=0, le=1)
    parts: list[Part] = []


@pytest.fixture
async def claude(server: Any) -> AsyncIterator[ClaudeClient]:
    claude = ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-test",
        timeout_seconds=5.0,
    )
    yield claude
    await claude.aclose()


def message(*content: dict[str, object], stop_reason: str = "end_turn") -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-20260101",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 812, "output_tokens": 64},
    }


def text(**given: object) -> dict[str, object]:
    return {"type": "text", "text": json.dumps(given)}


WHOLE = text(fault="HDMI port", confidence=0.9)


def fault(kind: str, **more: object) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": "said no", **more}}


async def complete(claude: ClaudeClient) -> Completion[Diagnosis]:
    return await claude.complete(
        system="Diagnose.",
        content=[TextPart("No picture."), ImagePart("image/png", b"\x89PNG")],
        schema=Diagnosis,
        max_output_tokens=500,
    )


async def failure(claude: ClaudeClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await complete(claude)
    return caught.value


async def test_the_answer_comes_in_the_shape_that_was_asked_for(
    server: Any, claude: ClaudeClient
) -> None:
    server.answer(
        200,
        message(
            {"type": "thinking", "thinking": "Let me see.", "signature": "s"},
            text(fault="HDMI port", confidence=0.9, parts=[{"name": "port"}]),
        ),
        request_id="req_1",
    )

    completion = await complete(claude)

    assert completion == Completion(
        model="claude-test-20260101",
        request_id="req_1",
        input_tokens=812,
        output_tokens=64,
        value=Diagnosis(fault="HDMI port", confidence=0.9, parts=[Part(name="port")]),
    )


async def test_what_is_asked(server: Any, claude: ClaudeClient) -> None:
    server.answer(200, message(text(fault="HDMI port", confidence=0.9)))

    await complete(claude)

    seen = server.seen[0]
    asked = json.loads(seen.body)
    assert (seen.method, seen.target) == ("POST", "/v1/messages")
    assert seen.headers["authorization"] == "Bearer hunter2"
    assert (asked["model"], asked["max_tokens"], asked["system"]) == (
        "claude-test",
        500,
        "Diagnose.",
    )
    (words, image) = asked["messages"][0]["content"]
    assert words == {"type": "text", "text": "No picture."}
    assert image["source"]["media_type"] == "image/png"
    assert b64decode(image["source"]["data"]) == b"\x89PNG"
    assert asked["output_config"]["format"]["type"] == "json_schema"
    shape = asked["output_config"]["format"]["schema"]
    assert shape["required"] == ["fault", "confidence"]
    assert shape["additionalProperties"] is False
    assert "$defs" in shape


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence"])
async def test_an_answer_is_whole_where_the_model_ended_it(
    server: Any, claude: ClaudeClient, reason: str
) -> None:
    server.answer(200, message(WHOLE, stop_reason=reason))

    assert (await complete(claude)).value.fault == "HDMI port"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (message(text(fault="HDMI"), stop_reason="max_tokens"), "cut off"),
        (message(stop_reason="refusal"), "refused"),
        (message(WHOLE, stop_reason="model_context_window_exceeded"), "context window"),
        (message(WHOLE, stop_reason="pause_turn"), "paused"),
        (message(WHOLE, stop_reason="tool_use"), "ended early (tool_use)"),
        (message(WHOLE, stop_reason="a_reason_of_tomorrow"), "ended early (a_reason_of_tomorrow)"),
        (message(WHOLE) | {"stop_reason": None}, "no reason is told"),
        (message({"type": "text", "text": "It is HDMI, 555-0100"}), "Diagnosis: json_invalid"),
        (message(), "Diagnosis: json_invalid"),
        (
            message(text(fault="ann@example.com 555-0100", confidence=7)),
            "does not fit Diagnosis: confidence less_than_equal",
        ),
        (message(text()), "fault missing, confidence missing"),
    ],
)
async def test_an_answer_that_is_no_use_is_rejected_but_counted(
    server: Any, claude: ClaudeClient, answer: dict[str, object], says: str
) -> None:
    server.answer(200, answer, request_id="req_1")

    error = await failure(claude)

    assert isinstance(error, UnusableAnswerError)
    assert isinstance(error, RejectedError)
    assert says in error.message
    assert "555" not in str(error)
    assert error.usage == Usage("claude-test-20260101", "req_1", 812, 64)
    assert pickle.loads(pickle.dumps(error)).usage == error.usage  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, fault("invalid_request_error"), RejectedError),
        (401, fault("authentication_error"), NeedsReauthError),
        (402, fault("billing_error"), RejectedError),
        (403, fault("permission_error"), NeedsReauthError),
        (413, fault("request_too_large"), RejectedError),
        (429, fault("rate_limit_error"), RateLimitedError),
        (
            429,
            fault("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}),
            RejectedError,
        ),
        (500, fault("api_error"), TransientError),
        (529, fault("overloaded_error"), TransientError),
        (502, b"<html>bad gateway</html>", TransientError),
        (529, b"<html>overloaded</html>", TransientError),
    ],
)
async def test_errors_are_classified_and_not_repeated(
    server: Any, claude: ClaudeClient, status: int, body: object, kind: type[ConnectorError]
) -> None:
    server.answer(status, body, retry_after="9")

    error = await failure(claude)

    assert type(error) is kind
    assert str(status) in error.message
    assert error.retry_after_seconds == 9.0
    assert len(server.seen) == 1


@pytest.mark.parametrize("plan", ["reset", "truncate", "half", "html", "empty"])
async def test_a_lost_answer_may_be_asked_for_again(
    server: Any, claude: ClaudeClient, plan: str
) -> None:
    if plan == "half":
        server.answer(200, b'{"id": "msg_1", "content": [')
    elif plan == "empty":
        server.answer(200, {})
    elif plan == "html":
        server.answer(200, b"<html>portal</html>", Content_Type="text/html")
    else:
        getattr(server, plan)()

    assert type(await failure(claude)) is TransientError
    assert len(server.seen) == 1


async def test_no_answer_in_time(server: Any) -> None:
    claude = ClaudeClient(
        base_url=server.url, api_key=SecretStr("hunter2"), model="m", timeout_seconds=0.1
    )
    server.hold()

    error = await failure(claude)
    await claude.aclose()

    assert type(error) is TransientError
    assert "APITimeoutError" in error.message


async def test_an_answer_that_comes_drop_by_drop_has_an_end() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as dripping:
        port = dripping.sockets[0].getsockname()[1]
        claude = ClaudeClient(
            base_url=f"http://127.0.0.1:{port}",
            api_key=SecretStr("hunter2"),
            model="m",
            timeout_seconds=0.1,
        )
        error = await failure(claude)
        await claude.aclose()

    assert type(error) is TransientError
    assert "TimeoutError" in error.message


async def test_ping_spends_nothing(server: Any, claude: ClaudeClient) -> None:
    server.answer(200, {"data": [], "has_more": False, "first_id": None, "last_id": None})

    await claude.ping()

    assert (server.seen[0].method, server.seen[0].target) == ("GET", "/v1/models?limit=1")


async def test_ping_tells_that_the_key_is_wrong(server: Any, claude: ClaudeClient) -> None:
    server.answer(401, fault("authentication_error"))

    with pytest.raises(NeedsReauthError, match="HOTROD_CLAUDE__API_KEY"):
        await claude.ping()


async def test_tokens_are_counted_before_they_are_paid(server: Any, claude: ClaudeClient) -> None:
    server.answer(200, {"input_tokens": 42})

    counted = await claude.count_tokens(system="Diagnose.", content=[TextPart("No picture.")])

    assert counted == 42
    (seen,) = server.seen
    assert seen.target == "/v1/messages/count_tokens"
    assert json.loads(seen.body) == {
        "model": "claude-test",
        "system": "Diagnose.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "No picture."}]}],
    }


async def test_calls_are_recorded_and_tried_again_only_by_order(
    server: Any, retry: RetryPolicy, waits: list[float]
) -> None:
    recorder = MemoryRecorder()
    claude = ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-test",
        timeout_seconds=5.0,
        shared=Shared(recorder=recorder),
        retry=retry,
    )
    server.answer(529, fault("overloaded_error"), request_id="req_1")
    server.answer(200, message(text(fault="HDMI port", confidence=0.9)), request_id="req_2")

    answer = await complete(claude)
    await claude.aclose()

    (call,) = recorder.calls
    assert (call.service, call.operation, call.outcome) == ("claude", "complete", "ok")
    assert (call.attempts, call.request_id, answer.request_id) == (2, "req_2", "req_2")
    assert waits == [1.0]


def paced(server: Any, limiter: MemoryLimiter, retry: RetryPolicy) -> ClaudeClient:
    return ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-test",
        timeout_seconds=5.0,
        shared=Shared(limiter=limiter),
        retry=retry,
    )


async def test_the_pace_is_the_accounts_own_once_it_is_told(
    server: Any, retry: RetryPolicy
) -> None:
    limiter = MemoryLimiter(RATE, clock=lambda: 0.0)
    claude = paced(server, limiter, retry)
    for told in ("2", "none", "0"):
        server.answer(
            200,
            message(text(fault="HDMI port", confidence=0.9)),
            anthropic_ratelimit_requests_limit=told,
        )

    await complete(claude)
    await complete(claude)
    with pytest.raises(RateLimitedError, match="our own pace"):
        await complete(claude)
    await limiter.learn(Rate(3, 60.0))
    await complete(claude)
    await claude.aclose()

    assert len(server.seen) == 3


async def test_a_told_wait_is_waited_out_by_all(
    server: Any, retry: RetryPolicy, waits: list[float]
) -> None:
    limiter = MemoryLimiter(RATE, clock=lambda: 0.0)
    claude = paced(server, limiter, retry)
    server.answer(429, fault("rate_limit_error"), retry_after="7")
    server.answer(200, message(text(fault="HDMI port", confidence=0.9)))

    await complete(claude)
    await claude.aclose()

    assert 7.0 in waits
    assert await limiter.reserve(0.0) == 7.0


async def test_a_spend_limit_is_not_tried_again(
    server: Any, retry: RetryPolicy, waits: list[float]
) -> None:
    claude = paced(server, MemoryLimiter(RATE), retry)
    details = {"error_code": "enforced_spend_limit_reached"}
    server.answer(429, fault("rate_limit_error", details=details))

    error = await failure(claude)
    await claude.aclose()

    assert type(error) is RejectedError
    assert "spend limits" in error.cure
    assert (len(server.seen), waits) == (1, [])
