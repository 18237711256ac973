"""Who calls, and what the caller may do."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated
from uuid import UUID

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPBasic

from gateway.context import Context, InContext
from gateway.problems import ProblemError
from hotrod.access.models import Scope
from hotrod.access.rules import allows
from hotrod.access.store import authenticate
from hotrod.db.engine import Database

REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 1000

_HEADER_CHALLENGE = 'ApiKey realm="hotrod", header="X-API-Key"'
_BASIC_CHALLENGE = 'Basic realm="hotrod", charset="UTF-8"'
_header = APIKeyHeader(name="X-API-Key", auto_error=False)
_basic = HTTPBasic(realm="hotrod", auto_error=False)


@dataclass(frozen=True)
class Caller:
    """The owner of an API key; ``business_key`` None: of all businesses."""

    id: UUID
    prefix: str
    scopes: frozenset[str]
    business_key: str | None

    @property
    def source(self) -> str:
        """Name of this caller as a source of deliveries."""
        return f"api:{self.prefix}"

    def may_touch(self, business_key: str) -> bool:
        """Tell whether a business is the caller's."""
        return self.business_key in {None, business_key}


class CallerCache:
    """Callers seen in the last seconds, so that a key costs one query per five seconds.

    A revoked key stays good for that long.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def find(self, database: Database, key: str) -> Caller | None:
        """Return the caller with this key, or None."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        until, caller = self._known.get(digest, (0.0, None))
        if caller is not None and self._clock() < until:
            return caller
        async with database.transaction() as session:
            found = await authenticate(session, key)
        if found is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        caller = Caller(found.id, found.prefix, frozenset(found.scopes), found.business_key)
        self._known[digest] = (self._clock() + REMEMBERED_SECONDS, caller)
        return caller


def address_of(request: Request) -> str:
    """Return the caller's IP address; empty when a proxy names something else."""
    try:
        return str(ip_address(request.client.host if request.client else ""))
    except ValueError:
        return ""


def require(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that lets in callers whose key has a scope."""

    async def caller_with_scope(
        request: Request, context: InContext, key: Annotated[str | None, Security(_header)]
    ) -> Caller:
        return await _admitted(request, context, key, scope, _HEADER_CHALLENGE)

    return caller_with_scope


async def ops(
    request: Request, context: InContext, key: Annotated[str | None, Security(_header)]
) -> Caller:
    """Let in people and machines of operations; a dependency.

    Machines send the header X-API-Key; browsers ask for name and password: any name, the key.
    """
    if not key and (given := await _basic(request)) is not None:
        key = given.password
    caller = await _admitted(request, context, key, Scope.OPS, _BASIC_CHALLENGE)
    if caller.business_key is not None:
        detail = f"This key is for {caller.business_key} only; operations are for all businesses."
        raise ProblemError(HTTPStatus.FORBIDDEN, detail)
    return caller


async def _admitted(
    request: Request, context: Context, key: str | None, scope: Scope, challenge: str
) -> Caller:
    callers: CallerCache = request.app.state.callers
    headers = {"WWW-Authenticate": challenge}
    if not key:
        detail = "Send your key in the header X-API-Key."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers=headers)
    caller = await callers.find(context.database, key)
    if caller is None:
        detail = "This key is unknown or revoked; ask ops for a new one."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers=headers)
    if not allows(caller.scopes, scope):
        detail = f"This key lacks the scope {scope}; ask ops for one that has it."
        raise ProblemError(HTTPStatus.FORBIDDEN, detail)
    return caller
