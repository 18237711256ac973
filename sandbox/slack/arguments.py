"""What a method's arguments must be, and who sends them."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from sandbox.credentials import CREDENTIALS, same
from sandbox.slack.channels import Channels
from sandbox.slack.limits import MethodLimits
from sandbox.state import state_of
from sandbox.windows import RateLimit

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100

Arguments = dict[str, Any]


class SlackError(Exception):
    """A refusal by its code.

    Args:
        code: in ``error``.
        retry_after: whole seconds, when it was too much.
    """

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        self.code = code
        self.retry_after = retry_after
        super().__init__(code)


async def read(request: Request) -> Arguments:
    """Read a method's arguments and check the token, and whether it is used too often.

    They are a JSON object, or a form or query whose lists and objects are JSON texts.

    Raises:
        SlackError: they can't be read, the token is not ours, or calls come too often.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        arguments = _parse(kind, body) | _decoded(dict(request.query_params))
    except (ValueError, RecursionError):
        raise SlackError("invalid_json" if "json" in kind else "invalid_form_data") from None
    _authenticate(request, arguments)
    method = request.url.path.rpartition("/")[2]
    keep(state_of(request).store(MethodLimits).of(method))
    return arguments


def keep(limit: RateLimit | None) -> None:
    """Take a call of a limit; None: there is none.

    Raises:
        SlackError: it is used up.
    """
    if limit is not None and (wait := limit.take()) is not None:
        raise SlackError("ratelimited", math.ceil(wait))


def channel_of(channels: Channels, arguments: Arguments) -> str:
    """Read the channel by id or name."""
    name = arguments.get("channel")
    channel = channels.id_of(name) if isinstance(name, str) else None
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def content_of(arguments: Arguments) -> dict[str, Any]:
    """Read what a message says: text, blocks, attachments, metadata."""
    text = arguments.get("text", "")
    blocks = _objects(arguments, "blocks", MAX_BLOCKS, "invalid_blocks")
    attachments = _objects(arguments, "attachments", MAX_ATTACHMENTS, "too_many_attachments")
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if not (text.strip() or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    return {
        "text": text,
        "blocks": blocks,
        "attachments": attachments,
        "metadata": _metadata(arguments),
    }


def whole_number(arguments: Arguments, name: str, usual: int, most: int) -> int:
    """Read a number from 1 up to a limit."""
    given = str(arguments.get(name, usual))
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given) > 0):  # noqa: PLR2004 - digits
        raise SlackError("invalid_arguments")
    return min(int(given), most)


def _parse(kind: str, body: bytes) -> Arguments:
    if not body:
        return {}
    if kind == "application/json":
        arguments = json.loads(body)
        if not isinstance(arguments, dict):
            raise SlackError("json_not_object")
        return arguments
    if kind == "application/x-www-form-urlencoded":
        return _decoded(dict(parse_qsl(body.decode())))
    raise SlackError("invalid_post_type")


def _decoded(form: dict[str, str]) -> Arguments:
    structured = {"blocks", "attachments", "metadata"} & form.keys()
    return form | {name: json.loads(form[name]) for name in structured}


def _authenticate(request: Request, arguments: Arguments) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    shown = token if scheme.lower() == "bearer" else arguments.get("token")
    if not isinstance(shown, str) or not shown:
        raise SlackError("not_authed")
    if not same(shown, CREDENTIALS.slack_token):
        raise SlackError("invalid_auth")


def _objects(arguments: Arguments, name: str, most: int, error: str) -> list[dict[str, Any]]:
    given = arguments.get(name) or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise SlackError("invalid_array_arg")
    if len(given) > most:
        raise SlackError(error)
    return given


def _metadata(arguments: Arguments) -> dict[str, Any] | None:
    given = arguments.get("metadata")
    if given is None:
        return None
    if not (
        isinstance(given, dict)
        and isinstance(given.get("event_type"), str)
        and isinstance(given.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_format")
    return {name: given[name] for name in ("event_type", "event_payload")}
