from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

from connectors._http.retry import RetryPolicy
from connectors.claude.client import ClaudeClient
from connectors.claude.models import TextPart
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


CASES = {
    "claude": Case(
        service="claude",
        make=make,
        read=ask,
        read_path="/v1/messages",
        read_tries=dict.fromkeys(FAULTS, 1),  # each try costs: whoever asks decides
    )
}
