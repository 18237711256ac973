"""For steps whose failure must not stop the rest of a process."""

from __future__ import annotations

from collections.abc import Awaitable

from connectors._http.errors import ConnectorError
from hotrod.errors import HotrodError

STEP_FAILED = (ConnectorError, HotrodError, TimeoutError)


async def attempt(step: Awaitable[object]) -> bool:
    """Await a step, and tell whether it was done; the failed step stays visible in its run."""
    try:
        await step
    except STEP_FAILED:
        return False
    return True
