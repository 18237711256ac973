"""An HTTP/1.1 client that costs next to nothing: one connection, one request at a time.

A client library takes more of the CPU than the gateway needs for its answer, and both share two
cores here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_ANSWER_WITHIN_SECONDS = 60.0


class ConnectionLostError(Exception):
    """The server can't be reached, or hung up before its answer was complete, twice."""


@dataclass(frozen=True)
class Answer:
    """Status, headers by their names in lower case, and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection that is kept open; it is opened anew when the server has closed it.

    A request whose answer is lost is sent once more, so send only what may be repeated.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._close()

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body and return the answer.

        Raises:
            ConnectionLostError: there was none, or not within a minute.
        """
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._address[0]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
        for _ in range(2):
            try:
                async with asyncio.timeout(_ANSWER_WITHIN_SECONDS):
                    return await self._exchange(head + body)
            except (OSError, EOFError, TimeoutError):
                self._close()
        raise ConnectionLostError

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(request)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._close()
        return Answer(int(status.split()[1]), headers, body)

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
