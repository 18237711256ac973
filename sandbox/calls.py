"""The record of calls: who asked what, and what came of it; without secrets."""

from __future__ import annotations

import itertools
from collections import deque
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from sandbox.body import read_json

GROUPS = {"mail": frozenset({"graph", "smtp", "imap", "ews", "gmail"})}
"""Services that can be named together."""

MAX_KEPT = 2000
MAX_TEXT = 4000

_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "x-api-key",
        "cookie",
        "proxy-authorization",
        "api-auth-signature",
        "x-n8n-api-key",
    }
)
_SECRET_FIELDS = frozenset({"client_secret", "client_assertion", "password", "token"})
_REDACTED = "[redacted]"


class Call(BaseModel):
    """One call; ``status`` is what the service made of it, None when it was never asked."""

    number: int = 0
    service: str
    method: str
    path: str
    query: str = ""
    status: int | None
    fault: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None


class Exchange(BaseModel):
    """One call word for word, for tests that check both sides; kept nowhere.

    Args:
        service: whose API it was.
        path: below the API's prefix.
        fault: that was ordered for it.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    fault: str | None = None
    status: int = 0
    answer_headers: list[tuple[str, str]] = Field(default_factory=list)
    answer_body: bytes = b""


class Calls:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Call] = deque(maxlen=MAX_KEPT)
        self._numbers = itertools.count(1)

    def add(self, call: Call) -> None:
        """Record a call under the next number."""
        self._kept.append(call.model_copy(update={"number": next(self._numbers)}))

    def find(self, service: str | None = None) -> list[Call]:
        """Return the calls of a service; ``mail`` is all of its protocols, None is all."""
        if service is None:
            return list(self._kept)
        wanted = services_of(service)
        return [call for call in self._kept if call.service in wanted]

    def clear(self) -> None:
        """Forget all calls."""
        self._kept.clear()


def services_of(name: str) -> frozenset[str]:
    """Return the services that a name stands for."""
    return GROUPS.get(name, frozenset({name}))


def redact_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text, with the secret ones masked."""
    return {
        (name := raw_name.decode("latin-1").lower()): _REDACTED
        if name in _SECRET_HEADERS
        else value.decode("latin-1")
        for raw_name, value in headers
    }


def summarize_body(content_type: str, body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return what a person wants to see of a body: JSON and forms, long texts cut."""
    if not body:
        return None
    try:
        if "json" in content_type:
            return _shorten(read_json(body))
        if "x-www-form-urlencoded" in content_type:
            return _shorten(dict(parse_qsl(body.decode())))
    except (ValueError, RecursionError):
        pass
    return f"{content_type or 'no content type'}, {len(body)} bytes"


def _shorten(value: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case dict():
            return {
                key: _REDACTED if key in _SECRET_FIELDS else _shorten(item)
                for key, item in value.items()
            }
        case list():
            return [_shorten(item) for item in value]
        case str() if len(value) > MAX_TEXT:
            return f"{value[:200]}... ({len(value)} characters)"
        case _:
            return value
