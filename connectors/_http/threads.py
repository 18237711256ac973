"""Blocking libraries of vendors, a bounded number of calls at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """Threads of one connector, started when first needed.

    A call that is cancelled goes on in its thread until the library's own time-out; its outcome
    is unknown.

    Args:
        name: of the connector.
        most: calls at a time.
    """

    def __init__(self, name: str, most: int = 5) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self.slots = asyncio.Semaphore(most)
        """For ``Caller``: whoever holds one finds a thread."""

    async def run(self, act: Callable[[], Result]) -> Result:
        """Call a function in a thread, and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, copy_context().run, act)

    def close(self) -> None:
        """Start no more; calls under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)
