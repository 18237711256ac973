"""Answers that may be a little old, asked for once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

Value = TypeVar("Value")


class AnswerCache(Generic[Value]):
    """Keeps answers for a while; of several who ask for the same at once, one asks the service.

    Args:
        seconds: how old an answer may be.
        most: answers that are kept.
        clock: seconds that only grow; tests replace it.
    """

    def __init__(
        self, *, seconds: float, most: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answers: TTLCache[Hashable, Value] = TTLCache(most, seconds, timer=clock)
        self._asked: dict[Hashable, asyncio.Task[Value]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Value]]) -> Value:
        """Return the answer for a key; ask for it when there is none, or it is too old.

        Raises:
            ConnectorError: as ``ask`` raises; nothing is kept then.
        """
        if key in self._answers:
            return self._answers[key]
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(key, ask))
        return await asyncio.shield(self._asked[key])

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[Value]]) -> Value:
        try:
            answer = await ask()
        finally:
            del self._asked[key]
        self._answers[key] = answer
        return answer
