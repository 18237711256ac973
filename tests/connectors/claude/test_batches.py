"""Message batches, down to the socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.paging import EndlessPagingError
from connectors._http.retry import RetryPolicy
from connectors.claude.client import ClaudeClient
from connectors.claude.errors import UnusableAnswerError
from connectors.claude.models import BatchResult, Question, TextPart


class Answer(BaseModel):
    fault: str


QUESTION = Question("q-1", "Diagnose.", [TextPart("No picture.")], Answer, 500)


def client(url: str, retry: RetryPolicy) -> ClaudeClient:
    return ClaudeClient(
        base_url=url,
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=5.0,
        retry=retry,
    )


@pytest.fixture
async def claude(server: Any, retry: RetryPolicy) -> AsyncIterator[ClaudeClient]:
    claude = client(server.url, retry)
    yield claude
    await claude.aclose()


def batch(name: str = "msgbatch_1", **changes: object) -> dict[str, object]:
    counts = {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return {
        "id": name,
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": counts,
        "created_at": "2026-11-20T10:00:00Z",
        "expires_at": "2026-11-21T10:00:00Z",
        "ended_at": None,
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": None,
        **changes,
    }


def fault(kind: str, message: str = "said no") -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def answer(words: str, reason: str = "end_turn") -> dict[str, object]:
    return {
        "type": "succeeded",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": words}],
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 5},
        },
    }


def plan_results(server: Any, body: bytes) -> None:
    ended = batch(processing_status="ended", results_url=f"{server.url}/results")
    server.answer(200, ended)
    server.answer(200, body, Content_Type="application/x-jsonl")


async def read(claude: ClaudeClient) -> list[BatchResult[Answer]]:
    found = claude.batches.read_message_batch_results("msgbatch_1", Answer)
    return [one async for one in found]


async def test_what_is_asked(server: Any, claude: ClaudeClient) -> None:
    server.answer(200, batch())

    made = await claude.batches.create_message_batch([QUESTION])

    (seen,) = server.seen
    (request,) = json.loads(seen.body)["requests"]
    assert (seen.method, seen.target) == ("POST", "/v1/messages/batches")
    assert (request["custom_id"], request["params"]["model"]) == ("q-1", "claude-sonnet-5-5")
    assert request["params"]["system"] == "Diagnose."
    assert request["params"]["output_config"]["format"]["type"] == "json_schema"
    assert (made.id, made.request_counts.total, made.ended_at) == ("msgbatch_1", 1, None)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, fault("invalid_request_error"), RejectedError),
        (401, fault("authentication_error"), NeedsReauthError),
        (429, fault("rate_limit_error"), RateLimitedError),
        (500, fault("api_error"), UnknownOutcomeError),
        (504, fault("timeout_error"), UnknownOutcomeError),
        (502, b"<html>bad gateway</html>", UnknownOutcomeError),
        (200, b"<html>portal</html>", UnknownOutcomeError),
        (200, {"id": "msgbatch_1"}, UnknownOutcomeError),
    ],
)
async def test_creating_is_classified_and_not_repeated(
    server: Any, claude: ClaudeClient, status: int, body: object, kind: type[ConnectorError]
) -> None:
    server.answer(status, body)

    with pytest.raises(ConnectorError) as caught:
        await claude.batches.create_message_batch([QUESTION])

    assert type(caught.value) is kind
    assert len(server.seen) == 1


@pytest.mark.parametrize("plan", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown(
    server: Any, claude: ClaudeClient, plan: str
) -> None:
    getattr(server, plan)()

    with pytest.raises(UnknownOutcomeError, match="console"):
        await claude.batches.create_message_batch([QUESTION])


async def test_what_was_never_sent_is_not_unknown(closed_port: int, retry: RetryPolicy) -> None:
    claude = client(f"http://127.0.0.1:{closed_port}", retry)

    with pytest.raises(TransientError):
        await claude.batches.create_message_batch([QUESTION])
    await claude.aclose()


async def test_pages_are_read_to_their_end(server: Any, claude: ClaudeClient) -> None:
    first = {"data": [batch("b3"), batch("b2")], "has_more": True, "first_id": "b3"}
    server.answer(200, {**first, "last_id": "b2"})
    server.answer(200, {"data": [batch("b1")], "has_more": False, "last_id": "b1"})

    assert [one.id async for one in claude.batches.list_message_batches()] == ["b3", "b2", "b1"]

    assert [seen.target.partition("?")[2] for seen in server.seen] == [
        "limit=100",
        "after_id=b2&limit=100",
    ]


async def test_pages_without_an_end_are_left(server: Any, claude: ClaudeClient) -> None:
    for _ in range(2):
        server.answer(200, {"data": [batch("b1")], "has_more": True, "last_id": "b1"})

    with pytest.raises(EndlessPagingError):
        [one async for one in claude.batches.list_message_batches()]


async def test_each_result_says_what_came_of_its_question(
    server: Any, claude: ClaudeClient
) -> None:
    told = fault("overloaded_error", "ann@example.com said no to hunter2")
    results = {
        "good": answer('{"fault": "HDMI"}'),
        "other": answer("It is HDMI, 555-0100"),
        "refused": answer("", "refusal"),
        "failed": {"type": "errored", "error": told},
        "canceled": {"type": "canceled"},
        "expired": {"type": "expired"},
    }
    lines = [json.dumps({"custom_id": name, "result": one}) for name, one in results.items()]
    plan_results(server, "\n".join(lines).encode())

    found = {one.custom_id: one for one in await read(claude)}

    assert list(found) == list(results)
    assert found["good"].value == Answer(fault="HDMI")
    assert found["good"].usage is not None
    assert (found["good"].usage.request_id, found["good"].usage.in_batch) == ("msg_1", True)
    assert isinstance(found["other"].error, UnusableAnswerError)
    assert isinstance(found["refused"].error, UnusableAnswerError)
    assert type(found["failed"].error) is TransientError
    assert found["failed"].usage is None
    assert (found["canceled"].outcome, found["canceled"].error) == ("canceled", None)
    assert found["expired"].outcome == "expired"
    words = " ".join(str(one.error) for one in found.values())
    assert not any(secret in words for secret in ("hunter2", "example.com", "555"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"custom_id": "a", "res',
        b"<html>portal</html>",
        b'{"custom_id": "a", "result": {}}',
        b'{"custom_id": "a", "result": {"type": "errored"}}',
        b"{}",
        b"7",
    ],
)
async def test_results_that_cannot_be_read_are_read_again_by_who_asked(
    server: Any, claude: ClaudeClient, body: bytes
) -> None:
    plan_results(server, body)

    with pytest.raises(TransientError):
        await read(claude)


async def test_results_that_break_off_are_recorded_as_such(
    server: Any, recorder: MemoryRecorder
) -> None:
    claude = ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=5.0,
        shared=Shared(recorder=recorder),
    )
    ended = batch(processing_status="ended", results_url=f"{server.url}/results")
    server.answer(200, ended)
    server.answer(200, b'{"custom_id": "a", "res', request_id="req_1")

    with pytest.raises(TransientError):
        await read(claude)
    await claude.aclose()

    (call,) = recorder.calls
    assert (call.outcome, call.request_id) == ("TransientError", "req_1")


async def test_results_of_a_batch_that_has_not_ended_are_refused(
    server: Any, claude: ClaudeClient
) -> None:
    server.answer(200, batch())

    with pytest.raises(RejectedError, match="in_progress"):
        await read(claude)

    assert len(server.seen) == 1
