"""What the Slack connector promises, against the stand-in; and the vendor's client with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata
from slack_sdk.signature import SignatureVerifier

from connectors._http.errors import (
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    UnknownOutcomeError,
)
from connectors.slack.blocks import Button, actions, section
from connectors.slack.client import SlackClient
from connectors.slack.models import Mark, PostedMessage
from connectors.slack.webhook import read_interaction, verify
from sandbox.slack.channels import Channels
from tests.receiver import receiving

TOKEN = "xoxb-sandbox"
MARK = Mark("repair_quote", {"ticket": "NL-1042"})
ASKED = [section("*NL-1042* is diagnosed"), actions(Button("approve", "Approve", "NL-1042"))]


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


async def shared_post(slack: SlackClient) -> PostedMessage:
    return await slack.post_message("#repairs", "NL-1042?", ASKED, mark=MARK)


async def test_a_message_whose_answer_was_lost_is_found_by_its_mark(
    stand_ins: Any, slack: SlackClient
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    await stand_ins.fault("slack", "drop_after_accept")
    with pytest.raises(UnknownOutcomeError):
        await shared_post(slack)

    found = await slack.find_message("#repairs", MARK, since=since)
    other = await slack.find_message("#repairs", Mark("repair_quote", {"ticket": "?"}), since=since)
    later = await slack.find_message("#repairs", MARK, since=since + timedelta(minutes=2))

    assert found
    assert other is later is None
    await slack.update_message(found, "It was there")


async def test_a_channel_that_never_was_is_told(slack: SlackClient) -> None:
    with pytest.raises(RejectedError):
        await slack.find_message("#nowhere", MARK, since=datetime.now(UTC))


async def test_a_press_is_verified_read_and_answered(stand_ins: Any, slack: SlackClient) -> None:
    async with receiving() as receiver:
        url = {"url": f"{receiver.url}/slack"}
        (await stand_ins.control.put("/_control/slack/interactivity", json=url)).raise_for_status()
        posted = await shared_post(slack)
        press = {**posted.model_dump(), "action_id": "approve"}
        (await stand_ins.control.post("/_control/slack/press", json=press)).raise_for_status()
        (await stand_ins.control.post("/_control/slack/deliver?times=2")).raise_for_status()

    for got in receiver.got:
        stamp = got.headers["x-slack-request-timestamp"]
        verify(got.body, stamp, got.headers["x-slack-signature"], SecretStr("sandbox-secret"))
        assert SignatureVerifier("sandbox-secret").is_valid_request(got.body, got.headers)
    first, second = (read_interaction(got.body) for got in receiver.got)
    assert first == second
    assert (first.actions[0].action_id, first.actions[0].value) == ("approve", "NL-1042")
    assert first.container.message_ts == posted.ts
    await slack.respond(first.response_url, "Approved")
    await slack.respond(first.response_url, "Sam did it", replaces=False)
    texts = [one.text for one in stand_ins.sandbox.state.store(Channels).messages()]
    assert texts == ["Approved", "Sam did it"]


async def test_the_vendors_client_posts_changes_and_reads(stand_ins: Any) -> None:
    def act() -> None:
        vendor = WebClient(TOKEN, base_url=f"{stand_ins.url}/slack/api/")
        assert vendor.auth_test()["user"] == "hotrod"
        mark = Metadata(event_type="repair_quote", event_payload={"ticket": "NL-1042"})
        posted = [
            vendor.chat_postMessage(channel="#repairs", text=f"No. {n}", metadata=mark)
            for n in range(3)
        ]
        channel, ts = posted[0]["channel"], posted[0]["ts"]
        vendor.chat_update(channel=channel, ts=ts, text="Changed")
        pages = vendor.conversations_history(channel=channel, limit=2, include_all_metadata=True)
        texts = [one["text"] for page in pages for one in page["messages"]]
        assert texts == ["No. 2", "No. 1", "Changed"]
        assert {"general", "repairs"} == {
            one["name"] for one in vendor.conversations_list()["channels"]
        }
        with pytest.raises(SlackApiError, match="message_not_found"):
            vendor.chat_update(channel=channel, ts="1.2", text="?")

    await asyncio.to_thread(act)
