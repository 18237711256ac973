from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

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
from connectors.slack.models import Mark, PostedMessage


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


@pytest.fixture
def limiters() -> dict[str, tuple[Rate, MemoryLimiter]]:
    """What was made for methods and channels: its rate and its limiter."""
    return {}


@pytest.fixture
async def paced(
    server: Any, retry: RetryPolicy, limiters: dict[str, tuple[Rate, MemoryLimiter]]
) -> AsyncIterator[SlackClient]:
    """A client that keeps the pace of each method and channel, on a clock that stands still."""

    def limits(limited: str, rate: Rate) -> MemoryLimiter:
        assert limited not in limiters, "each is asked for once, and kept"
        limiters[limited] = (rate, MemoryLimiter(rate, lambda: 1000.0))
        return limiters[limited][1]

    paced = SlackClient(
        base_url=f"{server.url}/api",
        bot_token=SecretStr("xoxb-hunter2"),
        timeout_seconds=5.0,
        limits=limits,
        retry=retry,
    )
    yield paced
    await paced.aclose()


async def test_a_busy_channel_keeps_its_own_messages_back_and_no_other(
    server: Any, paced: SlackClient
) -> None:
    server.answer(429, {"ok": False, "error": "ratelimited"}, retry_after="600")
    server.answer(200, {"ok": True, "channel": "C2", "ts": "1.2"})
    server.answer(200, {"ok": True, "channel": "C2", "ts": "1.2"})

    with pytest.raises(RateLimitedError, match="429"):
        await paced.post_message("#busy", "Hello")
    with pytest.raises(RateLimitedError, match="the service asked for, holds calls for 600 s"):
        await paced.post_message("#busy", "Hello")
    posted = await paced.post_message("#repairs", "Hello")
    await paced.update_message(posted, "Bye")

    assert len(server.seen) == 3


async def test_each_method_and_channel_has_its_own_documented_pace(
    server: Any,
    paced: SlackClient,
    limiters: dict[str, tuple[Rate, MemoryLimiter]],
    waits: list[float],
) -> None:
    for _ in range(4):
        server.answer(200, {"ok": True, "channel": "C1", "ts": "1.2"})

    posted = await paced.post_message("#repairs", "1")
    await paced.post_message("#parts", "2")
    await paced.update_message(posted, "3")
    await paced.ping()
    assert waits == []
    server.answer(200, {"ok": True, "channel": "C1", "ts": "1.3"})
    await paced.post_message("#repairs", "4")

    assert waits == [pytest.approx(1.02)]
    assert {name: rate for name, (rate, _) in limiters.items()} == {
        "chat.update": Rate(50, 60.0),
        "conversations.history": Rate(50, 60.0),
        "conversations.list": Rate(20, 60.0),
        "#repairs": Rate(1, 1.0),
        "#parts": Rate(1, 1.0),
    }


async def test_looking_up_waits_for_the_paces_of_its_methods(
    server: Any,
    paced: SlackClient,
    limiters: dict[str, tuple[Rate, MemoryLimiter]],
) -> None:
    server.answer(200, {"ok": True, "channels": [{"id": "C1", "name": "repairs"}]})
    server.answer(200, {"ok": True, "messages": []})
    mark = Mark("repair_quote", {})

    assert await paced.find_message("#repairs", mark, since=datetime.now(UTC)) is None
    for method in ("conversations.list", "conversations.history"):
        rate, limiter = limiters[method]
        left = [await limiter.reserve(0) for _ in range(rate.calls)]
        assert [wait == 0 for wait in left].count(True) == rate.calls - 1, method


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
