"""exchangelib, held to one try: its calls in threads, its errors in our classes."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

from exchangelib import BASIC, IMPERSONATION, NTLM, UTC, Account, Configuration, Credentials
from exchangelib.errors import ResponseMessageError, SessionPoolMinSizeReached
from exchangelib.protocol import FailFast, Protocol
from exchangelib.version import EXCHANGE_2010_SP2, Version
from pydantic import SecretStr
from requests import Response, Session
from requests.exceptions import (
    ConnectTimeout,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    RequestException,
)
from urllib3.exceptions import NewConnectionError

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.client import WAITS
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    NeedsReauthError,
    Problem,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.lines import put_on_line
from connectors._http.network import may_use_proxy
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors._http.threads import Threads
from connectors.mail.errors import (
    EWS_BAD_CERTIFICATE,
    EWS_CURES,
    EWS_TABLE,
    read_ews_back_off,
    read_ews_fault,
)

SERVICE = "mail"
Login = Literal["basic", "ntlm"]
Result = TypeVar("Result")

# It logs addresses at DEBUG, and whole messages at ERROR when a request can't be sent.
logging.getLogger("exchangelib").setLevel(logging.CRITICAL)

_CONNECTIONS = 5
_AUTH_TYPES = {"basic": BASIC, "ntlm": NTLM}
_NOT_SENT = (ConnectTimeout, NewConnectionError)
_NO_URL = (InvalidSchema, InvalidURL, MissingSchema)
_OK, _UNDERSTOOD = 200, 400
_BUSY = "ErrorServerBusy"

_trace: ContextVar[Trace] = ContextVar("trace")


class EwsCalls:
    """Calls of an Exchange server, a few at a time, each made once.

    Args:
        endpoint: URL of the service.
        username: service account.
        password: its password.
        login: how the account proves itself.
        timeout_seconds: longest wait for connect and for each read; three times as long for all of
            a request.
        shared: with the other processes that use the account.
        retry: when safe calls are tried again.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        username: str,
        password: SecretStr,
        login: Login,
        timeout_seconds: float,
        shared: Shared | None,
        retry: RetryPolicy | None,
    ) -> None:
        self._threads = Threads("ews", _CONNECTIONS, timeout_seconds * WAITS)
        self._caller = Caller(SERVICE, shared, retry, slots=self._threads.slots)
        self._error = ErrorBuilder(SERVICE, EWS_CURES, Redactor([password]))
        self._config = Configuration(
            credentials=_Login(username, password.get_secret_value()),
            service_endpoint=endpoint,
            auth_type=_AUTH_TYPES[login],
            version=Version(build=EXCHANGE_2010_SP2),
            retry_policy=_Once(),
            max_connections=_CONNECTIONS,
        )
        # Accounts take the connections of their configuration from exchangelib's cache.
        self.connections = _Connections(config=self._config)
        self.connections.TIMEOUT = timeout_seconds

    def account(self, mailbox: str) -> Any:  # noqa: ANN401 - exchangelib has no types
        """Return an exchangelib account that acts as the owner of a mailbox; costs nothing."""
        return Account(
            mailbox,
            access_type=IMPERSONATION,
            config=self._config,
            default_timezone=UTC,
            locale="en_US",
        )

    async def call(self, operation: str, act: Callable[[], Result], *, safe: bool) -> Result:
        """Call a function that uses exchangelib in a thread, and return its result.

        Args:
            operation: name used in errors and records.
            act: makes one request that changes something, or any that don't.
            safe: repeating it changes nothing.

        Raises:
            ConnectorError: as classified, see ``connectors.mail.errors.EWS_TABLE``.
        """

        async def attempt(trace: Trace) -> Result:
            def traced() -> Result:
                _trace.set(trace)
                return act()

            try:
                return await self._threads.run(traced)
            except Exception as cause:  # noqa: BLE001 - at odd answers exchangelib fails in any way
                raise self._classified(operation, cause, safe=safe) from None

        return await self._caller.call(operation, attempt, safe=safe)

    def close(self) -> None:
        """Close all connections; calls under way end by themselves."""
        self._threads.close()
        with suppress(KeyError):
            del Protocol[self._config]
        self.connections.close()

    def _classified(self, operation: str, cause: Exception, *, safe: bool) -> ConnectorError:
        causes = list(_chain(cause))
        network = next((one for one in causes if isinstance(one, RequestException)), None)
        if network is not None:
            return self._unanswered(operation, network, causes, safe=safe)
        wait: float | None = None
        match cause:
            case _RefusedError(status=status, problem=(code, text), wait=wait):
                kind = self._kind(status, code, safe=safe)
                message = f"answered {status} {code} {text}"
            case ResponseMessageError():
                code = type(cause).__name__
                kind = self._kind(_OK, code, safe=safe)
                message = f"answered {code} {cause}"
            case TimeoutError():
                kind, message = _lost(safe=safe), "no answer (TimeoutError)"
            case PermissionError():
                kind, message = NeedsReauthError, "it refused to log us in by NTLM"
            case ValueError():
                kind, message = RejectedError, "an argument can't be sent"
            case _:
                kind = _lost(safe=safe)
                message = f"its answer can't be read ({type(cause).__name__})"
        return self._error(kind, operation, message, wait)

    def _unanswered(
        self,
        operation: str,
        network: RequestException,
        causes: list[BaseException],
        *,
        safe: bool,
    ) -> ConnectorError:
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
            message = "its certificate is not trusted"
            return self._error(RejectedError, operation, message, cure=EWS_BAD_CERTIFICATE)
        kind = _lost(safe=safe)
        if isinstance(network, _NO_URL):
            kind = RejectedError
        elif any(isinstance(one, _NOT_SENT) for one in causes):
            kind = TransientError
        return self._error(kind, operation, f"no answer ({type(network).__name__})")

    def _kind(self, status: int, code: str, *, safe: bool) -> type[ConnectorError]:
        """Classify an answer; a code says that the request was understood, whatever the status."""
        return classify(_UNDERSTOOD if code else status, code, write=not safe, table=EWS_TABLE)


