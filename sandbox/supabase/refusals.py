"""How Supabase refuses: each of its servers has words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Response
from fastapi.responses import JSONResponse

_SQLSTATES = {403: "42501", 404: "PGRST205", 409: "23505", 503: "PGRST001", 504: "PGRST003"}


class Refusal(Exception):  # noqa: N818 - three servers say it in their own words
    """An answer that is no success."""

    def __init__(
        self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        super().__init__(str(body))


def gateway(status: int, message: str, hint: str | None = None) -> Refusal:
    """Refuse as the gateway before all of a project's servers does."""
    return Refusal(status, {"message": message, **({"hint": hint} if hint else {})})


def postgrest(
    status: int, code: str, message: str, details: str | None = None, hint: str | None = None
) -> Refusal:
    """Refuse as PostgREST does, with an SQLSTATE or a PGRST code."""
    body = {"code": code, "details": details, "hint": hint, "message": message}
    headers = {"Proxy-Status": f"PostgREST; error={code}"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Refusal(status, body, headers)


def gotrue(status: int, code: str, message: str) -> Refusal:
    """Refuse as GoTrue does."""
    return Refusal(status, {"code": status, "error_code": code, "msg": message})


def management(status: int, message: str) -> Refusal:
    """Refuse as the management API does."""
    return Refusal(status, {"message": message})


def error_answer(_request_id: str, error: Refusal) -> Response:
    """Build the answer to a request that was refused."""
    return JSONResponse(dict(error.body), status_code=error.status, headers=error.headers)


def rest_fault(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call of the Data API that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        refusal = gateway(status, "API rate limit exceeded")
    elif status == HTTPStatus.UNAUTHORIZED and code is None:
        refusal = gateway(status, "Invalid API key")
    else:
        refusal = postgrest(status, code or _SQLSTATES.get(status, "XX000"), "A fault was ordered.")
    return _with_wait(error_answer(request_id, refusal), retry_after)


def auth_fault(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call of Auth that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    usual = "over_request_rate_limit" if limited else "unexpected_failure"
    refusal = gotrue(status, code or usual, "A fault was ordered.")
    return _with_wait(error_answer(request_id, refusal), retry_after)


def management_fault(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call of the management API that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    refusal = management(status, code or HTTPStatus(status).phrase)
    return _with_wait(error_answer(request_id, refusal), retry_after)


def _with_wait(answer: Response, retry_after: str | None) -> Response:
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer
