"""What comes of a message, found out beside apprise, which says only whether it went.

Where a service asks for a wait, apprise sleeps in its thread and then posts, whoever has given up
meanwhile; and what a plugin raises, it swallows. So it never waits here, begins no request for a
message that nobody waits for, and why one was stopped is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn, TypeVar

import httpx

from connectors._http.client import class_of_silence
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RateLimitedError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.retry import retry_after_seconds

Result = TypeVar("Result")


class StoppedError(Exception):
    """Ends what apprise is about to do; the delivery knows why."""


class Delivery:
    """One message on its way to a channel, which may take several requests.

    Args:
        error: builds the channel's errors.
        http: connections for what is posted without apprise.
    """

    def __init__(self, error: ErrorBuilder, http: httpx.Client) -> None:
        self._error = error
        self._http = http
        self._may_have_arrived = False
        self._is_stopped = False
        self.failure: ConnectorError | None = None
        """Why it was stopped; None: it wasn't, or nobody waits for it anymore."""

    def carry(self, act: Callable[[], Result]) -> Result:
        """Call a function whose requests are this delivery's."""
        _current.set(self)
        return act()

    def stop(self) -> None:
        """Begin no more requests: nobody waits for the message anymore."""
        self._is_stopped = True

    def go_on(self, wait: float | None) -> None:
        """Let apprise begin a request, of which it tells no more.

        Args:
            wait: seconds that the service wants it to wait before.

        Raises:
            StoppedError: it is not to begin.
        """
        self._check()
        if wait:
            self._fail(RateLimitedError, "the service asks for a wait", wait)
        self._may_have_arrived = True

    def post(self, url: str, **parts: Any) -> None:  # noqa: ANN401 - httpx's
        """Post a part of the message.

        Raises:
            StoppedError: it was not posted, or may not have been.
        """
        self._check()
        try:
            answer = self._http.post(url, **parts)
        except httpx.RequestError as cause:
            kind = class_of_silence(cause, safe=False)
            self._fail(kind, f"no answer ({type(cause).__name__})")
        if not answer.is_success:
            status = answer.status_code
            told = retry_after_seconds(answer.headers.get("retry-after"))
            self._fail(classify(status, write=True), f"answered {status}", told)
        self._may_have_arrived = True

    def _check(self) -> None:
        if self._is_stopped:
            raise StoppedError

    def _fail(
        self, kind: type[ConnectorError], message: str, wait: float | None = None
    ) -> NoReturn:
        if self._may_have_arrived:
            kind, message, wait = UnknownOutcomeError, f"a part was sent, then: {message}", None
        self.failure = self._error(kind, "post", message, wait)
        self.stop()
        raise StoppedError


_current: ContextVar[Delivery] = ContextVar("delivery")


def throttle(last_io: object = None, wait: float | None = None) -> None:  # noqa: ARG001 - apprise's
    """Take the place of the method that apprise's plugins call before each request, to sleep.

    Raises:
        StoppedError: the request is not to begin.
    """
    _current.get().go_on(wait)


def post(url: str, **parts: Any) -> bool:  # noqa: ANN401 - httpx's
    """Post a part of the current message; return True, as plugins do.

    Raises:
        StoppedError: it was not posted, or may not have been.
    """
    _current.get().post(url, **parts)
    return True
