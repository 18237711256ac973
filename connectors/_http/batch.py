"""Many calls at once: some beside each other, each with a result of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors._http.errors import ConnectorError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What came of an item: a result, an error, or neither when it was left out."""

    item: Item
    result: Result | None = None
    error: Exception | None = None
    was_tried: bool = True

    @property
    def is_done(self) -> bool:
        """Whether it succeeded."""
        return self.was_tried and self.error is None


async def batch_execute(
    items: Sequence[Item],
    act: Callable[[Item], Awaitable[Result]],
    *,
    concurrency: int = 5,
    continue_on_error: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Outcome[Item, Result]]:
    """Act on items, a few at a time, and return what came of each, in their order.

    Args:
        items: any number.
        act: does one; its error is kept with the item. After one that isn't a ``ConnectorError``,
            a fault of ours, nothing more is begun.
        concurrency: how many at a time.
        continue_on_error: after an error, go on; otherwise what wasn't begun is left out.
        progress: called after each with how many of how many are through.
    """
    outcomes = [Outcome[Item, Result](item, was_tried=False) for item in items]
    left = iter(range(len(items)))
    through, stopped = 0, False

    async def work() -> None:
        nonlocal through, stopped
        for place in left:
            if stopped:
                return
            item = items[place]
            try:
                outcomes[place] = Outcome(item, await act(item))
            except Exception as error:  # noqa: BLE001 - what was done so far must be told
                outcomes[place] = Outcome(item, error=error)
                stopped |= not (continue_on_error and isinstance(error, ConnectorError))
            through += 1
            progress(through, len(items))

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(concurrency, len(items))):
            workers.create_task(work())
    return outcomes
