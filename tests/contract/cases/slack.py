from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.slack.client import SlackClient
from sandbox.slack.channels import Channels
from tests.contract.cases import Case


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> SlackClient:
    return SlackClient(
        base_url=f"{stand_ins.url}/slack/api",
        bot_token=SecretStr("xoxb-sandbox"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Channels).messages())


CASES = {
    "slack": Case(
        service="slack",
        make=make,
        read=lambda slack: slack.ping(),
        read_path="auth.test",
        write=lambda slack: slack.post_message("#repairs", "Hello"),
        write_path="chat.postMessage",
        written=written,
    )
}
