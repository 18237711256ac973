"""What tests of Google's connectors are made with."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from tests.connectors.conftest import FaultyServer, Seen

SECRET = "the-secret"


def settings(server: FaultyServer) -> dict[str, Any]:
    """What both connectors are made with; the server is asked for a token first."""
    server.answer(200, {"access_token": "one", "expires_in": 3599})
    return {
        "base_url": server.url,
        "login_url": f"{server.url}/oauth2",
        "client_id": "us",
        "client_secret": SecretStr(SECRET),
        "refresh_token": SecretStr("granted"),
        "timeout_seconds": 2.0,
    }


def path(seen: Seen) -> str:
    """Return where a request went, without its parameters."""
    return urlsplit(seen.target).path


def parameters(seen: Seen) -> dict[str, str]:
    """Return a request's parameters; of several of a name, the last."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(seen.target).query).items()}


def refuse(server: FaultyServer, status: int, reason: str, text: str = "No.") -> None:
    """Plan a refusal as Drive words it."""
    error = {"code": status, "message": text, "errors": [{"reason": reason, "message": text}]}
    server.answer(status, {"error": error})
