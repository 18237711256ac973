"""What the Slack connector promises, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    UnknownOutcomeError,
)
from connectors.slack.client import SlackClient

TOKEN = "xoxb-sandbox"


def client(stand_ins: Any, token: str = TOKEN) -> SlackClient:
    return SlackClient(
        base_url=f"{stand_ins.url}/slack/api", bot_token=SecretStr(token), timeout_seconds=5.0
    )


@pytest.fixture
async def slack(stand_ins: Any) -> AsyncIterator[SlackClient]:
    slack = client(stand_ins)
    yield slack
    await slack.aclose()


async def posts(stand_ins: Any) -> int:
    calls = await stand_ins.calls("slack")
    return sum("chat.postMessage" in call["path"] for call in calls)


async def test_a_message_is_posted(slack: SlackClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*NL-1042* is approved"}}]

    first = await slack.post_message("#repairs", "NL-1042 is approved", blocks)
    second = await slack.post_message("#repairs", "NL-1043 is approved")

    assert first.channel == second.channel
    assert first.channel
    assert float(first.ts) < float(second.ts)


@pytest.mark.parametrize(("channel", "text"), [("nowhere", "Hello"), ("#repairs", "")])
async def test_what_slack_refuses_is_rejected(slack: SlackClient, channel: str, text: str) -> None:
    with pytest.raises(RejectedError):
        await slack.post_message(channel, text)


async def test_a_wrong_token_needs_a_person(stand_ins: Any) -> None:
    slack = client(stand_ins, token="xoxb-wrong")

    with pytest.raises(NeedsReauthError, match="invalid_auth"):
        await slack.post_message("#repairs", "Hello")
    with pytest.raises(NeedsReauthError):
        await slack.ping()
    await slack.aclose()


@pytest.mark.parametrize("kind", ["drop_after_accept", "reset"])
async def test_a_lost_answer_is_unknown_and_not_repeated(
    stand_ins: Any, slack: SlackClient, kind: str
) -> None:
    await stand_ins.fault("slack", kind)

    with pytest.raises(UnknownOutcomeError):
        await slack.post_message("#repairs", "Hello")

    assert await posts(stand_ins) == 1


async def test_a_limit_is_told_with_its_wait(stand_ins: Any, slack: SlackClient) -> None:
    await stand_ins.fault("slack", "rate_limit", retry_after=120)

    with pytest.raises(RateLimitedError) as caught:
        await slack.post_message("#repairs", "Hello")

    assert caught.value.retry_after_seconds == 120.0


async def test_ping(slack: SlackClient) -> None:
    await slack.ping()
