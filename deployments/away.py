"""When the database or Prefect is out of reach: the work comes back by lease and reconciliation.

A block that was cancelled may end with an error of the connection that was cut off with it. That
isn't being away: who was told to stop must not go on.
"""

from __future__ import annotations

import asyncio
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
        if _is_stopping():
            raise asyncio.CancelledError from error
        log.warning("prefect.unreachable", error=type(error).__name__)


@contextmanager
def suppress_database_away() -> Iterator[None]:
    """Go on after the block when the database is out of reach."""
    try:
        yield
    except Exception as error:
        if not is_away(error):
            raise
        if _is_stopping():
            raise asyncio.CancelledError from error
        log.warning("database.unreachable", error=type(error).__name__)


@contextmanager
def go_on_after(event: str, **about: object) -> Iterator[None]:
    """Go on after the block whatever went wrong in it; it is logged as ``event``."""
    try:
        yield
    except Exception as error:
        if _is_stopping():
            raise asyncio.CancelledError from error
        log.exception(event, **about)


def _is_stopping() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
