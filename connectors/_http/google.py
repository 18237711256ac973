"""Google's own client library, one call at a time in a thread, with our tokens and our errors."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

import httplib2
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest
from pydantic import BaseModel, Field, SecretStr, ValidationError

from connectors._http.auth import OAuthTokens
from connectors._http.calls import Caller, Shared, Trace
from connectors._http.client import WAITS, accept
from connectors._http.errors import (
    ConnectorError,
    Cures,
    ErrorBuilder,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.network import may_use_proxy
from connectors._http.once import NotConnectedError, OnceHttp
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors._http.threads import Threads

ACCOUNT = "google"
"""The account of the tokens: whoever uses Google's APIs has them renewed together."""

Model = TypeVar("Model", bound=BaseModel)
Resource = TypeVar("Resource")
Result = TypeVar("Result")

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_REQUEST_ID = "x-guploader-uploadid"
_RETRY_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)")

GOOGLE_TABLE: ErrorTable = {
    "rateLimitExceeded": RateLimitedError,
    "userRateLimitExceeded": RateLimitedError,
    "quotaExceeded": RateLimitedError,
    "dailyLimitExceeded": RateLimitedError,
    "sharingRateLimitExceeded": RateLimitedError,
    "RATE_LIMIT_EXCEEDED": RateLimitedError,
    "RESOURCE_EXHAUSTED": RateLimitedError,
    "insufficientFilePermissions": RejectedError,
    "failedPrecondition": RejectedError,
}
"""Reasons that say more than the status: a 403 is a limit, a missing scope or a closed file.

Source: Drive API, "Resolve errors"; Google API errors, ``google.rpc.Code`` and ``ErrorInfo``.
"""

GOOGLE_CURES: Cures = {
    NeedsReauthError: (
        "In the Cloud console, check that the API is enabled and the consent screen is published, "
        "grant access once more, and set HOTROD_GOOGLE__REFRESH_TOKEN."
    ),
    ServiceNotFoundError: (
        "Check the id, that it is shared with the account of HOTROD_GOOGLE__REFRESH_TOKEN, and "
        "HOTROD_GOOGLE__BASE_URL, which is empty for the live service."
    ),
}


