"""Blocking libraries of vendors, a bounded number of calls at a time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from connectors._http.lines import Line

Result = TypeVar("Result")


class Threads:
    """Threads of one connector, started when first needed.

    A call that is cancelled or takes too long is cut off, where its connections are on a line
    (see ``lines``); others go on in their thread until the library's own time-out. Its outcome is
    unknown.

    Args:
        name: of the connector.
        most: calls at a time.
        longest_seconds: that each request of a call may take, its answer included.
    """

    def __init__(self, name: str, most: int = 5, longest_seconds: float = math.inf) -> None:
        self._longest = longest_seconds
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)
        self.slots = asyncio.Semaphore(most)
        """For ``Caller``: whoever holds one finds a thread."""

    async def run(self, act: Callable[[], Result]) -> Result:
        """Call a function in a thread, and return its result.

        Raises:
            TimeoutError: a request of it took too long.
        """
        line, loop = Line(), asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, copy_context().run, line.carry, act)
        try:
            while not work.done():
                if (left := line.seconds_left(self._longest)) <= 0:
                    raise TimeoutError("the answer has no end")
                await asyncio.wait([work], timeout=left)
            return work.result()
        finally:
            if not work.done():
                line.cut()
                work.cancel()

    def close(self) -> None:
        """Start no more; calls under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)
