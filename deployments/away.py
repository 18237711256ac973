"""When the database or Prefect is out of reach: the work comes back by lease and reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import structlog

from hotrod.db.engine import is_away

log = structlog.get_logger()


def is_prefect_away(error: object) -> bool:
    """Tell whether an error means that the Prefect API is out of reach, or breaks down."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError)


@contextmanager
def suppress_prefect_away() -> Iterator[None]:
    """Go on after the block when the Prefect API is out of reach."""
    try:
        yield
    except Exception as error:
        if not is_prefect_away(error):
            raise
        log.warning("prefect.unreachable", error=type(error).__name__)


@contextmanager
def suppress_database_away() -> Iterator[None]:
    """Go on after the block when the database is out of reach."""
    try:
        yield
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("database.unreachable", error=type(error).__name__)
