"""exchangelib, held to one try: its calls in threads, its errors in our classes."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Literal, TypeVar

from exchangelib import BASIC, IMPERSONATION, NTLM, UTC, Account, Configuration, Credentials
from exchangelib.errors import (
    ErrorServerBusy,
    EWSError,
    ResponseMessageError,
    SessionPoolMinSizeReached,
)
from exchangelib.protocol import FailFast, Protocol
from exchangelib.util import is_xml
from exchangelib.version import EXCHANGE_2010_SP2, Version
from pydantic import SecretStr
from requests import Response, Session
from requests.exceptions import ConnectTimeout, InvalidSchema, MissingSchema, RequestException
from urllib3.exceptions import NewConnectionError

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ConnectorError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.network import may_use_proxy
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors._http.threads import Threads
from connectors.mail.errors import EWS_BAD_CERTIFICATE, EWS_CURES, EWS_TABLE

SERVICE = "mail"
Login = Literal["basic", "ntlm"]
Result = TypeVar("Result")

# It logs whole messages: at DEBUG always, at ERROR when a request can't be sent.
logging.getLogger("exchangelib.util").setLevel(logging.CRITICAL)

_CONNECTIONS = 5
_AUTH_TYPES = {"basic": BASIC, "ntlm": NTLM}
_BACK_OFF = re.compile(rb'<(?:\w+:)?Value Name="BackOffMilliseconds">\s*(\d+)')
_NOT_SENT = (ConnectTimeout, NewConnectionError)
_NO_URL = (InvalidSchema, MissingSchema)
_UNDERSTOOD = 400
_OK, _SOAP_FAULT = 200, 500

_trace: ContextVar[Trace] = ContextVar("trace")


class EwsCalls:
    """Calls of an Exchange server, a few at a time, each made once.

    Args:
        endpoint: URL of the service.
        username: service account.
        password: its password.
        login: how the account proves itself.
        timeout_seconds: longest wait for connect and for each read.
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
        self._caller = Caller(SERVICE, shared, retry)
        self._threads = Threads("ews", _CONNECTIONS)
        self._redact = Redactor([password])
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
            except (EWSError, RequestException, _RefusedError, ValueError) as cause:
                raise self._classified(operation, cause, safe=safe) from None

        return await self._caller.call(operation, attempt, safe=safe)

    def close(self) -> None:
        """Close all connections; calls under way end by themselves."""
        self._threads.close()
        with suppress(KeyError):
            del Protocol[self._config]
        self.connections.close()

    def _classified(self, operation: str, cause: Exception, *, safe: bool) -> ConnectorError:
        lost: type[ConnectorError] = TransientError if safe else UnknownOutcomeError
        kind: type[ConnectorError]
        causes = list(_chain(cause))
        network = next((one for one in causes if isinstance(one, RequestException)), None)
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
            message = "its certificate is not trusted"
            return self._error(RejectedError, operation, message, cure=EWS_BAD_CERTIFICATE)
        if network is not None:
            sent = not any(isinstance(one, _NOT_SENT) for one in causes)
            kind = (
                RejectedError if isinstance(network, _NO_URL) else lost if sent else TransientError
            )
            return self._error(kind, operation, f"no answer ({type(network).__name__})")
        if isinstance(cause, _RefusedError):
            kind = classify(cause.status, write=not safe, table=EWS_TABLE)
            return self._error(kind, operation, f"answered {cause.status}", cause.wait)
        if isinstance(cause, ResponseMessageError):
            code = type(cause).__name__
            kind = classify(_UNDERSTOOD, code, write=not safe, table=EWS_TABLE)
            wait = getattr(cause, "back_off", None) or None
            return self._error(kind, operation, f"answered {code}: {cause}", wait)
        if isinstance(cause, ValueError):
            return self._error(RejectedError, operation, "an argument can't be sent")
        return self._error(lost, operation, f"its answer can't be read ({type(cause).__name__})")

    def _error(
        self,
        kind: type[ConnectorError],
        operation: str,
        message: str,
        wait: float | None = None,
        cure: str | None = None,
    ) -> ConnectorError:
        return kind(SERVICE, operation, self._redact(message), cure or EWS_CURES.get(kind), wait)


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
        return session


class _RefusedError(Exception):
    """An answer that isn't SOAP.

    Args:
        status: of HTTP.
        wait: seconds that it asks us to stay away; None: it doesn't.
    """

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.wait = wait


class _Once(FailFast):  # type: ignore[misc]
    """Lets no call be made again, and reads what exchangelib leaves in the answers."""

    def raise_response_errors(self, response: Response) -> None:
        _trace.get().request_id = response.headers.get("request-id", "")
        told = _BACK_OFF.search(response.content)
        if told is not None:
            raise ErrorServerBusy("the server is busy", back_off=int(told[1]) / 1000)
        is_soap = response.status_code == _SOAP_FAULT and is_xml(response.content)
        if response.status_code != _OK and not is_soap:
            wait = retry_after_seconds(response.headers.get("retry-after"))
            raise _RefusedError(response.status_code, wait)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and all that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
