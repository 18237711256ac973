"""Refusals as Twilio words them: a status, a number, and a page that explains it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Response
from fastapi.responses import JSONResponse

_TEXTS = {
    20001: "Invalid parameter",
    20003: "Authenticate",
    20004: "Method not allowed",
    20009: "Cannot delete this Resource before it is complete",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service unavailable",
}
_STATUSES = {20003: 401, 20004: 405, 20009: 409, 20404: 404, 20429: 429, 30409: 409}
_USUAL = {401: 20003, 403: 20003, 404: 20404, 405: 20004, 429: 20429, 500: 20500, 503: 20503}


class TwilioError(Exception):
    """A refusal by its number; most are 400."""

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or _TEXTS.get(code, "Bad request")
        super().__init__(f"{code}: {self.text}")


def error_answer(_request_id: str, error: TwilioError) -> Response:
    """Build Twilio's answer to a call that failed."""
    return _answer(_STATUSES.get(error.code, HTTPStatus.BAD_REQUEST), error.code, error.text)


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    status = status or HTTPStatus.SERVICE_UNAVAILABLE
    number = int(code) if code and code.isdecimal() else _USUAL.get(status, 20001)
    answer = _answer(status, number, _TEXTS.get(number, "A fault was ordered."))
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer


def _answer(status: int, code: int, text: str) -> Response:
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    body = {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status_code=status, headers=headers)
