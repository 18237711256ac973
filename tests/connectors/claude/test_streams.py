"""Text that is read while it is written, down to the socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.breaker import BreakerState, MemoryBreakers
from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from connectors._http.retry import RetryPolicy
from connectors.claude.budget import MemoryBudget
from connectors.claude.client import ClaudeClient
from connectors.claude.errors import UnusableAnswerError
from connectors.claude.models import TextPart
from connectors.claude.streams import TextStream

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 7},
    },
}
STOP = {"type": "message_stop"}


def piece(kind: str = "text_delta", **delta: str) -> dict[str, object]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **delta}}


def ending(reason: str = "end_turn", **usage: int) -> dict[str, object]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 64, **usage}}


def failing(kind: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": "said no to hunter2"}}


OVERLOADED = failing("overloaded_error")


def sse(*events: Mapping[str, object]) -> bytes:
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()


def plan(server: Any, *events: Mapping[str, object], **headers: str) -> None:
    server.answer(200, sse(*events), Content_Type="text/event-stream", **headers)


@pytest.fixture
def budget() -> MemoryBudget:
    return MemoryBudget(Decimal(1))


@pytest.fixture
async def claude(
    server: Any, retry: RetryPolicy, recorder: MemoryRecorder, budget: MemoryBudget
) -> AsyncIterator[ClaudeClient]:
    claude = ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=5.0,
        shared=Shared(recorder=recorder),
        retry=retry,
        budget=budget,
    )
    yield claude
    await claude.aclose()


def client(url: str, shared: Shared, timeout_seconds: float = 5.0) -> ClaudeClient:
    return ClaudeClient(
        base_url=url,
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=timeout_seconds,
        shared=shared,
    )


def stream(claude: ClaudeClient) -> TextStream:
    return claude.stream_text(
        system="Diagnose.", content=[TextPart("No picture.")], max_output_tokens=500
    )


async def failure(text: TextStream) -> tuple[list[str], ConnectorError]:
    found: list[str] = []
    try:
        async for one in text:
            found.append(one)  # noqa: PERF401 - those before the error are wanted
    except ConnectorError as error:
        return found, error
    pytest.fail("it ended well")


async def test_only_text_comes_out_and_what_it_took_is_known_after(
    server: Any, claude: ClaudeClient, recorder: MemoryRecorder, budget: MemoryBudget
) -> None:
    plan(
        server,
        START,
        {"type": "ping"},
        piece("thinking_delta", thinking="Let me see."),
        piece(text="HDMI "),
        piece(text="port"),
        ending(),
        STOP,
        request_id="req_1",
    )
    text = stream(claude)
    assert (text.usage, server.seen) == (None, [])

    pieces = [one async for one in text]

    asked = json.loads(server.seen[0].body)
    assert (asked["stream"], asked["model"], asked["max_tokens"]) == (
        True,
        "claude-sonnet-5-5",
        500,
    )
    assert "output_config" not in asked
    assert pieces == ["HDMI ", "port"]
    assert text.usage is not None
    assert (text.usage.input_tokens, text.usage.output_tokens) == (100, 64)
    assert (text.usage.cache_read_tokens, text.usage.request_id) == (7, "req_1")
    assert budget.left == Decimal(1) - Decimal("0.0008407")
    (call,) = recorder.calls
    assert (call.operation, call.outcome, call.request_id) == ("stream_text", "ok", "req_1")


async def test_counts_that_are_told_again_replace_the_first(
    server: Any, claude: ClaudeClient
) -> None:
    plan(server, START, ending(input_tokens=120), STOP)
    text = stream(claude)

    assert [one async for one in text] == []

    assert text.usage is not None
    assert text.usage.input_tokens == 120


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", TransientError),
        ("api_error", TransientError),
        ("timeout_error", TransientError),
        ("rate_limit_error", RateLimitedError),
        ("authentication_error", NeedsReauthError),
        ("invalid_request_error", RejectedError),
        ("an_error_of_tomorrow", TransientError),
    ],
)
async def test_an_error_within_a_stream_has_its_class(
    server: Any,
    claude: ClaudeClient,
    budget: MemoryBudget,
    kind: str,
    expected: type[ConnectorError],
) -> None:
    plan(server, START, piece(text="HDMI "), failing(kind))

    pieces, error = await failure(stream(claude))

    assert (pieces, type(error)) == (["HDMI "], expected)
    assert kind in error.message
    assert "hunter2" not in str(error)
    assert budget.left < 1
    assert len(server.seen) == 1


async def test_a_stream_that_ends_before_its_message_is_cut(
    server: Any, claude: ClaudeClient
) -> None:
    plan(server, START, piece(text="HDMI "))

    pieces, error = await failure(stream(claude))

    assert (pieces, type(error)) == (["HDMI "], TransientError)


async def test_a_connection_that_breaks_within_a_stream_is_transient(
    server: Any, claude: ClaudeClient
) -> None:
    body = sse(START, piece(text="HDMI "))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 500"
    server.plan.append(head + b"00\r\n\r\n" + body)

    pieces, error = await failure(stream(claude))

    assert (pieces, type(error)) == (["HDMI "], TransientError)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b"content_block_delta", b"{half"),
        (b"message_delta", b'{"type": "message_delta"}'),
        (b"content_block_delta", b'{"type": "content_block_delta"}'),
    ],
)
async def test_a_piece_that_cannot_be_read_breaks_the_stream(
    server: Any, claude: ClaudeClient, event: bytes, data: bytes
) -> None:
    body = sse(START) + b"event: " + event + b"\ndata: " + data + b"\n\n"
    server.answer(200, body, Content_Type="text/event-stream")

    assert type((await failure(stream(claude)))[1]) is TransientError


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("max_tokens", "MAX_OUTPUT_TOKENS"),
        ("refusal", "refused"),
        ("model_context_window_exceeded", "context window"),
        ("pause_turn", "paused"),
        ("a_reason_of_tomorrow", "a_reason_of_tomorrow"),
    ],
)
async def test_text_that_is_not_whole_is_told_at_its_end(
    server: Any, claude: ClaudeClient, reason: str, says: str
) -> None:
    plan(server, START, piece(text="HDMI "), ending(reason), STOP)

    pieces, error = await failure(stream(claude))

    assert (pieces, type(error)) == (["HDMI "], UnusableAnswerError)
    assert says in str(error)


async def test_streams_that_break_off_are_recorded_and_counted_as_such(
    server: Any, recorder: MemoryRecorder
) -> None:
    breakers = MemoryBreakers()
    claude = client(server.url, Shared(recorder=recorder, breakers=breakers))
    for number in range(5):
        plan(server, START, piece(text="HDMI "), OVERLOADED, request_id=f"req_{number}")
        await failure(stream(claude))

    pieces, error = await failure(stream(claude))
    await claude.aclose()

    assert (pieces, type(error)) == ([], TransientError)
    assert "left alone" in error.message
    assert [(call.outcome, call.request_id) for call in recorder.calls[:5]] == [
        ("TransientError", f"req_{number}") for number in range(5)
    ]
    assert len(server.seen) == 5


async def test_a_stream_that_is_left_early_has_been_answered(
    server: Any, recorder: MemoryRecorder
) -> None:
    breakers = MemoryBreakers()
    claude = client(server.url, Shared(recorder=recorder, breakers=breakers))
    plan(server, START, OVERLOADED)
    await failure(stream(claude))
    plan(server, START, piece(text="HDMI "), piece(text="port"), ending(), STOP)
    text = stream(claude)

    await anext(text)
    assert len(recorder.calls) == 1
    await text.aclose()
    await claude.aclose()

    assert [call.outcome for call in recorder.calls] == ["TransientError", "ok"]
    assert await breakers.read("claude") == BreakerState()


@pytest.mark.parametrize(
    "endless", [{"type": "ping"}, piece("thinking_delta", thinking="Let me see.")]
)
async def test_a_stream_has_an_end_whatever_comes_of_it(endless: dict[str, object]) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        writer.write(sse(START, piece(text="HDMI ")))
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(sse(endless))
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as dripping:
        port = dripping.sockets[0].getsockname()[1]
        recorder = MemoryRecorder()
        claude = client(f"http://127.0.0.1:{port}", Shared(recorder=recorder), 0.2)
        async with asyncio.timeout(10):
            pieces, error = await failure(stream(claude))
        await claude.aclose()

    assert (pieces, type(error)) == (["HDMI "], TransientError)
    assert "TimeoutError" in error.message
    (call,) = recorder.calls
    assert call.outcome == "TransientError"
    assert call.milliseconds >= 200


async def test_before_its_first_piece_it_is_tried_again(
    server: Any, claude: ClaudeClient, waits: list[float]
) -> None:
    server.answer(529, failing("overloaded_error"))
    plan(server, failing("overloaded_error"))
    plan(server, START, piece(text="HDMI"), ending(), STOP)

    assert [one async for one in stream(claude)] == ["HDMI"]

    assert waits == [1.0, 2.0]


async def test_who_stops_reading_leaves_nothing_open(
    server: Any, claude: ClaudeClient, budget: MemoryBudget
) -> None:
    plan(server, START, piece(text="HDMI "), piece(text="port"), ending(), STOP)
    text = stream(claude)

    assert await anext(text) == "HDMI "
    await text.aclose()

    assert [one async for one in text] == []
    assert budget.left < Decimal(1) - Decimal("0.005"), "how much was written is not known"
