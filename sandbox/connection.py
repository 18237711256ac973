"""Connections that end without an answer, as networks end them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "sandbox.transport"
_RESET_ON_CLOSE = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

Transport = Any
"""asyncio's, uvloop's, or that of TLS over one of them."""


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the transport within the application's reach."""

    def on_message_begin(self) -> None:
        """Start a request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


def close(transport: Transport, *, with_reset: bool = False) -> None:
    """Close a connection at once, by an orderly end or by a TCP reset."""
    if with_reset:
        transport.get_extra_info("socket").setsockopt(*_RESET_ON_CLOSE)
    transport.abort()


async def close_http(scope: Scope, receive: Receive, *, with_reset: bool = False) -> None:
    """Close the connection of a request; return when it is closed."""
    close(scope["extensions"][_TRANSPORT]["transport"], with_reset=with_reset)
    await disconnected(receive)


async def disconnected(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def close_smtp(transport: Transport, *, with_reset: bool = False) -> None:
    """Close a session's connection; the session is canceled by that."""
    close(transport, with_reset=with_reset)
    await asyncio.get_running_loop().create_future()
