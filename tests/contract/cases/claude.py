from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

from connectors._http.retry import RetryPolicy
from connectors.claude.client import ClaudeClient
from connectors.claude.models import Question, TextPart
from sandbox.claude.batches import Batches
from tests.contract.cases import FAULTS, Case


class Answer(BaseModel):
    fault: str


def make(stand_ins: Any, _retry: RetryPolicy, timeout_seconds: float) -> ClaudeClient:
    return ClaudeClient(
        base_url=f"{stand_ins.url}/claude",
        api_key=SecretStr("sandbox-key"),
        model="claude-sonnet-5-5",
        timeout_seconds=timeout_seconds,
    )


async def ask(claude: ClaudeClient) -> object:
    return await claude.complete(
        system="You diagnose repairs.",
        content=[TextPart("No picture.")],
        schema=Answer,
        max_output_tokens=500,
    )


async def read_stream(claude: ClaudeClient) -> object:
    pieces = claude.stream_text(
        system="You diagnose repairs.", content=[TextPart("No picture.")], max_output_tokens=500
    )
    return [piece async for piece in pieces]


async def create_batch(claude: ClaudeClient) -> object:
    question = Question("q-1", "You diagnose repairs.", [TextPart("No picture.")], Answer, 500)
    return await claude.batches.create_message_batch([question])


async def count_batches(stand_ins: Any) -> int:
    return len(list(stand_ins.sandbox.state.store(Batches)))


CASES = {
    "claude": Case(
        service="claude",
        make=make,
        read=ask,
        read_path="/v1/messages",
        read_tries=dict.fromkeys(FAULTS, 1),  # each try costs: whoever asks decides
        write=create_batch,
        write_path="/v1/messages/batches",
        written=count_batches,
    ),
    "claude stream": Case(
        service="claude",
        make=make,
        read=read_stream,
        read_path="/v1/messages",
        read_tries=dict.fromkeys(FAULTS, 1),
    ),
}
