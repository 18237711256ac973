"""eBay's tokens: whose they are and what they open; and the service that gives them.

Source: eBay, "The client credentials grant flow" and "Updating a User access token".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.credentials import CREDENTIALS, same
from sandbox.ebay.errors import EbayError
from sandbox.state import State

PUBLIC = "https://api.ebay.com/oauth/api_scope"
AUCTION = f"{PUBLIC}/buy.offer.auction"
GUEST_ORDER = f"{PUBLIC}/buy.guest.order"

_APPLICATION_MAY = frozenset({PUBLIC, GUEST_ORDER, f"{PUBLIC}/buy.item.bulk"})
_USER_GRANTED = frozenset({PUBLIC, AUCTION})
_LIFETIME = timedelta(seconds=7200)

router = APIRouter()


@dataclass(frozen=True)
class Right:
    """What a token opens, and until when."""

    scopes: frozenset[str]
    until: datetime


class EbayTokens:
    """The tokens issued."""

    def __init__(self) -> None:
        self._rights: dict[str, Right] = {}

    def issue(self, scopes: frozenset[str]) -> str:
        """Return a new token."""
        token = f"v^1.1#i^1#{secrets.token_urlsafe(48)}"
        self._rights[token] = Right(scopes, datetime.now(UTC) + _LIFETIME)
        return token

    def right(self, token: str) -> Right | None:
        """Return what a token opens; None: it is no token, or has ended."""
        right = self._rights.get(token)
        return right if right and datetime.now(UTC) < right.until else None

    def end_all(self) -> None:
        """Let every token issued so far end now."""
        self._rights.clear()

    def clear(self) -> None:
        """Keep them: clients hold them."""


def needs(scope: str) -> Callable[[Request, State], Awaitable[None]]:
    """Return a dependency that lets in who holds a token with a scope."""

    async def check(request: Request, state: State) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise EbayError(1002)
        right = state.store(EbayTokens).right(token.strip())
        if right is None:
            raise EbayError(1001)
        if scope not in right.scopes:
            raise EbayError(1100)

    return check


@router.post("/identity/v1/oauth2/token")
async def issue_token(request: Request, state: State) -> JSONResponse:
    """Give an application's token, or a user's for a refresh token."""
    if not _is_known(request.headers.get("authorization", "")):
        return _refuse(401, "invalid_client", "client authentication failed")
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    asked = frozenset(form.get("scope", "").split())
    grant = form.get("grant_type")
    if grant == "client_credentials":
        scopes, may, kind = asked, _APPLICATION_MAY, "Application Access Token"
    elif grant == "refresh_token":
        if not same(form.get("refresh_token", ""), CREDENTIALS.ebay_refresh_token):
            text = "the provided authorization refresh token is invalid or was issued to another"
            return _refuse(400, "invalid_grant", text)
        scopes, may, kind = asked or _USER_GRANTED, _USER_GRANTED, "User Access Token"
    else:
        return _refuse(400, "unsupported_grant_type", "grant type in request is not supported")
    if not scopes or not scopes <= may:
        text = "The requested scope is invalid, unknown, malformed, or exceeds what was granted"
        return _refuse(400, "invalid_scope", text)
    return JSONResponse(
        {
            "access_token": state.store(EbayTokens).issue(scopes),
            "expires_in": int(_LIFETIME.total_seconds()),
            "token_type": kind,
        }
    )


def _is_known(header: str) -> bool:
    scheme, _, shown = header.partition(" ")
    try:
        plain = base64.b64decode(shown, validate=True)
    except (binascii.Error, ValueError):
        return False
    client_id, _, secret = plain.partition(b":")
    known = same(client_id, CREDENTIALS.client_id)
    known &= same(secret, CREDENTIALS.client_secret)
    return known and scheme.lower() == "basic"


def _refuse(status: int, error: str, text: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": text}, status_code=status)
