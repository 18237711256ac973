"""A server that does what a test tells it, answer by answer, down to the socket."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from connectors._http.calls import MemoryRecorder
from connectors._http.retry import RetryPolicy

_DRIP = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FaultyServer:
    """Speaks HTTP/1.1; each request gets the next of the planned answers.

    Where several are under way at once, ``at`` plans an answer for the requests of a target.
    """

    port: int = 0
    connections: int = 0
    seen: list[Seen] = field(default_factory=list)
    plan: deque[bytes | None] = field(default_factory=deque)
    routes: dict[str, bytes] = field(default_factory=dict)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    dripping: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether an endless answer has begun."""
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether who was given an endless answer has ended it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, status: int, body: object = None, **headers: str) -> None:
        """Plan an answer; a body that is not bytes is sent as JSON."""
        self.plan.append(_written(status, body, headers))

    def at(self, target: str, status: int, body: object = None, **headers: str) -> None:
        """Plan an answer for every request whose target contains a text."""
        self.routes[target] = _written(status, body, headers)

    def truncate(self) -> None:
        """Plan an answer that ends before its Content-Length."""
        self.plan.append(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")

    def reset(self) -> None:
        """Plan to take the request and reset the connection."""
        self.plan.append(b"")

    def drip(self) -> None:
        """Plan an answer that goes on for ever, byte by byte."""
        self.plan.append(_DRIP)

    def hold(self) -> None:
        """Plan to take the request and never answer."""
        self.plan.append(None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *lines = head.decode().split("\r\n")[:-2]
                pairs = (line.split(": ", 1) for line in lines)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, target, _ = request.split(" ")
                self.seen.append(Seen(method, target, headers, body))
                step = next((one for part, one in self.routes.items() if part in target), None)
                step = step or self.plan.popleft()
                if step is None:
                    await self.held.wait()
                elif not step:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, linger
                    )
                    break
                elif step == _DRIP:
                    writer.write(step)
                    self.dripping.set()
                    await _drip(reader, writer)
                    self.cut.set()
                    break
                else:
                    writer.write(step)
                    if b"Content-Length: 500" in step:
                        break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    end = asyncio.ensure_future(reader.read())
    while not end.done():
        writer.write(b" ")
        await asyncio.wait([end], timeout=0.02)


def _written(status: int, body: object, headers: dict[str, str]) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Planned\r\n{head}\r\n".encode() + raw


@pytest.fixture
async def server() -> AsyncIterator[FaultyServer]:
    faulty = FaultyServer()
    listener = await asyncio.start_server(faulty.serve, "127.0.0.1", 0)
    faulty.port = listener.sockets[0].getsockname()[1]
    yield faulty
    faulty.held.set()
    listener.close()
    assert not faulty.plan, "an answer was planned, but never asked for"


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the transport would have waited."""
    return []


@pytest.fixture
def retry(waits: list[float]) -> RetryPolicy:
    """The usual policy, without the waiting and without chance."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return RetryPolicy(sleep=sleep, chance=lambda: 0.0)


@pytest.fixture
def closed_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    """A port where nobody listens."""
    return unused_tcp_port_factory()


@pytest.fixture
def recorder() -> MemoryRecorder:
    """Keep the calls of a connector that is made with it."""
    return MemoryRecorder()
