"""What a call in a thread is sent over, so that it can be cut off from outside."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

Result = TypeVar("Result")


class Line:
    """The socket that a call uses; a blocking read ends when the line is cut."""

    def __init__(self) -> None:
        self._used: socket.socket | None = None
        self._is_cut = False
        self._begun = time.monotonic()

    def seconds_left(self, longest: float) -> float:
        """Return how long the request that was begun last may still take."""
        return self._begun + longest - time.monotonic()

    def carry(self, act: Callable[[], Result]) -> Result:
        """Call a function whose requests go over this line."""
        _line.set(self)
        try:
            return act()
        finally:
            self._used = None

    def take(self, used: object) -> None:
        """Begin a request, or go on with it, over a socket."""
        self._begun = time.monotonic()
        self._used = used if isinstance(used, socket.socket) else None
        # Whoever cuts at the same time sets `_is_cut` first: one of both sees the other.
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        """End what is sent over the line; its thread finds the connection closed."""
        self._is_cut = True
        used = self._used
        if used is not None:
            with suppress(OSError):
                # TLS's own shutdown would take apart what the thread is reading with.
                socket.socket.shutdown(used, socket.SHUT_RDWR)


_line: ContextVar[Line] = ContextVar("line")


def take_line(used: object) -> None:
    """Tell that the current call uses a socket."""
    line = _line.get(None)
    if line is not None:
        line.take(used)


class _OnLine:
    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        take_line(self.sock)

    def putrequest(self, *parts: Any, **more: Any) -> None:  # noqa: ANN401 - http.client's
        take_line(self.sock)
        super().putrequest(*parts, **more)  # type: ignore[misc]


class _Plain(_OnLine, HTTPConnection):
    pass


class _Tls(_OnLine, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


def put_on_line(pools: PoolManager) -> None:
    """Let the calls of urllib3 be cut off, by whatever library they are made."""
    pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
