"""Errors as callers see them: problem details (RFC 9457) that name field and cure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from traceback import format_tb
from typing import Any
from uuid import uuid4

import structlog
from asyncpg import InterfaceError, PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hotrod.db.engine import is_away
from hotrod.errors import (
    DeliveryConflictError,
    DeliveryForgottenError,
    InvalidInputError,
    NotFoundError,
)

MEDIA_TYPE = "application/problem+json"
_LONGEST_NAME = 60
_ANY_CURE = "Correct the value and send it again."
_CURES = {
    "missing": "Add the field.",
    "extra_forbidden": "Leave the field out.",
    "string_too_long": "Send at most {max_length} characters.",
    "too_long": "Send at most {max_length} characters.",
    "literal_error": "Send one of: {expected}.",
    "string_type": "Send text.",
    "string_pattern_mismatch": "Send text of the form {pattern}.",
}
_CHARACTERS = {"string_too_long", "too_long"}
"""Pydantic's names for text that is too long, before and after it was normalized."""

log = structlog.get_logger()


class ProblemError(HTTPException):
    """An answer that is not a success.

    An HTTPException, because FastAPI lets only those through while it reads a form.

    Args:
        status: HTTP status.
        detail: what is wrong and what to do, in a sentence or two.
        headers: further headers.
        errors: fields that are wrong, each with ``field``, ``reason`` and ``cure``.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(status.value, detail, headers)
        self.status = status
        self.errors = errors


def problem(error: ProblemError, **more: Any) -> Response:  # noqa: ANN401 - JSON values
    """Return the response for a problem; pure ASCII, so that no input can break it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.status.phrase,
        "status": error.status.value,
        "detail": error.detail,
        **more,
    }
    if error.errors:
        body["errors"] = list(error.errors)
    return Response(
        json.dumps(body), error.status.value, headers=error.headers, media_type=MEDIA_TYPE
    )


def invalid(error: ValidationError | RequestValidationError) -> ProblemError:
    """Turn pydantic's errors into one problem; what was sent is not repeated."""
    rows = [
        {
            "field": _field(row["loc"]),
            "reason": _reason(row),
            "cure": _cure(row),
        }
        for row in error.errors()
    ]
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "Some fields can't be used.", errors=rows)


def install(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""

    @app.exception_handler(ProblemError)
    async def _problem(_: Request, error: ProblemError) -> Response:
        return problem(error)

    @app.exception_handler(ValidationError)
    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: ValidationError | RequestValidationError) -> Response:
        return problem(invalid(error))

    @app.exception_handler(InvalidInputError)
    async def _input(_: Request, error: InvalidInputError) -> Response:
        row = {"field": error.field, "reason": error.reason, "cure": error.cure}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return problem(ProblemError(status, "Some fields can't be used.", errors=[row]))

    @app.exception_handler(NotFoundError)
    async def _missing(_: Request, error: NotFoundError) -> Response:
        return problem(ProblemError(HTTPStatus.NOT_FOUND, f"There is no such {error.what}."))

    @app.exception_handler(DeliveryConflictError)
    async def _conflict(_: Request, __: DeliveryConflictError) -> Response:
        detail = "This Idempotency-Key came before with another body; use a new one."
        return problem(ProblemError(HTTPStatus.CONFLICT, detail))

    @app.exception_handler(DeliveryForgottenError)
    async def _forgotten(_: Request, __: DeliveryForgottenError) -> Response:
        detail = "This Idempotency-Key came long ago, and its answer isn't kept; use a new one."
        return problem(ProblemError(HTTPStatus.GONE, detail))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        return problem(ProblemError(status, f"{status.description}.", headers=error.headers))

    app.add_exception_handler(ConnectionError, _away)
    for error in (SQLAlchemyError, PostgresError, InterfaceError):
        app.add_exception_handler(error, _unexpected_in_database)
    app.add_exception_handler(Exception, _unexpected)


async def _away(_: Request, error: Exception) -> Response:
    log.warning("database.unreachable", error=type(error).__name__)
    detail = "We can't take this right now; nothing was stored. Send it again in a moment."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(ProblemError(status, detail, headers={"Retry-After": "2"}))


async def _unexpected_in_database(request: Request, error: Exception) -> Response:
    """Answer a failure; what the database says isn't logged: it quotes rows, and so people."""
    if is_away(error):
        return await _away(request, error)
    return _failed(
        request,
        error=type(error).__name__,
        sqlstate=getattr(getattr(error, "orig", error), "sqlstate", None),
        where=format_tb(error.__traceback__),
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    return _failed(request, exc_info=error)


def _failed(request: Request, **fields: object) -> Response:
    """Log what failed, and answer with the reference under which it is found."""
    reference = uuid4().hex[:12]
    log.error("request.failed", reference=reference, route=_route(request), **fields)
    detail = "Something went wrong here. Try again; if it lasts, tell us the reference."
    error = ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return problem(error, reference=reference)


def _route(request: Request) -> str:
    """Return the pattern of the path: the path itself may hold the token of a link."""
    return getattr(request.scope.get("route"), "path", "unknown")


def _field(location: Sequence[object]) -> str:
    return ".".join(str(part)[:_LONGEST_NAME] for part in location) or "body"


def _reason(row: Mapping[str, Any]) -> str:
    if row["type"] in _CHARACTERS:
        return "This is too long."
    reason: str = row["msg"]
    return reason.removeprefix("Value error, ")


def _cure(row: Mapping[str, Any]) -> str:
    return _CURES.get(row["type"], _ANY_CURE).format_map(row.get("ctx", {}))
