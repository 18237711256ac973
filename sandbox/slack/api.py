"""Slack's Web API: failures are HTTP 200 with ``ok: false``; only a rate limit is a 429."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.slack.channels import Channels, PostedMessage
from sandbox.state import State

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100
TEAM = {"team": "Sandbox", "team_id": "T00SANDBOX"}
BOT = {"user": "hotrod", "user_id": "U00HOTROD0", "bot_id": "B00HOTROD0", "app_id": "A00HOTROD0"}

router = APIRouter()


class SlackError(Exception):
    """A refusal by its code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def error_answer(_request_id: str, error: SlackError) -> Response:
    """Build Slack's answer to a call that failed."""
    return JSONResponse({"ok": False, "error": error.code})


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
    arguments = await _arguments(request)
    _authenticate(request, arguments)
    message = _message(state.store(Channels), arguments)
    state.store(Channels).add(message)
    shown = {
        "type": "message",
        "subtype": "bot_message",
        "text": message.text,
        "ts": message.ts,
        "username": BOT["user"],
        "bot_id": BOT["bot_id"],
    }
    if message.blocks:
        shown["blocks"] = message.blocks  # type: ignore[assignment]
    if message.attachments:
        shown["attachments"] = message.attachments  # type: ignore[assignment]
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    return {"ok": True, "channel": message.channel, "ts": message.ts, "message": shown}


@router.api_route("/auth.test", methods=["GET", "POST"])
async def auth_test(request: Request) -> dict[str, Any]:
    """Tell whose token it is."""
    _authenticate(request, await _arguments(request))
    url = str(request.base_url)
    return {"ok": True, "url": url, **TEAM, **BOT, "is_enterprise_install": False}


@router.api_route("/{_method}", methods=["GET", "POST"])
async def unknown_method(_method: str) -> None:
    """Refuse what is not played here."""
    raise SlackError("unknown_method")


async def _arguments(request: Request) -> dict[str, Any]:
    """Read a method's arguments: a JSON object, or a form whose lists are JSON texts."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            arguments = json.loads(body)
            if not isinstance(arguments, dict):
                raise SlackError("json_not_object")
            return arguments
        if kind == "application/x-www-form-urlencoded":
            form: dict[str, Any] = dict(parse_qsl(body.decode()))
            for name in {"blocks", "attachments"} & form.keys():
                form[name] = json.loads(form[name])
            return form
    except (ValueError, RecursionError):
        raise SlackError("invalid_json" if "json" in kind else "invalid_form_data") from None
    if body:
        raise SlackError("invalid_post_type")
    return {}


def _authenticate(request: Request, arguments: dict[str, Any]) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    shown = token if scheme.lower() == "bearer" else arguments.get("token")
    if not isinstance(shown, str) or not shown:
        raise SlackError("not_authed")
    if not same(shown, CREDENTIALS.slack_token):
        raise SlackError("invalid_auth")


def _message(channels: Channels, arguments: dict[str, Any]) -> PostedMessage:
    name = arguments.get("channel")
    channel = channels.id_of(name) if isinstance(name, str) else None
    if channel is None:
        raise SlackError("channel_not_found")
    text = arguments.get("text", "")
    blocks = _objects(arguments, "blocks", MAX_BLOCKS, "invalid_blocks")
    attachments = _objects(arguments, "attachments", MAX_ATTACHMENTS, "too_many_attachments")
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if not (text.strip() or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    thread = arguments.get("thread_ts")
    return PostedMessage(
        channel=channel,
        channel_name=str(name),
        ts=channels.next_ts(),
        text=text,
        blocks=blocks,
        attachments=attachments,
        thread_ts=str(thread) if thread else None,
    )


def _objects(arguments: dict[str, Any], name: str, most: int, error: str) -> list[dict[str, Any]]:
    given = arguments.get(name) or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise SlackError("invalid_array_arg")
    if len(given) > most:
        raise SlackError(error)
    return given
