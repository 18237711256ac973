"""Slack's Web API: failures are HTTP 200 with ``ok: false``; only a rate limit is a 429."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.slack.arguments import SlackError, channel_of, content_of, keep, read, whole_number
from sandbox.slack.channels import Channels, PostedMessage
from sandbox.state import State

TEAM = {"team": "Sandbox", "team_id": "T00SANDBOX"}
BOT = {"user": "hotrod", "user_id": "U00HOTROD0", "bot_id": "B00HOTROD0", "app_id": "A00HOTROD0"}
USUAL_PAGE, LARGEST_PAGE = 100, 999
_TS = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)

router = APIRouter()


def error_answer(_request_id: str, error: SlackError) -> Response:
    """Build Slack's answer to a call that failed."""
    answer = JSONResponse({"ok": False, "error": error.code})
    if error.retry_after is not None:
        answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; without a status it is ``ok: false``."""
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    return JSONResponse(
        {"ok": False, "error": code or ("ratelimited" if limited else "internal_error")},
        status_code=status or HTTPStatus.OK,
        headers={} if retry_after is None else {"Retry-After": retry_after},
    )


@router.post("/chat.postMessage")
async def post_message(request: Request, state: State) -> dict[str, Any]:
    """Post a message."""
    arguments = await read(request)
    channels = state.store(Channels)
    channel, content = channel_of(channels, arguments), content_of(arguments)
    keep(channels.limit_of(channel))
    thread = arguments.get("thread_ts")
    message = PostedMessage(
        channel=channel,
        channel_name=str(arguments["channel"]),
        ts=channels.next_ts(),
        thread_ts=str(thread) if thread else None,
        **content,
    )
    channels.add(message)
    return {"ok": True, "channel": channel, "ts": message.ts, "message": shown(message)}


@router.post("/chat.update")
async def update_message(request: Request, state: State) -> dict[str, Any]:
    """Change a message; without blocks it loses those it had."""
    arguments = await read(request)
    channels = state.store(Channels)
    channel, content = channel_of(channels, arguments), content_of(arguments)
    message = channels.get(channel, str(arguments.get("ts")))
    if message is None:
        raise SlackError("message_not_found")
    content["metadata"] = content["metadata"] or message.metadata
    edited = channels.edit(message, **content)
    return {
        "ok": True,
        "channel": channel,
        "ts": edited.ts,
        "text": edited.text,
        "message": shown(edited),
    }


@router.api_route("/conversations.history", methods=["GET", "POST"])
async def history(request: Request, state: State) -> dict[str, Any]:
    """List a channel's messages, newest first; channels go by id alone."""
    arguments = await read(request)
    channel = str(arguments.get("channel"))
    if channel not in state.store(Channels).names:
        raise SlackError("channel_not_found")
    oldest, latest = _ts(arguments, "oldest", "0"), _ts(arguments, "latest", "9" * 12)
    inclusive = str(arguments.get("inclusive", "")).lower() in ("true", "1")
    kept = [one for one in state.store(Channels).messages() if one.channel == channel]
    found = [
        one
        for one in reversed(kept)
        if oldest < float(one.ts) < latest or (inclusive and float(one.ts) in (oldest, latest))
    ]
    limit = whole_number(arguments, "limit", USUAL_PAGE, LARGEST_PAGE)
    begin = _begin([one.ts for one in found], arguments.get("cursor"))
    page, has_more = found[begin : begin + limit], begin + limit < len(found)
    with_metadata = str(arguments.get("include_all_metadata", "")).lower() in ("true", "1")
    return {
        "ok": True,
        "messages": [shown(one, with_metadata=with_metadata) for one in page],
        "has_more": has_more,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        "response_metadata": {"next_cursor": page[-1].ts if has_more else ""},
    }


@router.api_route("/conversations.list", methods=["GET", "POST"])
async def list_channels(request: Request, state: State) -> dict[str, Any]:
    """List the channels that were spoken of."""
    arguments = await read(request)
    names = sorted(state.store(Channels).names.items())
    limit = whole_number(arguments, "limit", USUAL_PAGE, LARGEST_PAGE)
    begin = _begin([one for one, _ in names], arguments.get("cursor"))
    page, has_more = names[begin : begin + limit], begin + limit < len(names)
    return {
        "ok": True,
        "channels": [
            {"id": one, "name": name, "is_channel": True, "is_archived": False, "is_member": True}
            for one, name in page
        ],
        "response_metadata": {"next_cursor": page[-1][0] if has_more else ""},
    }


@router.api_route("/auth.test", methods=["GET", "POST"])
async def auth_test(request: Request) -> dict[str, Any]:
    """Tell whose token it is."""
    await read(request)
    url = str(request.base_url)
    return {"ok": True, "url": url, **TEAM, **BOT, "is_enterprise_install": False}


@router.api_route("/{_method:anything}", methods=["GET", "POST"])
async def unknown_method(_method: str) -> None:
    """Refuse what is not played here."""
    raise SlackError("unknown_method")


def shown(message: PostedMessage, *, with_metadata: bool = False) -> dict[str, Any]:
    """Write a message as Slack does."""
    written: dict[str, Any] = {
        "type": "message",
        "subtype": "bot_message",
        "text": message.text,
        "ts": message.ts,
        "username": BOT["user"],
        "bot_id": BOT["bot_id"],
    }
    if message.blocks:
        written["blocks"] = message.blocks
    if message.attachments:
        written["attachments"] = message.attachments
    if message.thread_ts:
        written["thread_ts"] = message.thread_ts
    if with_metadata and message.metadata:
        written["metadata"] = message.metadata
    return written


def _ts(arguments: dict[str, Any], name: str, usual: str) -> float:
    given = str(arguments.get(name, usual))
    if not _TS.fullmatch(given):
        raise SlackError(f"invalid_ts_{name}")
    return float(given)


def _begin(ids: list[str], cursor: object) -> int:
    """Return where the page after a cursor begins; a cursor is the last id that was shown."""
    if not cursor:
        return 0
    if cursor not in ids:
        raise SlackError("invalid_cursor")
    return ids.index(str(cursor)) + 1