class _Login(Credentials):  # type: ignore[misc]
    """Equal to nothing but itself, so that connections are not shared by who has the same name."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class _Connections(Protocol):  # type: ignore[misc]
    """The connections of one ``EwsCalls``; an overloaded server does not make it try again."""

    RETRY_WAIT = 0

    def decrease_poolsize(self) -> None:
        raise SessionPoolMinSizeReached("the number of connections stays")

    @classmethod
    def raw_session(cls, prefix: str, **more: Any) -> Session:  # noqa: ANN401
        session: Session = super().raw_session(prefix, **more)
        session.trust_env = may_use_proxy(prefix)
        adapter: Any = session.get_adapter(prefix)
        put_on_line(adapter.poolmanager)
        return session


class _RefusedError(Exception):
    """An answer that refuses the whole request.

    Args:
        status: of HTTP.
        problem: what a SOAP fault says; empty if it is none.
        wait: seconds that it asks us to stay away; None: it doesn't.
    """

    def __init__(self, status: int, problem: Problem, wait: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.problem = problem
        self.wait = wait


class _Once(FailFast):  # type: ignore[misc]
    """Lets no request be made again, and reads what exchangelib overlooks in the answers.

    An answer of status 200 may hold, deep within, that the server is busy, and for how long.
    """

    def raise_response_errors(self, response: Response) -> None:
        _trace.get().request_id = response.headers.get("request-id", "")
        wait = read_ews_back_off(response.content)
        if response.status_code != _OK:
            told = retry_after_seconds(response.headers.get("retry-after"))
            problem = read_ews_fault(response.content)
            raise _RefusedError(response.status_code, problem, told if wait is None else wait)
        if wait is not None:
            raise _RefusedError(_OK, Problem(_BUSY), wait)


def _lost(*, safe: bool) -> type[ConnectorError]:
    """Return what it means that an answer was lost on the way."""
    return TransientError if safe else UnknownOutcomeError


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and all that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
