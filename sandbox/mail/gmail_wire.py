"""What all of Gmail's endpoints share: who may ask, how often, pages, and base64.

Source: Gmail API, "Resolve errors" and "Usage limits".
"""

from __future__ import annotations

import time
from base64 import b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from sandbox.credentials import CREDENTIALS
from sandbox.google.errors import GoogleError
from sandbox.google.tokens import GoogleTokens
from sandbox.mail.message import is_address
from sandbox.state import SandboxState, State

UNITS_PER_MINUTE = 6_000
_WINDOW_SECONDS = 60.0

_MAX_RESULTS = 500
Item = TypeVar("Item")
_Model = TypeVar("_Model", bound=BaseModel)


def not_found() -> GoogleError:
    """Build the refusal for anything that isn't there."""
    return GoogleError(404, "Requested entity was not found.", "notFound")


def invalid(message: str) -> GoogleError:
    """Build the refusal for an argument that can't be used."""
    return GoogleError(400, message, "invalidArgument")


class GmailQuota:
    """The units that each mailbox has spent in the last minute.

    Args:
        clock: seconds that only grow; tests replace it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.units_per_minute = UNITS_PER_MINUTE
        self._clock = clock
        self._spent: dict[str, deque[tuple[float, int]]] = {}

    def spend(self, mailbox: str, units: int) -> float | None:
        """Spend units; None: they were left, otherwise the seconds until some are."""
        now, spent = self._clock(), self._spent.setdefault(mailbox, deque())
        while spent and spent[0][0] <= now - _WINDOW_SECONDS:
            spent.popleft()
        if sum(one for _, one in spent) + units > self.units_per_minute:
            return (spent[0][0] if spent else now) + _WINDOW_SECONDS - now
        spent.append((now, units))
        return None

    def clear(self) -> None:
        """Forget what was spent."""
        self.units_per_minute = UNITS_PER_MINUTE
        self._spent.clear()


def require_token(request: Request, state: State) -> None:
    """Let in who shows a token of Google's; for use with ``Depends``.

    Raises:
        GoogleError: 401.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        text = "Request is missing required authentication credential."
        raise GoogleError(401, text, "required", location="Authorization")
    if not state.store(GoogleTokens).is_good(token):
        text = "Request had invalid authentication credentials."
        raise GoogleError(401, text, "authError", location="Authorization")


def mailbox_of(state: SandboxState, user: str, units: int) -> str:
    """Return the mailbox that a path names, and spend what the call costs there.

    The grant is one for the whole domain: ``me`` is its owner, every other address may be named.

    Raises:
        GoogleError: no address, or no units are left.
    """
    mailbox = CREDENTIALS.google_account if user == "me" else user.lower()
    if not is_address(mailbox):
        raise invalid("Invalid userId value")
    wait = state.store(GmailQuota).spend(mailbox, units)
    if wait is not None:
        until = (datetime.now(UTC) + timedelta(seconds=wait)).strftime("%Y-%m-%dT%H:%M:%S.%f")
        text = f"User-rate limit exceeded.  Retry after {until[:-3]}Z"
        raise GoogleError(429, text, "rateLimitExceeded")
    return mailbox


class Page(NamedTuple):
    """One page of a list, and the token of the next one (None: it was the last)."""

    items: Sequence[Any]
    token: str | None


def page_of(items: Sequence[Item], request: Request) -> Page:
    """Cut the page of a list that ``pageToken`` and ``maxResults`` ask for.

    Raises:
        GoogleError: one of them can't be used.
    """
    start = _start(request.query_params.get("pageToken", ""))
    size = whole_number(request, "maxResults", 100)
    end = start + min(max(size, 1), _MAX_RESULTS)
    return Page(items[start:end], encoded(f"page {end}".encode()) if end < len(items) else None)


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        mark, _, start = decoded(token).decode().partition(" ")
        if mark == "page":
            return int(start)
    except ValueError:
        pass
    raise invalid("Invalid pageToken")


def whole_number(request: Request, name: str, default: int | None = None) -> int:
    """Return a number of the query.

    Raises:
        GoogleError: it is none, or there is none and no default.
    """
    text = request.query_params.get(name, "" if default is None else str(default))
    if not text:
        raise invalid(f"Missing required parameter: {name}")
    if not (text.isascii() and text.isdigit() and len(text) <= 20):  # noqa: PLR2004 - uint64
        raise invalid(f"Invalid value at '{name}', \"{text[:40]}\"")
    return int(text)


def flag(request: Request, name: str) -> bool:
    """Return whether the query says ``true``."""
    return request.query_params.get(name, "").lower() in {"true", "1"}


async def body_of(model: type[_Model], request: Request) -> _Model:
    """Read the JSON body of a request; none is an empty one.

    Raises:
        GoogleError: it can't be read.
    """
    return parsed(model, await request.body() or b"{}")


def parsed(model: type[_Model], body: bytes) -> _Model:
    """Read JSON.

    Raises:
        GoogleError: it can't be read.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"Invalid JSON payload received. {where}: {first['msg']}"
        raise GoogleError(400, text, "badRequest") from None


def encoded(data: bytes) -> str:
    """Write bytes as Google does (RFC 4648, 5)."""
    return urlsafe_b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Read bytes from either alphabet of base64, padded or not.

    Raises:
        ValueError: it is neither.
    """
    plain = "".join(text.split()).rstrip("=").replace("+", "-").replace("/", "_")
    return b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
