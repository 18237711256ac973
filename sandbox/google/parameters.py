"""A request's parameters and body, read as Google reads them."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from sandbox.google.errors import GoogleError, invalid
from sandbox.google.fields import parse_fields, pick


class Parameters:
    """What stands behind the question mark."""

    def __init__(self, request: Request) -> None:
        self._given = request.query_params

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return self._given.get(name, default)

    def texts(self, name: str) -> list[str]:
        """Return all texts of a name."""
        return self._given.getlist(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether something is wanted.

        Raises:
            GoogleError: neither true nor false.
        """
        given = self._given.get(name)
        if given is None:
            return default
        if given not in ("true", "false"):
            raise invalid(name, given)
        return given == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a number.

        Raises:
            GoogleError: it is none, or out of bounds.
        """
        given = self._given.get(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdigit() and len(given) < 10):  # noqa: PLR2004
            raise invalid(name, given)
        if not least <= int(given) <= most:
            raise GoogleError(400, f"Invalid value '{given}'.", "invalidParameter", location=name)
        return int(given)

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        """Return one of some texts; unsaid, the first.

        Raises:
            GoogleError: it is none of them.
        """
        given = self._given.get(name, allowed[0])
        if given not in allowed:
            raise invalid(name, given)
        return given

    def answer(self, body: Any, default: str = "*") -> Response:  # noqa: ANN401 - any JSON
        """Answer with the fields that are wanted.

        Raises:
            GoogleError: they can't be read.
        """
        return JSONResponse(pick(parse_fields(self._given.get("fields", default)), body))


async def json_body(request: Request, *, is_newer: bool = False) -> dict[str, Any]:
    """Read a JSON object; no body is an empty one.

    Raises:
        GoogleError: it is none.
    """
    raw = await request.body()
    return read_object(raw, is_newer=is_newer) if raw else {}


def read_object(raw: bytes, *, is_newer: bool = False) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        GoogleError: it is none.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise GoogleError(400, "Parse Error", "parseError", is_newer=is_newer) from None
    if not isinstance(body, dict):
        raise GoogleError(400, "Expected an object.", "parseError", is_newer=is_newer)
    return body
