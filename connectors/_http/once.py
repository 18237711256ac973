"""httplib2, that sends each request once."""

from __future__ import annotations

import http.client
import select
from typing import Any
from urllib.parse import urlsplit

import httplib2

from connectors._http.lines import take_line


class NotConnectedError(OSError):
    """Nothing was sent: there is no connection."""


class _Once:
    """A connection that sends each request once.

    httplib2 sends a request again, whatever its method, when the connection ends without an
    answer: a mail would go out twice. Here that end is an error, and a connection that the
    server closed meanwhile is opened anew before anything is sent.
    """

    sock: Any

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except OSError as cause:
            raise NotConnectedError(type(cause).__name__) from cause
        take_line(self.sock)

    def request(self, *parts: Any, **more: Any) -> None:  # noqa: ANN401 - http.client's
        if self.sock is not None and _has_ended(self.sock):
            self.close()  # type: ignore[attr-defined]
        take_line(self.sock)
        super().request(*parts, **more)  # type: ignore[misc]

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            answer: http.client.HTTPResponse = super().getresponse()  # type: ignore[misc]
        except (http.client.BadStatusLine, http.client.ResponseNotReady) as cause:
            raise ConnectionResetError(type(cause).__name__) from cause
        return answer


class _PlainOnce(_Once, httplib2.HTTPConnectionWithTimeout):
    pass


class _TlsOnce(_Once, httplib2.HTTPSConnectionWithTimeout):
    pass


class OnceHttp(httplib2.Http):
    """httplib2 over such connections; only one thread may use it.

    Args:
        timeout_seconds: longest wait for each of connect, write and read.
        may_use_proxy: that the environment names.
    """

    def __init__(self, timeout_seconds: float, *, may_use_proxy: bool) -> None:
        if may_use_proxy:
            super().__init__(timeout=timeout_seconds)
        else:
            super().__init__(timeout=timeout_seconds, proxy_info=None)

    def request(self, uri: str, *parts: Any, **more: Any) -> Any:  # noqa: ANN401 - httplib2's
        """Send a request; arguments as for ``httplib2.Http.request``."""
        more["connection_type"] = _PlainOnce if urlsplit(uri).scheme == "http" else _TlsOnce
        return super().request(uri, *parts, **more)


def _has_ended(sock: Any) -> bool:  # noqa: ANN401 - a socket, plain or TLS
    """Tell whether there is something to read before anything was asked: a goodbye."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
