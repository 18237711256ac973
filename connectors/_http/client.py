"""One HTTP client for all services: pooled, timed, classified, careful with writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import copy
from typing import Self, TypedDict, TypeVar, Unpack

import httpx
from pydantic import BaseModel, ValidationError

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    STATUSES,
    ConnectorError,
    Cures,
    ErrorBuilder,
    ErrorTable,
    Problem,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.limits import Limiter, Rate
from connectors._http.network import may_use_proxy, tls_for
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors._http.tokens import TokenSource

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

SAFE_METHODS = frozenset({"GET", "HEAD"})
WAITS = 3
"""Time-outs that all of a request may take, connect, write and read together."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def no_problem(_response: httpx.Response) -> Problem:
    """Read nothing from the body; the status says it all."""
    return Problem()


def no_limit(_headers: httpx.Headers) -> Rate | None:
    """Read no limit from the headers."""
    return None


def accept(_answer: object) -> None:
    """Find nothing wrong with an answer."""


def class_of_silence(cause: httpx.RequestError, *, safe: bool) -> type[ConnectorError]:
    """Return the class of error for a request that got no answer.

    Args:
        cause: what httpx says of it.
        safe: repeating the request changes nothing.
    """
    if isinstance(cause, httpx.UnsupportedProtocol):
        return RejectedError
    return TransientError if safe or isinstance(cause, NOT_SENT) else UnknownOutcomeError


class Parts(TypedDict, total=False):
    """What a request carries besides its method and path; one body at most.

    ``safe`` says that repeating the request changes nothing; unsaid, GET and HEAD are safe.
    """

    safe: bool
    params: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    json: object
    data: Mapping[str, str]


def is_safe(method: str, parts: Parts) -> bool:
    """Tell whether a request may be repeated without changing anything."""
    return parts.get("safe", method in SAFE_METHODS)


