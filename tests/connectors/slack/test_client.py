from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.retry import RetryPolicy
from connectors.slack.client import SlackClient
from connectors.slack.models import PostedMessage


@pytest.fixture
async def slack(server: Any, retry: RetryPolicy) -> AsyncIterator[SlackClient]:
    slack = SlackClient(
        base_url=f"{server.url}/api",
        bot_token=SecretStr("xoxb-hunter2"),
        timeout_seconds=5.0,
        retry=retry,
    )
    yield slack
    await slack.aclose()


async def failure(slack: SlackClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await slack.post_message("#repairs", "Hello")
    return caught.value


async def test_a_message_is_posted(server: Any, slack: SlackClient) -> None:
    server.answer(200, {"ok": True, "channel": "C1", "ts": "1503435956.000247", "message": {}})
    blocks = [{"type": "divider"}]

    posted = await slack.post_message("#repairs", "Hello", blocks)

    assert posted == PostedMessage(channel="C1", ts="1503435956.000247")
    assert server.seen[0].target == "/api/chat.postMessage"
    assert server.seen[0].headers["authorization"] == "Bearer xoxb-hunter2"
    assert json.loads(server.seen[0].body) == {
        "channel": "#repairs",
        "text": "Hello",
        "blocks": blocks,
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("not_authed", NeedsReauthError),
        ("invalid_auth", NeedsReauthError),
        ("account_inactive", NeedsReauthError),
        ("token_revoked", NeedsReauthError),
        ("ratelimited", RateLimitedError),
        ("channel_not_found", RejectedError),
        ("is_archived", RejectedError),
        ("msg_too_long", RejectedError),
        ("no_text", RejectedError),
        ("a_code_of_next_year", RejectedError),
        ("fatal_error", UnknownOutcomeError),
        ("internal_error", UnknownOutcomeError),
    ],
)
async def test_a_failure_is_a_200_that_is_not_ok(
    server: Any, slack: SlackClient, code: str, kind: type[ConnectorError]
) -> None:
    server.answer(200, {"ok": False, "error": code})

    error = await failure(slack)

    assert type(error) is kind
    assert error.message == f"answered {code}"
    assert len(server.seen) == 1


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown(
    server: Any, slack: SlackClient, fault: str
) -> None:
    getattr(server, fault)()

    assert type(await failure(slack)) is UnknownOutcomeError
    assert len(server.seen) == 1


async def test_too_fast_is_waited_out_when_short(
    server: Any, slack: SlackClient, waits: list[float]
) -> None:
    server.answer(429, {"ok": False, "error": "ratelimited"}, retry_after="2")
    server.answer(200, {"ok": True, "channel": "C1", "ts": "1.2"})

    assert (await slack.post_message("#repairs", "Hello")).ts == "1.2"
    assert waits == [2.0]


async def test_a_busy_channel_keeps_no_other_back(server: Any, retry: RetryPolicy) -> None:
    slack = SlackClient(
        base_url=f"{server.url}/api",
        bot_token=SecretStr("xoxb-hunter2"),
        timeout_seconds=5.0,
        shared=Shared(limiter=MemoryLimiter(Rate(100, 1.0))),
        retry=retry,
    )
    server.answer(429, {"ok": False, "error": "ratelimited"}, retry_after="600")
    server.answer(200, {"ok": True, "channel": "C2", "ts": "1.2"})

    with pytest.raises(RateLimitedError, match="429"):
        await slack.post_message("#busy", "Hello")
    assert (await slack.post_message("#repairs", "Hello")).ts == "1.2"
    await slack.aclose()


async def test_ping_asks_who_we_are(server: Any, slack: SlackClient) -> None:
    server.answer(503)
    server.answer(200, {"ok": True, "team": "T", "user": "bot"})

    await slack.ping()

    assert server.seen[1].target == "/api/auth.test"


@pytest.mark.parametrize(
    ("code", "kind"), [("invalid_auth", NeedsReauthError), ("internal_error", TransientError)]
)
async def test_ping_tells_what_is_wrong(
    server: Any, slack: SlackClient, code: str, kind: type[ConnectorError]
) -> None:
    server.answer(200, {"ok": False, "error": code})

    with pytest.raises(kind):
        await slack.ping()
