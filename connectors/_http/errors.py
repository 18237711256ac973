"""What can go wrong with a service, classified once, at the wire.

The class says what to do next, the cure says it to a person:

- ``TransientError``: nothing was done, by a fault that may pass: try again later.
- ``RateLimitedError``: nothing was done, we asked too often: try again after the wait.
- ``NeedsReauthError``: our credentials were refused: a person renews them.
- ``ServiceNotFoundError``: what was asked for is not there: correct the name.
- ``RejectedError``: understood and refused, and will be again: correct the request.
- ``UnknownOutcomeError``: a write that may have been done: look it up before repeating it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, TypeVar

from connectors._http.redaction import Redactor


class ConnectorError(Exception):
    """Base of all errors of connectors.

    Args:
        service: which service, e.g. ``slack``.
        operation: what was asked of it, e.g. ``post_message``.
        message: what happened, free of secrets and personal data.
        cure: what a person can do about it; None: the class's own sentence.
        retry_after_seconds: how long the service asks us to stay away, if it said so.
    """

    default_cure: ClassVar[str] = "Look at the service's log and status page."

    def __init__(
        self,
        service: str,
        operation: str,
        message: str,
        cure: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        # All arguments go to `args`, so that the error survives pickling between processes.
        super().__init__(service, operation, message, cure, retry_after_seconds)
        self.service = service
        self.operation = operation
        self.message = message
        self.cure = cure or self.default_cure
        self.retry_after_seconds = retry_after_seconds
        self.is_settled = False
        """Whether all was tried by who made the call; nobody around it tries again."""

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}: {self.message.rstrip('.')}. {self.cure}"


class TransientError(ConnectorError):
    """Nothing was done, because of a fault that may pass by itself."""

    default_cure = "It is tried again; if it lasts, look at the service's status page."


class RateLimitedError(ConnectorError):
    """Nothing was done, because we asked too often; ``retry_after_seconds`` if told."""

    default_cure = "It is tried again later; if it lasts, ask the service for a higher limit."


class NeedsReauthError(ConnectorError):
    """Our credentials were refused; no retry helps until a person renews them."""

    default_cure = "Renew the credentials of this service in the settings and restart."


class ServiceNotFoundError(ConnectorError):
    """What was asked for does not exist at the service."""

    default_cure = "Check the name that was asked for, and the service's base URL."


class RejectedError(ConnectorError):
    """The service understood and refused; the same request will be refused again."""

    default_cure = "Correct the request; trying again as it is won't help."


class UnknownOutcomeError(ConnectorError):
    """A write was sent and its outcome can't be known; repeating it could do it twice."""

    default_cure = "Look at the service whether it was done before it is tried again."


ErrorTable = Mapping[int | str, type[ConnectorError]]
"""From an HTTP status, or a vendor's own error code, to the class of error."""

STATUSES: ErrorTable = {
    401: NeedsReauthError,
    403: NeedsReauthError,
    404: ServiceNotFoundError,
    408: TransientError,
    410: ServiceNotFoundError,
    429: RateLimitedError,
    500: TransientError,
    501: RejectedError,
    502: TransientError,
    503: TransientError,
    504: TransientError,
    505: RejectedError,
}


def classify(
    status: int, code: str = "", *, write: bool, table: ErrorTable = STATUSES
) -> type[ConnectorError]:
    """Return the class of error for an answer that is not a success.

    Faults of the server that are in no line aren't known to pass, and may have struck half-way.

    Args:
        status: HTTP status of the answer.
        code: the vendor's own error code; a line for it goes before the status.
        write: the request was to change something, so a failure half-way leaves it unknown.
        table: a service's own lines; what it lacks is taken from ``STATUSES``.
    """
    lines = {**STATUSES, **table}
    found = lines.get(code) or lines.get(status)
    may_be_done = status >= 500 if found is None else found is TransientError  # noqa: PLR2004
    return UnknownOutcomeError if write and may_be_done else found or RejectedError


class Problem(NamedTuple):
    """What an answer's body says about its failure, in the vendor's words."""

    code: str = ""
    text: str = ""


Cures = Mapping[type[ConnectorError], str]
"""A service's own sentences for ops, by class of error."""

Failure = TypeVar("Failure", bound=ConnectorError)


@dataclass(frozen=True)
class ErrorBuilder:
    """Builds the errors of one service; nothing gets into them that isn't redacted.

    Args:
        service: name used in errors.
        cures: its own sentences; a class that has none keeps its default.
        redact: masks secrets in the vendor's words.
    """

    service: str
    cures: Cures = field(default_factory=dict)
    redact: Redactor = field(default_factory=Redactor)

    def __call__(
        self,
        kind: type[Failure],
        operation: str,
        message: str,
        retry_after: float | None = None,
        *,
        cure: str | None = None,
    ) -> Failure:
        """Build an error.

        Args:
            kind: its class.
            operation: what was asked of the service.
            message: what happened, in our words or the vendor's.
            retry_after: seconds that the service asks us to stay away; None: it doesn't.
            cure: a sentence for this case; None: the service's own for the class.
        """
        told = cure or self.cures.get(kind)
        return kind(self.service, operation, self.redact(message), told, retry_after)
