"""What Claude costs, and who says how much may be spent."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from connectors._http.errors import ConnectorError, RejectedError, UnknownOutcomeError
from connectors.claude.budget import BudgetSpentError, MemoryBudget
from connectors.claude.client import ClaudeClient
from connectors.claude.models import Question, TextPart, Usage
from connectors.claude.prices import UnknownPriceError, cost

MILLION = 1_000_000


class Answer(BaseModel):
    fault: str


def answered(model: str = "claude-sonnet-5-5", **usage: object) -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": '{"fault": "HDMI"}'}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 64, **usage},
    }


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage("claude-sonnet-5-5", "", MILLION, 0), "2"),
        (Usage("claude-sonnet-5-5", "", 0, MILLION), "10"),
        (Usage("claude-sonnet-5-5", "", MILLION, MILLION, in_batch=True), "6"),
        (Usage("claude-sonnet-4-6", "", 0, 0, cache_read_tokens=MILLION), "0.3"),
        (Usage("claude-opus-5-5", "", 0, 0, cache_read_tokens=MILLION), "0.2"),
        (Usage("claude-sonnet-4-6", "", 0, 0, cache_write_tokens=MILLION), "3.75"),
        (Usage("claude-sonnet-4-6", "", 0, 0, cache_write_hour_tokens=MILLION), "6"),
        (Usage("claude-haiku-4-5-20251001", "", MILLION, 0), "1"),
        (Usage("claude-haiku-5-5", "", 100_000, 0), "0.01"),
        (Usage("claude-haiku-5-5", "", 200_000, MILLION), "2.6"),
        (Usage("claude-haiku-5-5", "", 1, 0, cache_read_tokens=100_000), "0.0050005"),
    ],
)
def test_each_kind_of_token_has_its_price(usage: Usage, usd: str) -> None:
    assert cost(usage) == Decimal(usd)


@pytest.mark.parametrize("model", ["claude-fable-9", "gpt-4", "", "claude-sonnet-5-5-fast"])
def test_a_model_without_a_price_is_not_guessed(model: str) -> None:
    with pytest.raises(UnknownPriceError, match=r"prices\.py"):
        cost(Usage(model, "", 1, 1))


async def test_a_budget_is_spent_and_begins_anew_each_day() -> None:
    today = [date(2026, 11, 20)]
    budget = MemoryBudget(Decimal("0.10"), today=lambda: today[0])
    usage = Usage("claude-sonnet-5-5", "", 0, 1)

    first = await budget.reserve(usage, Decimal("0.07"))
    assert await budget.reserve(usage, Decimal("0.07")) is None
    assert first is not None
    today[0] = date(2026, 11, 21)
    await budget.settle(first, usage, Decimal("0.09"))

    assert budget.left == Decimal("0.10")
    today[0] = date(2026, 11, 20)
    assert budget.left == Decimal("0.01")


def client(server: Any, budget: MemoryBudget) -> ClaudeClient:
    return ClaudeClient(
        base_url=server.url,
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=5.0,
        budget=budget,
    )


async def ask(claude: ClaudeClient) -> object:
    return await claude.complete(
        system="Diagnose.", content=[TextPart("No picture.")], schema=Answer, max_output_tokens=1000
    )


async def test_all_kinds_of_tokens_are_read_from_an_answer(server: Any) -> None:
    claude = client(server, MemoryBudget(Decimal(1)))
    server.answer(
        200,
        answered(
            cache_read_input_tokens=7,
            cache_creation_input_tokens=5,
            cache_creation={"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 2},
        ),
    )

    answer: Any = await ask(claude)
    await claude.aclose()

    assert (answer.input_tokens, answer.output_tokens, answer.cache_read_tokens) == (100, 64, 7)
    assert (answer.cache_write_tokens, answer.cache_write_hour_tokens) == (3, 2)
    assert answer.prompt_tokens == 112


async def test_nothing_is_sent_past_the_budget(server: Any) -> None:
    budget = MemoryBudget(Decimal("0.0108"))
    claude = client(server, budget)
    server.answer(200, answered(), request_id="req_1")

    await ask(claude)
    with pytest.raises(BudgetSpentError) as refused:
        await ask(claude)
    with pytest.raises(BudgetSpentError):
        await anext(claude.stream_text(system="", content=[TextPart("?")], max_output_tokens=1000))
    await claude.aclose()

    assert isinstance(refused.value, RejectedError)
    assert len(server.seen) == 1
    assert budget.left == Decimal("0.0108") - Decimal("0.00084")


async def test_an_answer_of_no_use_is_paid_for_all_the_same(server: Any) -> None:
    budget = MemoryBudget(Decimal(1))
    claude = client(server, budget)
    server.answer(200, {**answered(), "stop_reason": "refusal"}, request_id="req_1")

    with pytest.raises(ConnectorError):
        await ask(claude)
    await claude.aclose()

    assert budget.left == Decimal(1) - Decimal("0.00084")


async def test_what_is_read_is_reserved_too(server: Any) -> None:
    budget = MemoryBudget(Decimal("0.10"))
    claude = client(server, budget)

    with pytest.raises(BudgetSpentError, match="HOTROD_CLAUDE__DAILY_BUDGET_CAD"):
        await claude.complete(
            system="",
            content=[TextPart("?" * 50_000)],
            schema=Answer,
            max_output_tokens=10,
        )
    await claude.aclose()

    assert (server.seen, budget.left) == ([], Decimal("0.10"))


async def test_calls_under_way_at_the_same_time_share_what_is_left(server: Any) -> None:
    claude = client(server, MemoryBudget(Decimal("0.015")))
    server.at("/v1/messages", 200, answered())

    found = await asyncio.gather(ask(claude), ask(claude), return_exceptions=True)
    await claude.aclose()

    assert [type(one) for one in found if isinstance(one, Exception)] == [BudgetSpentError]
    assert len(server.seen) == 1


@pytest.mark.parametrize(("plan", "is_kept"), [("refused", False), ("reset", True), ("html", True)])
async def test_a_call_that_was_not_done_is_given_back_and_an_unknown_one_is_not(
    server: Any, plan: str, *, is_kept: bool
) -> None:
    budget = MemoryBudget(Decimal(1))
    claude = client(server, budget)
    if plan == "refused":
        server.answer(529, {"type": "error", "error": {"type": "overloaded_error"}})
    elif plan == "html":
        server.answer(200, b"<html>portal</html>", Content_Type="text/html")
    else:
        server.reset()

    with pytest.raises(ConnectorError):
        await ask(claude)
    await claude.aclose()

    assert (budget.left < Decimal("0.99")) is is_kept


async def test_what_never_left_is_given_back(closed_port: int) -> None:
    budget = MemoryBudget(Decimal(1))
    claude = ClaudeClient(
        base_url=f"http://127.0.0.1:{closed_port}",
        api_key=SecretStr("hunter2"),
        model="claude-sonnet-5-5",
        timeout_seconds=5.0,
        budget=budget,
    )

    with pytest.raises(ConnectorError):
        await ask(claude)
    await claude.aclose()

    assert budget.left == 1


async def test_a_batch_is_booked_when_it_is_made_and_settled_once_by_its_results(
    server: Any,
) -> None:
    today = [date(2026, 11, 20)]
    budget = MemoryBudget(Decimal(1), today=lambda: today[0])
    claude = client(server, budget)
    made = {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "ended",
        "request_counts": dict.fromkeys(
            ("processing", "succeeded", "errored", "canceled", "expired"), 0
        ),
        "created_at": "2026-11-20T10:00:00Z",
        "expires_at": "2026-11-21T10:00:00Z",
        "ended_at": None,
        "results_url": f"{server.url}/results",
    }
    line = {"custom_id": "q-1", "result": {"type": "succeeded", "message": answered()}}
    server.at("/results", 200, json.dumps(line).encode(), Content_Type="application/x-jsonl")
    server.at("/v1/messages/batches", 200, made)
    question = Question("q-1", "Diagnose.", [TextPart("?")], Answer, 100_000)

    await claude.batches.create_message_batch([question])
    booked = Decimal(1) - budget.left
    with pytest.raises(BudgetSpentError):
        await claude.batches.create_message_batch([question])
    today[0] = date(2026, 11, 21)
    for _ in range(2):
        found = claude.batches.read_message_batch_results("msgbatch_1", Answer)
        assert [one.custom_id async for one in found] == ["q-1"]
    await claude.aclose()

    assert booked > Decimal("0.5")
    assert budget.left == 1
    today[0] = date(2026, 11, 20)
    assert budget.left == Decimal(1) - Decimal("0.00042")


async def test_a_batch_that_may_have_been_made_stays_booked(server: Any) -> None:
    budget = MemoryBudget(Decimal(1))
    claude = client(server, budget)
    server.answer(500, {"type": "error", "error": {"type": "api_error"}})

    with pytest.raises(UnknownOutcomeError):
        await claude.batches.create_message_batch(
            [Question("q-1", "Diagnose.", [TextPart("?")], Answer, 100_000)]
        )
    await claude.aclose()

    assert budget.left < Decimal("0.5")


async def test_an_answer_of_a_model_without_a_price_is_given_and_stays_booked(
    server: Any,
) -> None:
    budget = MemoryBudget(Decimal(1))
    claude = client(server, budget)
    server.answer(200, answered("claude-fable-9"))

    await ask(claude)
    await claude.aclose()

    assert budget.left < Decimal("0.99")
