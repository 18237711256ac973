"""Messages that are changed, found again, and answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.slack.blocks import Button, actions, section
from connectors.slack.client import SlackClient
from connectors.slack.models import Mark, PostedMessage

SINCE = datetime(2026, 11, 21, 17, tzinfo=UTC)
MARK = Mark("repair_quote", {"ticket": "NL-1042"})
POSTED = PostedMessage(channel="C1", ts="1.2")


@pytest.fixture
async def slack(
    server: Any, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[SlackClient]:
    slack = SlackClient(
        base_url=f"{server.url}/api",
        bot_token=SecretStr("xoxb-hunter2"),
        timeout_seconds=5.0,
        shared=Shared(recorder=recorder),
        retry=retry,
    )
    yield slack
    await slack.aclose()


def marked(ts: str, **payload: object) -> dict[str, object]:
    mark = {"event_type": "repair_quote", "event_payload": payload}
    return {"ts": ts, "text": "x", "metadata": mark}


def query(request: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.target).query)


def test_buttons_are_written_as_block_kit() -> None:
    assert section("*NL-1042*")["text"] == {"type": "mrkdwn", "text": "*NL-1042*"}
    plain, careful = actions(
        Button("approve", "Approve", "NL-1042", "primary"),
        Button("drop", "Drop", question="Really?"),
    )["elements"]
    assert plain == {
        "type": "button",
        "action_id": "approve",
        "text": {"type": "plain_text", "text": "Approve"},
        "value": "NL-1042",
        "style": "primary",
    }
    assert careful["confirm"]["text"] == {"type": "plain_text", "text": "Really?"}
    assert careful.keys().isdisjoint({"style", "value"})


async def test_a_message_carries_its_mark(server: Any, slack: SlackClient) -> None:
    server.answer(200, {"ok": True, "channel": "C1", "ts": "1.2"})

    await slack.post_message("#repairs", "Hello", mark=MARK)

    assert json.loads(server.seen[0].body)["metadata"] == {
        "event_type": "repair_quote",
        "event_payload": {"ticket": "NL-1042"},
    }


async def test_a_message_is_changed_and_that_may_be_repeated(
    server: Any, slack: SlackClient
) -> None:
    server.reset()
    server.answer(200, {"ok": True, "channel": "C1", "ts": "1.2", "text": "Done"})

    await slack.update_message(POSTED, "Done")

    assert server.seen[1].target == "/api/chat.update"
    expected = {"channel": "C1", "ts": "1.2", "text": "Done", "blocks": []}
    assert json.loads(server.seen[1].body) == expected


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("message_not_found", ServiceNotFoundError),
        ("cant_update_message", RejectedError),
        ("edit_window_closed", RejectedError),
        ("missing_scope", NeedsReauthError),
        ("fatal_error", TransientError),
    ],
)
async def test_a_message_that_cannot_be_changed(
    server: Any, slack: SlackClient, code: str, kind: type[ConnectorError]
) -> None:
    for _ in range(3 if kind is TransientError else 1):
        server.answer(200, {"ok": False, "error": code})

    with pytest.raises(ConnectorError, match=code) as caught:
        await slack.update_message(POSTED, "Done")

    assert type(caught.value) is kind


async def test_a_message_is_found_by_its_mark_on_any_page(server: Any, slack: SlackClient) -> None:
    others = [{"ts": "4.0"}, marked("3.0"), marked("2.0", ticket="NL-1")]
    follow = {"next_cursor": "next"}
    server.answer(200, {"ok": True, "messages": others, "response_metadata": follow})
    server.answer(200, {"ok": True, "messages": [marked("1.2", ticket="NL-1042", by="me")]})

    assert await slack.find_message("C1", MARK, since=SINCE) == POSTED

    first, second = (query(request) for request in server.seen)
    assert server.seen[0].target.startswith("/api/conversations.history?")
    assert (first["channel"], first["include_all_metadata"]) == (["C1"], ["true"])
    assert first["oldest"] == ["1795280400.000000"]
    assert "cursor" not in first
    assert second["cursor"] == ["next"]


async def test_a_channel_is_asked_by_name_once(server: Any, slack: SlackClient) -> None:
    listed = {"ok": True, "channels": [{"id": "C9", "name": "x"}, {"id": "C1", "name": "repairs"}]}
    server.answer(200, {**listed, "response_metadata": {"next_cursor": ""}})
    server.answer(200, {"ok": True, "messages": []})
    server.answer(200, {"ok": True, "messages": []})

    for _ in range(2):
        assert await slack.find_message("#Repairs", MARK, since=SINCE) is None

    methods = [urlsplit(request.target).path.rpartition("/")[2] for request in server.seen]
    assert methods == ["conversations.list", "conversations.history", "conversations.history"]
    assert query(server.seen[1])["channel"] == ["C1"]


async def test_a_channel_that_the_bot_does_not_see_is_told(server: Any, slack: SlackClient) -> None:
    server.answer(200, {"ok": True, "channels": []})

    with pytest.raises(RejectedError, match="no such channel"):
        await slack.find_message("#secret", MARK, since=SINCE)


async def test_a_press_is_answered_without_our_token(server: Any, slack: SlackClient) -> None:
    server.reset()
    server.answer(200, b"ok")

    await slack.respond(f"{server.url}/actions/T1/abc", "Approved", [section("Approved")])

    request = server.seen[1]
    assert request.target == "/actions/T1/abc"
    assert "authorization" not in request.headers
    assert json.loads(request.body) == {
        "text": "Approved",
        "replace_original": True,
        "blocks": [section("Approved")],
    }


async def test_an_answer_below_is_not_repeated(server: Any, slack: SlackClient) -> None:
    server.reset()

    with pytest.raises(UnknownOutcomeError):
        await slack.respond(f"{server.url}/actions/T1/abc", "And more", replaces=False)

    assert len(server.seen) == 1


async def test_presses_are_answered_on_one_connection_and_recorded(
    server: Any, slack: SlackClient, recorder: MemoryRecorder
) -> None:
    server.answer(200, b"ok")
    server.answer(404, b"used_url")
    server.answer(200, b"ok")

    await slack.respond(f"{server.url}/actions/T1/abc", "Approved")
    with pytest.raises(ServiceNotFoundError):
        await slack.respond(f"{server.url}/actions/T1/abc", "Approved")
    await slack.respond(f"{server.url}/actions/T1/def", "And more", replaces=False)

    assert server.connections == 1
    assert [(call.service, call.operation, call.outcome) for call in recorder.calls] == [
        ("slack", "respond", "ok"),
        ("slack", "respond", "ServiceNotFoundError"),
        ("slack", "respond", "ok"),
    ]


@pytest.mark.parametrize("code", [b"expired_url", b"used_url"])
async def test_an_answer_that_comes_too_late(server: Any, slack: SlackClient, code: bytes) -> None:
    server.answer(404, code)

    with pytest.raises(ServiceNotFoundError, match=code.decode()):
        await slack.respond(f"{server.url}/actions/T1/abc", "Approved")


async def test_an_answer_goes_to_slack_alone(server: Any, slack: SlackClient) -> None:
    with pytest.raises(RejectedError) as caught:
        await slack.respond("http://169.254.169.254/secret", "Approved")

    assert "169.254" not in str(caught.value)
    assert server.seen == []
