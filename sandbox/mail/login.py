"""Microsoft's token service: client credentials for tokens that expire."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.mail.tokens import Tokens
from sandbox.state import State

router = APIRouter()


class _Refusal(NamedTuple):
    status: int
    error: str
    number: int
    text: str


@router.post("/{tenant}/oauth2/v2.0/token")
async def issue_token(tenant: str, request: Request, state: State) -> JSONResponse:
    """Give a token for client credentials."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    fields = {name: values[0] for name, values in form.items()}
    refused = next(_refusals(tenant, fields), None)
    if refused:
        return _answer(refused)
    seconds = int(state.store(Tokens).lifetime.total_seconds())
    return JSONResponse(
        {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": state.store(Tokens).issue(),
        },
        headers={"Cache-Control": "no-store, no-cache"},
    )


def _refusals(tenant: str, fields: dict[str, str]) -> Iterator[_Refusal]:
    """Yield what is wrong with a request, in the order that the service checks."""
    if not same(tenant, CREDENTIALS.tenant):
        yield _Refusal(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
    for name in ("grant_type", "client_id", "scope"):
        if name not in fields:
            text = f"The request body must contain the following parameter: '{name}'."
            yield _Refusal(400, "invalid_request", 900144, text)
    if fields.get("grant_type") != "client_credentials":
        text = "The grant type is not supported; use client_credentials."
        yield _Refusal(400, "unsupported_grant_type", 70003, text)
    if not same(fields.get("client_id", ""), CREDENTIALS.client_id):
        text = "Application with this identifier was not found in the directory."
        yield _Refusal(400, "unauthorized_client", 700016, text)
    if not fields.get("scope", "").endswith("/.default"):
        text = "The scope is not valid; application tokens are for a resource's /.default."
        yield _Refusal(400, "invalid_scope", 1002012, text)
    if "client_secret" not in fields:
        text = "The request body must contain 'client_assertion' or 'client_secret'."
        yield _Refusal(401, "invalid_client", 7000218, text)
    if not same(fields.get("client_secret", ""), CREDENTIALS.client_secret):
        yield _Refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")


def _answer(refused: _Refusal) -> JSONResponse:
    trace = str(uuid.uuid4())
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    text = f"AADSTS{refused.number}: {refused.text} Trace ID: {trace} Timestamp: {at}"
    return JSONResponse(
        {
            "error": refused.error,
            "error_description": text,
            "error_codes": [refused.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": str(uuid.uuid4()),
        },
        status_code=refused.status,
    )
