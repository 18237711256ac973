"""What lies between a client and a service: recorded calls, request ids, faults."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress

from fastapi import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Call, Calls, Service, redact_headers, summarize_body
from sandbox.connection import close_http, disconnected
from sandbox.faults import AFTER_THE_ACT, BEFORE_THE_ACT, Fault, Faults

MAX_BODY_BYTES = 32_000_000

FaultAnswer = Callable[[str, int | None, str | None, str | None], Response]
"""Builds a service's error from request id, status, code and Retry-After; None: its usual."""

_PREFIXES: dict[str, Service] = {
    "/graph/": "graph",
    "/claude/v1/": "claude",
    "/slack/api/": "slack",
}
_ID_HEADERS: dict[Service, bytes] = {
    "graph": b"request-id",
    "claude": b"request-id",
    "slack": b"x-slack-req-id",
}
_READ_FAULTS = BEFORE_THE_ACT
_WRITE_FAULTS = BEFORE_THE_ACT | AFTER_THE_ACT


class Wire:
    """ASGI middleware around the services' APIs; other paths pass untouched."""

    def __init__(
        self, app: ASGIApp, *, calls: Calls, faults: Faults, answers: Mapping[Service, FaultAnswer]
    ) -> None:
        self._app = app
        self._calls = calls
        self._faults = faults
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, unless a fault is ordered for it."""
        service = _service(scope)
        if service is None:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(service)
        scope.setdefault("state", {})["request_id"] = request_id
        body = await _read(receive)
        if body is None:
            return
        kinds = _READ_FAULTS if scope["method"] in {"GET", "HEAD"} else _WRITE_FAULTS
        fault = self._faults.take(service, scope["path"], kinds)
        kind = fault.kind if fault else None

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((_ID_HEADERS[service], request_id.encode()))
                self._record(service, scope, body, message["status"], fault)
            if kind != "drop_after_accept":
                await send(message)

        if fault and kind in {"timeout", "reset"}:
            self._record(service, scope, body, None, fault)
            await _leave_unanswered(scope, receive, fault)
            return
        if fault and kind == "slow":
            await asyncio.sleep(fault.delay)
        answering = self._answering(service, request_id, body, fault)
        await answering(scope, _replay(body, receive), answer)
        if kind == "drop_after_accept":
            await close_http(scope, receive)

    def _answering(
        self, service: Service, request_id: str, body: bytes, fault: Fault | None
    ) -> ASGIApp:
        """Return what answers a call: the service, or an error in its words."""
        failure = self._answers[service]
        if len(body) > MAX_BODY_BYTES:
            return failure(request_id, 413, None, None)
        if fault and fault.kind == "error":
            return failure(request_id, fault.status, fault.code, None)
        if fault and fault.kind == "rate_limit":
            wait = None if fault.retry_after is None else f"{fault.retry_after:g}"
            return failure(request_id, 429, fault.code, wait)
        return self._app

    def _record(
        self, service: Service, scope: Scope, body: bytes, status: int | None, fault: Fault | None
    ) -> None:
        headers = redact_headers(scope["headers"])
        self._calls.add(
            Call(
                service=service,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=status,
                fault=fault.kind if fault else None,
                headers=headers,
                body=summarize_body(headers.get("content-type", ""), body),
            )
        )


def _service(scope: Scope) -> Service | None:
    if scope["type"] != "http":
        return None
    return next((_PREFIXES[start] for start in _PREFIXES if scope["path"].startswith(start)), None)


def _request_id(service: Service) -> str:
    return f"req_{secrets.token_hex(12)}" if service == "claude" else str(uuid.uuid4())


async def _read(receive: Receive) -> bytes | None:
    """Read a request's body, up to the first chunk past the limit; None: the client left."""
    body = bytearray()
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read, then whatever comes."""
    unread = [body]

    async def replayed() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return replayed


async def _leave_unanswered(scope: Scope, receive: Receive, fault: Fault) -> None:
    try:
        if fault.kind == "timeout":
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.delay):
                    await disconnected(receive)
    finally:
        await close_http(scope, receive, with_reset=fault.kind == "reset")
