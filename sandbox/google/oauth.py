"""Google's token service: a refresh token for access tokens that expire."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.google.tokens import GoogleTokens
from sandbox.state import State

router = APIRouter()


@router.post("/token")
async def issue_token(request: Request, state: State) -> JSONResponse:
    """Give a token for a refresh token."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    fields = {name: values[0] for name, values in form.items()}
    if fields.get("grant_type") != "refresh_token":
        return _refuse(400, "unsupported_grant_type", "Invalid grant_type")
    right = same(fields.get("client_id", ""), CREDENTIALS.client_id)
    right &= same(fields.get("client_secret", ""), CREDENTIALS.client_secret)
    if not right:
        return _refuse(401, "invalid_client", "The OAuth client was not found.")
    if not same(fields.get("refresh_token", ""), CREDENTIALS.google_refresh_token):
        return _refuse(400, "invalid_grant", "Token has been expired or revoked.")
    tokens = state.store(GoogleTokens)
    return JSONResponse(
        {
            "access_token": tokens.issue(),
            "expires_in": int(tokens.lifetime.total_seconds()),
            "scope": "https://www.googleapis.com/auth/drive https://mail.google.com/",
            "token_type": "Bearer",
        },
        headers={"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"},
    )


def _refuse(status: int, error: str, text: str) -> JSONResponse:
    body: dict[str, Any] = {"error": error, "error_description": text}
    return JSONResponse(body, status_code=status)
