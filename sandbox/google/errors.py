"""Google's refusals: the older APIs name a reason in ``errors``, the newer in ``details``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    410: "FAILED_PRECONDITION",
    413: "INVALID_ARGUMENT",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_REASONS = {
    401: "authError",
    403: "userRateLimitExceeded",
    404: "notFound",
    413: "uploadTooLarge",
    429: "rateLimitExceeded",
    500: "internalError",
    503: "backendError",
}


class GoogleError(Exception):
    """A refusal.

    Args:
        status: of HTTP.
        message: in Google's words.
        reason: for programs.
        location: name of the parameter or header that is wrong.
        is_newer: whether it has the form of the newer APIs, as Sheets.
    """

    def __init__(
        self,
        status: int,
        message: str,
        reason: str = "",
        *,
        location: str = "",
        is_newer: bool = False,
    ) -> None:
        self.status = status
        self.message = message
        self.reason = reason
        self.location = location
        self.is_newer = is_newer
        super().__init__(message)


def error_answer(_request_id: str, error: GoogleError, retry_after: str | None = None) -> Response:
    """Build Google's answer to a call that it refuses."""
    body: dict[str, Any] = {"code": error.status, "message": error.message}
    if not error.is_newer:
        detail = {"message": error.message, "domain": "global", "reason": error.reason}
        if error.location:
            kind = "header" if error.location == "Authorization" else "parameter"
            detail |= {"locationType": kind, "location": error.location}
        body["errors"] = [detail]
    body["status"] = _STATUSES.get(error.status, "UNKNOWN")
    if error.is_newer and error.reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        body["details"] = [{"@type": kind, "reason": error.reason, "domain": "googleapis.com"}]
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    reason = code or _REASONS.get(status, "badRequest")
    return error_answer(
        request_id, GoogleError(status, "A fault was ordered.", reason), retry_after
    )


def invalid(name: str, value: str) -> GoogleError:
    """Build the refusal of a parameter."""
    return GoogleError(400, f"Invalid Value: {value[:80]}", "invalid", location=name)
