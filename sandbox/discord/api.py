"""Discord's "Execute Webhook": 204 without a body; ``wait=true`` is not played."""

from __future__ import annotations

import json
import math
import time
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.body import read_form
from sandbox.credentials import CREDENTIALS, same
from sandbox.discord.store import Posts
from sandbox.state import State

LONGEST_CONTENT = 2000
LONGEST_NAME = 80
MOST_EMBEDS = 10

_USUAL = {401: (0, "401: Unauthorized"), 404: (0, "404: Not Found")}

router = APIRouter()


class DiscordError(Exception):
    """A refusal.

    Args:
        status: HTTP status.
        code: Discord's own number.
        message: for a developer.
        errors: what is wrong with which field.
    """

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors
        super().__init__(message)


class LimitedError(DiscordError):
    """Too much at once."""

    def __init__(self, wait: float) -> None:
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, 0, "You are being rate limited.")
        self.body |= {"retry_after": round(wait, 3), "global": False}


def error_answer(_request_id: str, error: DiscordError) -> Response:
    """Build Discord's answer to a call that failed."""
    answer = JSONResponse(error.body, status_code=error.status)
    if "retry_after" in error.body:
        answer.headers["Retry-After"] = str(math.ceil(error.body["retry_after"]))
        answer.headers["X-RateLimit-Remaining"] = "0"
        answer.headers["X-RateLimit-Reset"] = str(int(time.time() + error.body["retry_after"]))
    return answer


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answer = error_answer(request_id, LimitedError(float(retry_after or 1)))
        if retry_after is None:
            del answer.headers["Retry-After"]
        return answer
    number, message = _USUAL.get(status, (0, "A fault was ordered."))
    number = int(code) if code and code.isdecimal() else number
    return error_answer(request_id, DiscordError(status, number, message))


@router.post("/webhooks/{webhook_id}/{token}", status_code=204)
@router.post("/v10/webhooks/{webhook_id}/{token}", status_code=204)
async def execute_webhook(webhook_id: str, token: str, request: Request, state: State) -> Response:
    """Post a message."""
    if not webhook_id.isascii() or not webhook_id.isdecimal():
        text = "Value is not snowflake."
        raise _invalid("webhook_id", "NUMBER_TYPE_COERCE", text)
    if webhook_id != CREDENTIALS.discord_webhook:
        raise DiscordError(404, 10015, "Unknown Webhook")
    if not same(token, CREDENTIALS.discord_token):
        raise DiscordError(401, 50027, "Invalid Webhook Token")
    posts = state.store(Posts)
    wait = posts.limit.take()
    if wait is not None:
        raise LimitedError(wait)
    posts.add(*await _message(request))
    headers = {
        "X-RateLimit-Limit": str(posts.limit.calls),
        "X-RateLimit-Remaining": str(posts.limit.remaining),
        "X-RateLimit-Reset": str(int(time.time() + posts.limit.seconds)),
        "X-RateLimit-Reset-After": str(posts.limit.seconds),
        "X-RateLimit-Bucket": "sandbox",
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


@router.api_route("/{_rest:anything}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(_rest: str) -> None:
    """Refuse what is not played here."""
    raise DiscordError(404, 0, "404: Not Found")


async def _message(request: Request) -> tuple[str, str, list[dict[str, Any]]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    try:
        given = json.loads(body) if kind == "application/json" else dict(await read_form(request))
    except (ValueError, RecursionError):
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from None
    if not isinstance(given, dict):
        raise _invalid("_", "MODEL_TYPE_CONVERT", "Only dictionaries may be used.")
    name = _text(given, "username", "hotrod", LONGEST_NAME)
    content = _text(given, "content", "", LONGEST_CONTENT)
    embeds = given.get("embeds") or []
    if not isinstance(embeds, list) or not all(isinstance(one, dict) for one in embeds):
        raise _invalid("embeds", "LIST_TYPE_CONVERT", "Only iterables may be used.")
    if len(embeds) > MOST_EMBEDS:
        text = f"Must be {MOST_EMBEDS} or fewer in length."
        raise _invalid("embeds", "BASE_TYPE_MAX_LENGTH", text)
    if not content.strip() and not embeds:
        raise DiscordError(400, 50006, "Cannot send an empty message")
    return name, content, embeds


def _text(given: dict[str, Any], name: str, usual: str, most: int) -> str:
    value = given.get(name)
    if value is None:
        return usual
    if not isinstance(value, str):
        raise _invalid(name, "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if len(value) > most:
        raise _invalid(name, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    return value


def _invalid(field: str, code: str, message: str) -> DiscordError:
    errors = {field: {"_errors": [{"code": code, "message": message}]}}
    return DiscordError(400, 50035, "Invalid Form Body", errors)
