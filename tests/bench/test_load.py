from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench.connection import Connection, ConnectionLostError
from bench.load import NO_ANSWER, Due, Load, Sender, steadily

Handler = Callable[[dict[str, str], bytes], Awaitable[bytes]]


def answer(status: int, body: object = None, *headers: str) -> bytes:
    content = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(head).encode() + content


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[int]:
    """A server that answers what ``handle`` makes of headers and body; b"" hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                headers = dict(line.split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers["Content-Length"]))
                written = await handle(headers, body)
                if not written:
                    return
                writer.write(written)
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def load(port: int, *requests: Due, connections: int = 1) -> Load:
    return Load(port=port, api_key="k", connections=connections, requests=list(requests))


async def test_requests_are_sent_with_key_and_idempotency_key() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def handle(headers: dict[str, str], body: bytes) -> bytes:
        seen.append((headers, body))
        return answer(202, {"ticket": f"NL-{len(seen)}"})

    async with serving(handle) as port:
        sent = await Sender.send(load(port, Due(number=4), Due(number=5, urgent=True)))
    assert [(one.number, one.status, one.ticket) for one in sent] == [
        (4, 202, "NL-1"),
        (5, 202, "NL-2"),
    ]
    assert [headers["X-API-Key"] for headers, _ in seen] == ["k", "k"]
    assert [headers["Idempotency-Key"] for headers, _ in seen] == ["bench-0-4", "bench-0-5"]
    assert [json.loads(body)["urgency"] for _, body in seen] == ["normal", "rush"]


async def test_a_request_that_waited_for_a_connection_is_charged_for_it() -> None:
    first_is_due = asyncio.Event()

    async def handle(_headers: dict[str, str], _body: bytes) -> bytes:
        if not first_is_due.is_set():
            first_is_due.set()
            await asyncio.sleep(0.2)
        return answer(202, {"ticket": "NL-1"})

    async with serving(handle) as port:
        _, second = await Sender.send(load(port, Due(number=1), Due(number=2)))
    assert second.sent - second.due > 0.1, "it was sent only when the first had its answer"
    assert second.latency >= second.sent - second.due


async def test_refusals_are_told_apart() -> None:
    answers = [answer(429, {}, "Retry-After: 3"), answer(429, {}), answer(503, {})]

    async def handle(_headers: dict[str, str], _body: bytes) -> bytes:
        return answers.pop(0)

    async with serving(handle) as port:
        sent = await Sender.send(load(port, *(Due(number=n) for n in range(3))))
    assert [one.status for one in sent] == [429, 429, 503]
    assert [one.is_refused_well for one in sent] == [True, False, False]


async def test_without_a_server_there_is_no_answer(unused_tcp_port: int) -> None:
    (sent,) = await Sender.send(load(unused_tcp_port, Due(number=1)))
    assert sent.status == NO_ANSWER


async def test_a_connection_is_used_again_and_opened_anew_when_it_was_closed() -> None:
    answers = [answer(200), b"", answer(201), answer(202, None, "Connection: close"), answer(203)]

    async def handle(_headers: dict[str, str], _body: bytes) -> bytes:
        return answers.pop(0)

    async with serving(handle) as port, Connection("127.0.0.1", port) as connection:
        got = [(await connection.post("/", {}, b"x")).status for _ in range(4)]
    assert got == [200, 201, 202, 203]


async def test_a_server_that_hangs_up_twice_is_lost() -> None:
    async def handle(_headers: dict[str, str], _body: bytes) -> bytes:
        return b""

    async with serving(handle) as port, Connection("127.0.0.1", port) as connection:
        with pytest.raises(ConnectionLostError):
            await connection.post("/", {}, b"x")


def test_a_steady_rate_is_evenly_spread() -> None:
    requests = steadily(4, 1, first_number=10)
    assert [one.number for one in requests] == [10, 11, 12, 13]
    assert [one.after_seconds for one in requests] == [0, 0.25, 0.5, 0.75]
