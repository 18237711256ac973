"""The push resource of RFC 8030; receipts and the browser's side of the protocol aren't played."""

from __future__ import annotations

import math
import re
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from sandbox.state import State
from sandbox.webpush.encryption import UnreadableError, decrypt
from sandbox.webpush.store import Pushed, Pushes, Subscription
from sandbox.webpush.vapid import VapidError, sender_of

LARGEST_BODY_BYTES = 4096
LONGEST_TTL = 28 * 24 * 60 * 60
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_TTL = re.compile(r"[0-9]{1,10}", re.ASCII)
_OTHERS = ["GET", "PUT", "PATCH", "DELETE"]

router = APIRouter()


class PushError(Exception):
    """A refusal.

    Args:
        status: HTTP status.
        message: for a developer; RFC 8030 gives refusals no form.
        wait: seconds until it may be tried again.
    """

    def __init__(self, status: int, message: str, wait: float | None = None) -> None:
        self.status = status
        self.message = message
        self.wait = wait
        super().__init__(message)


def error_answer(_request_id: str, error: PushError) -> Response:
    """Build the answer to a call that failed."""
    answer = PlainTextResponse(error.message, status_code=error.status)
    if error.wait is not None:
        answer.headers["Retry-After"] = str(math.ceil(error.wait))
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "vapid"
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = "POST"
    return answer


def fault_answer(
    request_id: str, status: int | None, _code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.INTERNAL_SERVER_ERROR
    wait = None if retry_after is None else float(retry_after)
    return error_answer(request_id, PushError(status, HTTPStatus(status).phrase, wait))


@router.post("/{token}", status_code=201)
async def push(token: str, request: Request, state: State) -> Response:
    """Take a message for a browser."""
    pushes = state.store(Pushes)
    subscription = pushes.subscription(token)
    if subscription is None or subscription.standing == "expired":
        raise PushError(404, "There is no such subscription, or it has expired")
    if subscription.standing == "unsubscribed":
        raise PushError(410, "The browser has unsubscribed")
    _let_in(request, subscription)
    wait = pushes.limit.take()
    if wait is not None:
        raise PushError(429, "Too many messages", wait)
    message = _message(request, await request.body(), subscription)
    pushes.add(message)
    place = f"{request.base_url}webpush/message/{message.id}"
    headers = {"Location": place, "TTL": str(message.ttl)}
    return Response(status_code=HTTPStatus.CREATED, headers=headers)


@router.api_route("/{_token}", methods=_OTHERS)
async def refuse_method(_token: str) -> None:
    """Refuse all but pushing."""
    raise PushError(405, "A push resource takes POST")


@router.api_route("/{_rest:anything}", methods=["POST", *_OTHERS])
async def unknown(_rest: str) -> None:
    """Refuse what is not played here."""
    raise PushError(404, "There is no such push resource")


def _let_in(request: Request, subscription: Subscription) -> None:
    origin = f"{request.url.scheme}://{request.url.netloc}"
    try:
        sender = sender_of(request.headers.get("authorization", ""), origin)
    except VapidError as error:
        raise PushError(401 if error.is_missing else 403, str(error)) from None
    if subscription.server_key not in (None, sender):
        raise PushError(403, "The subscription was made with another key")


def _message(request: Request, body: bytes, subscription: Subscription) -> Pushed:
    ttl = request.headers.get("ttl", "")
    if not _TTL.fullmatch(ttl):
        raise PushError(400, "The TTL header must say how many seconds the message is kept")
    urgency, topic = request.headers.get("urgency", "normal"), request.headers.get("topic")
    if urgency not in _URGENCIES:
        raise PushError(400, "There is no such Urgency")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise PushError(400, "A Topic has at most 32 characters of URL-safe Base64")
    if len(body) > LARGEST_BODY_BYTES:
        raise PushError(413, f"A message has at most {LARGEST_BODY_BYTES} bytes")
    if body and request.headers.get("content-encoding") != "aes128gcm":
        raise PushError(400, "The Content-Encoding of a message must be aes128gcm")
    return Pushed(
        subscription=subscription.token,
        text=_read(body, subscription) if body else "",
        ttl=min(int(ttl), LONGEST_TTL),
        urgency=urgency,
        topic=topic,
    )


def _read(body: bytes, subscription: Subscription) -> str | None:
    """Read a message as its browser does; the push service itself couldn't."""
    try:
        return decrypt(body, subscription.key, subscription.auth).decode()
    except (UnreadableError, UnicodeDecodeError):
        return None
