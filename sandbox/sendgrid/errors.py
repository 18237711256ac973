"""Refusals as SendGrid words them: sentences, each about a field or none."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox.windows import RateLimit

_USUAL = {
    400: "invalid request",
    401: "authorization required",
    403: "access forbidden",
    404: "not found",
    405: "method not allowed",
    413: "content too large",
    429: "too many requests",
    500: "internal server error",
}


class SendGridError(Exception):
    """A refusal.

    Args:
        status: HTTP status.
        message: for a developer; empty: the status's usual one.
        field: what it is about, e.g. ``from.email``.
        limit: the one that it went past.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        field: str | None = None,
        limit: RateLimit | None = None,
    ) -> None:
        self.status = status
        self.message = message or _USUAL.get(status, "A fault was ordered.")
        self.field = field
        self.limit = limit
        super().__init__(self.message)


def error_answer(_request_id: str, error: SendGridError) -> Response:
    """Build SendGrid's answer to a call that failed."""
    body = {"errors": [{"message": error.message, "field": error.field}]}
    headers = {} if error.limit is None else rate_headers(error.limit)
    return JSONResponse(body, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, _code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    answer = error_answer(request_id, SendGridError(status or HTTPStatus.INTERNAL_SERVER_ERROR))
    if status == HTTPStatus.TOO_MANY_REQUESTS and retry_after is not None:
        answer.headers["X-RateLimit-Remaining"] = "0"
        answer.headers["X-RateLimit-Reset"] = str(math.ceil(time.time() + float(retry_after)))
    return answer


def rate_headers(limit: RateLimit) -> dict[str, str]:
    """Tell what is left of a limit; its window's end in seconds since 1970."""
    return {
        "X-RateLimit-Limit": str(limit.calls),
        "X-RateLimit-Remaining": str(limit.remaining),
        "X-RateLimit-Reset": str(math.ceil(time.time() + limit.seconds)),
    }