class ServiceClient:
    """Calls of one service.

    A client belongs to one event loop; its connections are opened when first needed.

    Args:
        service: name used in errors and logs.
        base_url: root of the API; paths are added to it.
        timeout_seconds: longest wait for each of connect, write, read, and a free connection;
            three times as long for all of a request.
        auth: puts credentials on requests, the same on each.
        tokens: of what requests carry instead; one that is refused is renewed.
        table: the service's own lines of the error table.
        cures: the service's own sentences for ops, by class of error.
        read_problem: reads the vendor's error code and text from an answer.
        redact: masks secrets in the vendor's words.
        request_id: header in which the vendor names a request.
        read_limit: reads the account's limit from an answer's headers; None: it isn't told.
        has_one_limit: a Retry-After is for all of the account, see ``Caller``.
        shared: with the other processes that use the account.
        retry: when safe calls are tried again.
    """

    def __init__(  # noqa: PLR0913 - what services differ in
        self,
        service: str,
        base_url: str,
        *,
        timeout_seconds: float,
        auth: httpx.Auth | None = None,
        tokens: TokenSource | None = None,
        table: ErrorTable = STATUSES,
        cures: Cures | None = None,
        read_problem: Callable[[httpx.Response], Problem] = no_problem,
        redact: Redactor | None = None,
        request_id: str = "x-request-id",
        read_limit: Callable[[httpx.Headers], Rate | None] = no_limit,
        has_one_limit: bool = True,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.error = ErrorBuilder(service, cures or {}, redact or Redactor())
        """Builds an error of this service."""
        self._table = table
        self._read_problem = read_problem
        self._request_id = request_id
        self._read_limit = read_limit
        self._caller = Caller(service, shared, retry, tokens=tokens, has_one_limit=has_one_limit)
        self._longest_seconds = timeout_seconds * WAITS
        self._http = httpx.AsyncClient(
            base_url=base_url,
            auth=auth,
            timeout=timeout_seconds,
            verify=tls_for(base_url),
            trust_env=may_use_proxy(base_url),
        )

    def paced(self, limiter: Limiter | None) -> Self:
        """Return a client of the same connections, for calls that the service limits apart."""
        other = copy(self)
        other._caller = self._caller.paced(limiter)  # noqa: SLF001 - its own copy
        return other

    async def send(
        self, operation: str, method: str, path: str, **parts: Unpack[Parts]
    ) -> httpx.Response:
        """Send a request and return the answer, which is a success (2xx).

        Args:
            operation: name used in errors and logs.
            method: HTTP method.
            path: added to the base URL.
            parts: the rest of the request.

        Raises:
            ConnectorError: as classified, see ``errors``.
        """
        return await self._call(operation, method, path, parts, lambda response: response)

    async def fetch(
        self,
        into: type[Model],
        operation: str,
        method: str,
        path: str,
        *,
        check: Callable[[Model], None] = accept,
        **parts: Unpack[Parts],
    ) -> Model:
        """Send a request and return its JSON answer as a model; arguments as for ``send``.

        ``check`` raises what the answer says went wrong, where an HTTP success may be none.

        Raises:
            TransientError: the answer can't be read, and nothing was changed.
            UnknownOutcomeError: the answer to a write can't be read.
            ConnectorError: as classified, see ``errors``.
        """
        safe = is_safe(method, parts)

        def read(response: httpx.Response) -> Model:
            answer = self.read(into, operation, response, safe=safe)
            check(answer)
            return answer

        return await self._call(operation, method, path, parts, read)

    async def _call(
        self,
        operation: str,
        method: str,
        path: str,
        parts: Parts,
        read: Callable[[httpx.Response], Result],
    ) -> Result:
        """Make a call; an answer that can't be read is a failure of it like any other."""
        safe = is_safe(method, parts)

        async def attempt(trace: Trace) -> Result:
            request = self._http.build_request(
                method,
                path,
                params=parts.get("params"),
                headers=parts.get("headers"),
                content=parts.get("content"),
                json=parts.get("json"),
                data=parts.get("data"),
            )
            if trace.token:
                request.headers["Authorization"] = f"Bearer {trace.token.get_secret_value()}"
            try:
                async with asyncio.timeout(self._longest_seconds):
                    response = await self._http.send(request)
            except httpx.RequestError as cause:
                raise self._unanswered(operation, cause, safe=safe) from None
            except TimeoutError:
                endless = httpx.ReadTimeout("the answer has no end")
                raise self._unanswered(operation, endless, safe=safe) from None
            trace.request_id = response.headers.get(self._request_id, "")
            trace.is_unauthorized = response.status_code == httpx.codes.UNAUTHORIZED
            await self._caller.learn(self._read_limit(response.headers))
            if not response.is_success:
                raise self._refused(operation, response, safe=safe)
            return read(response)

        return await self._caller.call(operation, attempt, safe=safe)

    def read(
        self, into: type[Model], operation: str, response: httpx.Response, *, safe: bool = True
    ) -> Model:
        """Return a JSON answer as a model; for those of which more than the body matters.

        Raises:
            TransientError: the answer can't be read, and nothing was changed.
            UnknownOutcomeError: the answer to a write can't be read.
        """
        try:
            return into.model_validate_json(response.content)
        except ValidationError as mismatch:
            faults = sorted({fault["type"] for fault in mismatch.errors()})
        raise self.error(
            TransientError if safe else UnknownOutcomeError,
            operation,
            f"its answer ({response.status_code}, "
            f"{response.headers.get('content-type', 'no content type')}) can't be read: "
            f"{', '.join(faults)}",
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def _unanswered(
        self, operation: str, cause: httpx.RequestError, *, safe: bool
    ) -> ConnectorError:
        kind = class_of_silence(cause, safe=safe)
        return self.error(kind, operation, f"no answer ({type(cause).__name__})")

    def _refused(self, operation: str, response: httpx.Response, *, safe: bool) -> ConnectorError:
        problem = self._read_problem(response)
        status = response.status_code
        return self.error(
            classify(status, problem.code, write=not safe, table=self._table),
            operation,
            f"answered {status} {problem.code} {problem.text}",
            retry_after_seconds(response.headers.get("retry-after")),
        )
