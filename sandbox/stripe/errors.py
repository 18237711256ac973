"""Refusals as Stripe words them: a type, mostly a code, and what was wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_USUAL = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", None),
    402: ("card_error", "card_declined"),
    404: ("invalid_request_error", "resource_missing"),
    409: ("idempotency_error", "idempotency_key_in_use"),
    429: ("invalid_request_error", "rate_limit"),
}


class StripeError(Exception):
    """A refusal.

    Args:
        message: for a developer.
        code: by which a program knows it.
        status: HTTP status.
        kind: its ``type``.
        more: further fields, e.g. ``param``.
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        kind: str = "invalid_request_error",
        **more: object,
    ) -> None:
        self.status = status
        self.body: dict[str, Any] = {"message": message, "type": kind, **more}
        if code is not None:
            self.body["code"] = code
            self.body["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        super().__init__(message)


def missing(name: str) -> StripeError:
    """Refuse a request that lacks a parameter."""
    return StripeError(f"Missing required param: {name}.", "parameter_missing", param=name)


def invalid(name: str, why: str) -> StripeError:
    """Refuse a parameter."""
    return StripeError(f"Invalid {name}: {why}", "parameter_invalid", param=name)


def unknown(kind: str, given: str, param: str = "id") -> StripeError:
    """Refuse an id that names nothing."""
    text = f"No such {kind}: '{given}'"
    return StripeError(text, "resource_missing", status=404, param=param)


def error_answer(_request_id: str, error: StripeError) -> Response:
    """Build Stripe's answer to a call that failed."""
    limited = error.status == HTTPStatus.TOO_MANY_REQUESTS
    headers = {"Stripe-Rate-Limited-Reason": "global-rate"} if limited else None
    return JSONResponse({"error": error.body}, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.INTERNAL_SERVER_ERROR
    kind, usual = _USUAL.get(status, ("api_error", None))
    error = StripeError("A fault was ordered.", code or usual, status=status, kind=kind)
    answer = error_answer(request_id, error)
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer
