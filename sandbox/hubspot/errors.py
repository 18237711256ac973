"""HubSpot's refusals: one body for all, with a category, and codes for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

PORTAL_ID = 62515

_CATEGORIES = {
    400: "VALIDATION_ERROR",
    401: "INVALID_AUTHENTICATION",
    403: "MISSING_SCOPES",
    404: "OBJECT_NOT_FOUND",
    409: "CONFLICT",
    413: "VALIDATION_ERROR",
    429: "RATE_LIMITS",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one property of one input."""

    code: str
    property_name: str
    message: str


class HubSpotError(Exception):
    """A refusal of a whole call.

    Args:
        status: HTTP status.
        message: in HubSpot's words.
        category: unsaid, the usual one of the status.
        more: further fields of the body.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        category: str = "",
        *,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.category = category or _CATEGORIES.get(status, "INTERNAL_ERROR")
        self.more = dict(more or {})
        self.headers = dict(headers or {})
        super().__init__(message)


class InvalidPropertiesError(HubSpotError):
    """Values that HubSpot doesn't take; it tells them twice, as text and as a list."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = [
            {
                "isValid": False,
                "message": fault.message,
                "error": fault.code,
                "name": fault.property_name,
                "localizedErrorMessage": fault.message,
                "portalId": PORTAL_ID,
            }
            for fault in faults
        ]
        details = [
            {
                "message": fault.message,
                "code": fault.code,
                "context": {"propertyName": [fault.property_name]},
            }
            for fault in faults
        ]
        text = f"Property values were not valid: {json.dumps(told, ensure_ascii=False)}"
        super().__init__(400, text, more={"errors": details})


class RateLimitError(HubSpotError):
    """Asked too often; ``policy`` says in which window."""

    def __init__(self, policy: str, headers: Mapping[str, str] | None = None) -> None:
        more = {"errorType": "RATE_LIMIT", "policyName": policy}
        text = f"You have reached your {policy.lower()} limit."
        super().__init__(429, text, more=more, headers=headers)


def error_answer(request_id: str, error: HubSpotError) -> Response:
    """Build HubSpot's error body."""
    body: dict[str, Any] = {
        "status": "error",
        "message": error.message,
        "correlationId": request_id,
        "category": error.category,
        **error.more,
    }
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        body["requestId"] = request_id
    return JSONResponse(body, status_code=error.status, headers=error.headers)


def fault_answer(
    request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; the code is a category."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return error_answer(request_id, RateLimitError(code or "TEN_SECONDLY_ROLLING", headers))
    error = HubSpotError(status or 500, "A fault was ordered.", code or "", headers=headers)
    return error_answer(request_id, error)


def row_error(error: HubSpotError, context: Mapping[str, list[str]]) -> dict[str, Any]:
    """Describe the refusal of one row, as batches answered with 207 do."""
    return {
        "status": "error",
        "category": error.category,
        "message": error.message,
        "context": dict(context),
        "errors": error.more.get("errors", []),
        "links": {},
    }


def object_not_found(object_id: str) -> HubSpotError:
    """Build the refusal for an object that isn't there."""
    return HubSpotError(404, "resource not found", more={"context": {"id": [object_id]}})
