"""How the API refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_Body = TypeVar("_Body", bound=BaseModel)


class ClaudeError(Exception):
    """A refusal, as the API words it."""

    def __init__(self, status: int, message: str, retry_after: str | None = None) -> None:
        self.status = status
        self.message = message
        self.retry_after = retry_after
        super().__init__(message)


def error_body(request_id: str, error: ClaudeError, code: str | None = None) -> dict[str, Any]:
    """Build the API's error body; ``code`` is a type of error, or the detail of one."""
    usual = _ERROR_TYPES.get(error.status, "api_error")
    stated: dict[str, Any] = {"type": usual, "message": error.message}
    if code in _ERROR_TYPES.values():
        stated["type"] = code
    elif code:
        stated["details"] = {"error_code": code}
    return {"type": "error", "error": stated, "request_id": request_id}


def error_answer(request_id: str, error: ClaudeError, code: str | None = None) -> Response:
    """Answer with an error; ``code`` as for ``error_body``."""
    headers = {} if error.retry_after is None else {"retry-after": error.retry_after}
    body = error_body(request_id, error, code)
    return JSONResponse(body, status_code=error.status, headers=headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for."""
    error = ClaudeError(status or 529, "A fault was ordered.", retry_after)
    return error_answer(request_id, error, code)


def parse(model: type[_Body], body: bytes) -> _Body:
    """Read a body.

    Raises:
        ClaudeError: 400; it names the first thing that is wrong.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _wrong(error) from None


def parse_params(model: type[_Body], params: Mapping[str, object]) -> _Body:
    """Read parameters, likewise."""
    try:
        return model.model_validate(dict(params))
    except ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: ValidationError) -> ClaudeError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return ClaudeError(400, f"{where}: {first['msg']}" if where else first["msg"])