class GoogleApi(Generic[Resource]):
    """One of Google's APIs, as their library describes it; it needs no network for that.

    Args:
        service: name of the connector, used in errors and records.
        name: of the API in Google's directory, e.g. ``drive``.
        version: of the API, e.g. ``v3``.
        base_url: root of all of Google's APIs; empty: each at its own host.
        path: of this API below that root, e.g. ``drive/v3/``.
        login_url: root of the token service.
        client_id: of the OAuth client.
        client_secret: its secret.
        refresh_token: what the account's owner granted to the client.
        timeout_seconds: longest wait for each of connect, write and read; three times as long
            for all of a request.
        table: the API's own lines of the error table.
        cures: the API's own sentences for ops.
        has_one_limit: a wait that is told is for all of the account, see ``Caller``.
        shared: with the other processes that use the account.
        retry: when safe calls are tried again.
    """

    def __init__(  # noqa: PLR0913 - what Google's APIs differ in
        self,
        service: str,
        name: str,
        version: str,
        *,
        base_url: str,
        path: str,
        login_url: str,
        client_id: str,
        client_secret: SecretStr,
        refresh_token: SecretStr,
        timeout_seconds: float,
        table: ErrorTable = GOOGLE_TABLE,
        cures: Cures = GOOGLE_CURES,
        has_one_limit: bool = True,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._name = name
        self._version = version
        self._options = {"api_endpoint": f"{base_url.rstrip('/')}/{path}"} if base_url else {}
        self._may_use_proxy = may_use_proxy(base_url)
        self._timeout = timeout_seconds
        self._table = table
        self.error = ErrorBuilder(service, cures, Redactor([client_secret, refresh_token]))
        """Builds an error of this API."""
        self._tokens = OAuthTokens(
            ACCOUNT,
            login_url,
            "/token",
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            timeout_seconds=timeout_seconds,
            cures=cures,
            shared=shared,
            retry=retry,
        )
        self._threads = Threads(service, longest_seconds=timeout_seconds * WAITS)
        self._caller = Caller(
            service,
            shared,
            retry,
            slots=self._threads.slots,
            tokens=self._tokens,
            has_one_limit=has_one_limit,
        )
        self._own = threading.local()
        self._opened: list[httplib2.Http] = []

    async def send(
        self,
        operation: str,
        ask: Callable[[Resource], HttpRequest],
        *,
        safe: bool,
        check: Callable[[Any], None] = accept,
    ) -> Any:  # noqa: ANN401 - JSON, bytes, or nothing, as the request is
        """Send a request and return its answer, which is a success, as the library reads it.

        Args:
            operation: name used in errors and records.
            ask: builds the request by the library; it is called once for each attempt.
            safe: repeating the request changes nothing.
            check: raises what is wrong with the answer, which is a failure like any other then.

        Raises:
            UnknownOutcomeError: a write may have been done.
            ConnectorError: as classified, see ``errors``.
        """

        def read(answer: object) -> object:
            check(answer)
            return answer

        return await self._call(operation, ask, read, safe=safe)

    async def fetch(
        self,
        into: type[Model],
        operation: str,
        ask: Callable[[Resource], HttpRequest],
        *,
        safe: bool,
        check: Callable[[Model], None] = accept,
    ) -> Model:
        """Send a request and return its JSON answer as a model; arguments as for ``send``.

        Raises:
            TransientError: the answer can't be read, and nothing was changed.
            UnknownOutcomeError: a write may have been done, or its answer can't be read.
            ConnectorError: as classified, see ``errors``.
        """

        def read(answer: object) -> Model:
            found = self._read(into, operation, answer, safe=safe)
            check(found)
            return found

        return await self._call(operation, ask, read, safe=safe)

    async def find(
        self, into: type[Model], operation: str, ask: Callable[[Resource], HttpRequest]
    ) -> Model | None:
        """Fetch what may not be there, as ``fetch`` does; None: Google says that it isn't.

        A 404 that doesn't come from Google's API stays an error: it tells of a wrong URL.

        Raises:
            ConnectorError: as for ``fetch``.
        """

        def read(answer: object) -> Model | None:
            return self._read(into, operation, answer, safe=True)

        return await self._call(operation, ask, read, safe=True, missing=lambda: None)

    def unreadable(self, operation: str, why: str, *, safe: bool) -> ConnectorError:
        """Build the error for a success that can't be read."""
        kind = TransientError if safe else UnknownOutcomeError
        return self.error(kind, operation, f"its answer can't be read: {why}")

    async def aclose(self) -> None:
        """Close all connections."""
        self._threads.close()
        for opened in self._opened:
            opened.close()
        await self._tokens.aclose()

    @cached_property
    def _resource(self) -> Any:  # noqa: ANN401 - made from a description at run time
        return build(
            self._name,
            self._version,
            http=httplib2.Http(),
            client_options=self._options,
            static_discovery=True,
        )

    def _read(self, into: type[Model], operation: str, answer: object, *, safe: bool) -> Model:
        try:
            return into.model_validate(answer)
        except ValidationError as mismatch:
            faults = sorted({fault["type"] for fault in mismatch.errors()})
        raise self.unreadable(operation, ", ".join(faults), safe=safe)

    async def _call(
        self,
        operation: str,
        ask: Callable[[Resource], HttpRequest],
        read: Callable[[Any], Result],
        *,
        safe: bool,
        missing: Callable[[], Result] | None = None,
    ) -> Result:
        """Make a call, and read its answer; ``missing`` answers for what is not there."""

        async def attempt(trace: Trace) -> Result:
            try:
                answer = await self._answer(operation, ask, trace, safe=safe)
            except HttpError as refusal:
                if missing and _says_missing(refusal):
                    return missing()
                trace.is_unauthorized = refusal.status_code == _UNAUTHORIZED
                raise self._refused(operation, refusal, safe=safe) from None
            return read(answer)

        return await self._caller.call(operation, attempt, safe=safe)

    async def _answer(
        self,
        operation: str,
        ask: Callable[[Resource], HttpRequest],
        trace: Trace,
        *,
        safe: bool,
    ) -> Any:  # noqa: ANN401 - as `send`
        """Send a request once; refusals are left as the library tells them."""
        try:
            answer = await self._threads.run(lambda: self._execute(ask, trace))
        except (httplib2.HttpLib2Error, http.client.HTTPException, OSError) as cause:
            was_sent = not isinstance(cause, (NotConnectedError, httplib2.ServerNotFoundError))
            kind = UnknownOutcomeError if was_sent and not safe else TransientError
            raise self.error(kind, operation, f"no answer ({_name(cause)})") from None
        except UnicodeDecodeError:
            raise self.unreadable(operation, "no text", safe=safe) from None
        if isinstance(answer, str) and answer:  # what is no JSON comes as it is
            raise self.unreadable(operation, "no JSON", safe=safe)
        return answer

    def _execute(self, ask: Callable[[Resource], HttpRequest], trace: Trace) -> Any:  # noqa: ANN401
        """Send a request from the current thread, by the thread's own connections."""
        if not hasattr(self._own, "http"):
            self._own.http = OnceHttp(self._timeout, may_use_proxy=self._may_use_proxy)
            self._opened.append(self._own.http)
        authorized = AuthorizedHttp(
            Credentials(trace.token.get_secret_value()),  # type: ignore[no-untyped-call]
            self._own.http,
            max_refresh_attempts=0,
        )

        def identify(answer: httplib2.Response) -> None:
            trace.request_id = answer.get(_REQUEST_ID, "")

        request = ask(self._resource)
        request.add_response_callback(identify)
        return request.execute(http=authorized, num_retries=0)

    def _refused(self, operation: str, refusal: HttpError, *, safe: bool) -> ConnectorError:
        status, problem = refusal.status_code, read_google_problem(refusal.content)
        return self.error(
            classify(status, problem.code, write=not safe, table=self._table),
            operation,
            f"answered {status} {problem.code} {problem.text}",
            retry_after_seconds(refusal.resp.get("retry-after")) or told_wait(problem.text),
        )


class _Reason(BaseModel):
    reason: str = ""


class _Fault(BaseModel):
    message: str = ""
    status: str = ""
    errors: list[_Reason] = Field(default_factory=list)
    details: list[_Reason] = Field(default_factory=list)


class _FaultBody(BaseModel):
    error: _Fault


def read_google_problem(content: bytes) -> Problem:
    """Read an error's reason and text; the older APIs name it in ``errors``, newer in ``details``.

    Where there is no reason, the code is the canonical status, e.g. ``RESOURCE_EXHAUSTED``.
    """
    try:
        error = _FaultBody.model_validate_json(content).error
    except ValidationError:
        return Problem()
    reasons = (detail.reason for detail in (*error.errors, *error.details) if detail.reason)
    return Problem(next(reasons, error.status), error.message)


def _says_missing(refusal: HttpError) -> bool:
    is_googles = bool(read_google_problem(refusal.content).code)
    return refusal.status_code == _NOT_FOUND and is_googles


def told_wait(text: str, now: datetime | None = None) -> float | None:
    """Read from an error's text how many seconds to stay away: Gmail says it nowhere else."""
    told = _RETRY_AFTER.search(text)
    try:
        until = datetime.fromisoformat(told[1]) if told else None
    except ValueError:
        return None
    return max((until - (now or datetime.now(UTC))).total_seconds(), 0.0) if until else None


def _name(cause: BaseException) -> str:
    return str(cause) if isinstance(cause, NotConnectedError) else type(cause).__name__
