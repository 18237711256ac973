"""What lies between a client and a service: recorded calls, request ids, faults."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Call, Exchange, redact_headers, summarize_body
from sandbox.connection import close_http, disconnected
from sandbox.faults import AFTER_THE_ACT, BEFORE_THE_ACT, UNREADABLE, Fault
from sandbox.stand_in import Api
from sandbox.state import SandboxState

MAX_BODY_BYTES = 32_000_000

_READ_FAULTS = BEFORE_THE_ACT | UNREADABLE
_WRITE_FAULTS = BEFORE_THE_ACT | AFTER_THE_ACT
_PAGE = b"<!doctype html><title>Sign in</title><p>This page was put in the way."


class Wire:
    """ASGI middleware around the services' APIs; other paths pass untouched."""

    def __init__(self, app: ASGIApp, state: SandboxState, apis: Sequence[Api]) -> None:
        self._app = app
        self._state = state
        self._apis = sorted(apis, key=lambda api: len(api.prefix), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, unless a fault is ordered for it."""
        api = self._api(scope)
        if api is None:
            await self._app(scope, receive, send)
            return
        request_id = api.new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        body = await _read(receive)
        if body is None:
            return
        fault = self._fault(api, scope)
        kind = fault.kind if fault else None
        exchange = _exchange(api, scope, body, kind)
        begin: Message = {}
        whole = bytearray()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((api.id_header.encode(), request_id.encode()))
                self._record(api, scope, body, message["status"], fault)
                begin.update(message)
            else:
                whole.extend(message.get("body", b""))
            if kind not in AFTER_THE_ACT:
                await send(message)

        if fault and kind in {"timeout", "reset"}:
            self._record(api, scope, body, None, fault)
            await _leave_unanswered(scope, receive, fault)
            return
        if fault and kind == "slow":
            await asyncio.sleep(fault.delay)
        answering = self._answering(api, request_id, body, fault)
        await answering(scope, _replay(body, receive), answer)
        self._show(exchange, begin, bytes(whole))
        if kind in UNREADABLE:
            await _spoil(send, begin, bytes(whole), as_page=kind == "html")
        if kind in {"drop_after_accept", "truncate"}:
            await close_http(scope, receive)

    def _api(self, scope: Scope) -> Api | None:
        if scope["type"] != "http":
            return None
        path = f"{scope['path']}/"
        return next((api for api in self._apis if _is_of(api, path)), None)

    def _fault(self, api: Api, scope: Scope) -> Fault | None:
        path, asks = scope["path"], scope["method"] in {"GET", "HEAD"}
        asks = asks or any(part in path for part in api.reads)
        kinds = _READ_FAULTS if asks else _WRITE_FAULTS
        spared = any(part in path for part in api.spared)
        return self._state.faults.take(api.service, path, kinds, only_named=spared)

    def _answering(self, api: Api, request_id: str, body: bytes, fault: Fault | None) -> ASGIApp:
        """Return what answers a call: the service, or an error in its words."""
        if len(body) > MAX_BODY_BYTES:
            return api.fault_answer(request_id, 413, None, None)
        if fault and fault.kind == "error":
            return api.fault_answer(request_id, fault.status, fault.code, None)
        if fault and fault.kind == "rate_limit":
            wait = None if fault.retry_after is None else f"{fault.retry_after:g}"
            return api.fault_answer(request_id, 429, fault.code, wait)
        return self._app

    def _record(
        self, api: Api, scope: Scope, body: bytes, status: int | None, fault: Fault | None
    ) -> None:
        headers = redact_headers(scope["headers"])
        self._state.calls.add(
            Call(
                service=api.service,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=status,
                fault=fault.kind if fault else None,
                headers=headers,
                body=summarize_body(headers.get("content-type", ""), body),
            )
        )

    def _show(self, exchange: Exchange, begin: Message, body: bytes) -> None:
        for watch in self._state.watchers:
            watch(
                exchange.model_copy(
                    update={
                        "status": begin["status"],
                        "answer_headers": _texts(begin["headers"]),
                        "answer_body": body,
                    }
                )
            )


def _is_of(api: Api, path: str) -> bool:
    return any(path.startswith(f"{api.prefix}{rest}/") for rest, _ in api.routers)


def _exchange(api: Api, scope: Scope, body: bytes, fault: str | None) -> Exchange:
    return Exchange(
        service=api.service,
        method=scope["method"],
        path=scope["path"].removeprefix(api.prefix),
        query=scope["query_string"].decode("latin-1"),
        headers=_texts(scope["headers"]),
        body=body,
        fault=fault,
    )


def _texts(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]


async def _spoil(send: Send, begin: Message, body: bytes, *, as_page: bool) -> None:
    """Send half of an answer, or a page in its place."""
    if as_page:
        length = str(len(_PAGE)).encode()
        headers = [(b"content-type", b"text/html"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _PAGE})
    else:
        await send(begin)
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


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
