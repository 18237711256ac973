"""Calls of Anthropic's API through the vendor's own library: timed, classified, paced."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import anthropic
import httpx2
from pydantic import SecretStr

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.limits import Rate
from connectors._http.network import may_use_proxy, tls_for
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors.claude.errors import CURES, TABLE

SERVICE = "claude"

FAILURES = (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TimeoutError)
"""What the library raises; from streams also what its transport and JSON raise."""

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_BAD_DAY = 500
_WAITS = 3

Result = TypeVar("Result")
Piece = TypeVar("Piece")
Read_co = TypeVar("Read_co", covariant=True)


class Pieces(Protocol[Read_co]):
    """An answer of the library that comes in pieces."""

    def __aiter__(self) -> AsyncIterator[Read_co]:
        """Return itself."""

    async def __anext__(self) -> Read_co:
        """Wait for the next piece."""

    async def close(self) -> None:
        """Read no more of it."""


def is_not_sent(cause: BaseException) -> bool:
    """Tell whether a call failed before it was sent."""
    return isinstance(cause.__cause__, _NOT_SENT)


class Wire:
    """The library, with what all connectors do around a call.

    Args:
        base_url: root of the API.
        api_key: the key.
        timeout_seconds: longest wait for an answer, or for the next piece of a stream, pings
            aside; three times as long for all of an answer.
        shared: with the other processes that use the account.
        retry: when a call is tried again; None: never, each try costs.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None,
        retry: RetryPolicy | None,
    ) -> None:
        self._caller = Caller(SERVICE, shared, retry or RetryPolicy(tries=1))
        self.error = ErrorBuilder(SERVICE, CURES, Redactor([api_key]))
        """Builds an error of this service."""
        self._timeout_seconds = timeout_seconds
        self.longest_seconds = timeout_seconds * _WAITS
        """Longest wait for all of an answer."""
        self.api = anthropic.AsyncAnthropic(
            base_url=base_url,
            api_key=api_key.get_secret_value(),
            timeout=timeout_seconds,
            max_retries=0,
            http_client=anthropic.DefaultAsyncHttpxClient(
                verify=tls_for(base_url), trust_env=may_use_proxy(base_url)
            ),
        )

    async def call(
        self,
        operation: str,
        attempt: Callable[[Trace], Awaitable[Result]],
        *,
        writes: bool = False,
    ) -> Result:
        """Make a call, and return what came of it.

        Args:
            operation: name used in errors and records.
            attempt: makes the call once; what the library raises is classified here.
            writes: it changes something.

        Raises:
            ConnectorError: as classified, see ``errors``.
        """
        attempt = self._classified(operation, attempt, writes=writes)
        return await self._caller.call(operation, attempt, safe=not writes)

    @asynccontextmanager
    async def reading(
        self,
        operation: str,
        begin: Callable[[Trace], Awaitable[Pieces[Piece]]],
        longest_seconds: float = math.inf,
    ) -> AsyncIterator[AsyncIterator[Piece]]:
        """Make a call whose answer comes in pieces, and read them within the block.

        What the library raises within the block is classified too; the call ends with the block.

        Args:
            operation: name used in errors and records.
            begin: makes the call once, up to where it can't be made again.
            longest_seconds: wait for all pieces together; the time in between is the reader's.

        Raises:
            ConnectorError: as classified, see ``errors``.
        """
        begun = self._classified(operation, begin)

        async def attempt(trace: Trace) -> tuple[Pieces[Piece], Trace]:
            return await begun(trace), trace

        async with self._caller.lasting(operation, attempt, safe=True) as (pieces, trace):
            try:
                yield self._in_time(pieces, longest_seconds)
            except FAILURES as cause:
                raise self.failure(operation, cause, trace) from None
            finally:
                await pieces.close()

    async def _in_time(
        self, pieces: AsyncIterator[Piece], longest_seconds: float
    ) -> AsyncIterator[Piece]:
        """Wait for each piece, and for all; the library passes pings over, so they don't count."""
        clock = asyncio.get_running_loop().time
        left = longest_seconds
        while True:
            begin = clock()
            try:
                async with asyncio.timeout(min(self._timeout_seconds, left)):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            left -= clock() - begin
            yield piece

    def _classified(
        self,
        operation: str,
        attempt: Callable[[Trace], Awaitable[Result]],
        *,
        writes: bool = False,
    ) -> Callable[[Trace], Awaitable[Result]]:
        async def classified(trace: Trace) -> Result:
            try:
                async with asyncio.timeout(self.longest_seconds):
                    return await attempt(trace)
            except FAILURES as cause:
                raise self.failure(operation, cause, trace, writes=writes) from None

        return classified

    async def learn(self, headers: httpx2.Headers) -> None:
        """Go by the limit of messages that an answer tells, in requests per minute."""
        told = headers.get("anthropic-ratelimit-requests-limit", "")
        if told.isdecimal() and int(told) > 0:
            await self._caller.learn(Rate(int(told), 60.0))

    def failure(
        self, operation: str, cause: Exception, trace: Trace, *, writes: bool = False
    ) -> ConnectorError:
        """Classify what the library raised."""
        if isinstance(cause, anthropic.APIStatusError):
            return self._refused(operation, cause, trace, writes=writes)
        if type(cause) is anthropic.AnthropicError:
            return self.error(RejectedError, operation, str(cause))
        kind: type[ConnectorError] = TransientError
        if writes and not is_not_sent(cause):
            kind = UnknownOutcomeError
        return self.error(kind, operation, f"no answer ({type(cause).__name__})")

    async def aclose(self) -> None:
        """Close all connections."""
        await self.api.close()

    def _refused(
        self, operation: str, cause: anthropic.APIStatusError, trace: Trace, *, writes: bool
    ) -> ConnectorError:
        trace.request_id = cause.request_id or ""
        code = cause.error_code if cause.error_code in TABLE else cause.type
        # An error within a stream comes under the status of the stream, which was a success.
        status = cause.status_code if cause.status_code >= 400 else _BAD_DAY  # noqa: PLR2004
        return self.error(
            classify(status, code or "", write=writes, table=TABLE),
            operation,
            f"answered {cause.status_code} {cause.type or ''}: {cause.api_message or ''}",
            retry_after_seconds(cause.response.headers.get("retry-after")),
        )
