"""The supervisor: runs all parts of the stack, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hotrod.errors import HotrodError
from hotrod.stack.keeper import Keeper, Pace
from hotrod.stack.parts import Part
from hotrod.stack.ports import check_ports
from hotrod.stack.record import (
    ProcessRecord,
    StackRecord,
    reap,
    stack_lock,
    write_record,
)


class AlreadyRunningError(HotrodError):
    """Another supervisor runs this home's stack."""


@contextmanager
def sole_supervisor(home: Path, parts: Sequence[Part]) -> Iterator[None]:
    """Be this home's only supervisor for the block; what a killed one left behind is ended.

    Raises:
        AlreadyRunningError: another one lives.
        PortError: a port is taken.
    """
    with stack_lock(home) as alone:
        if not alone:
            raise AlreadyRunningError("the stack is running already")
        reap(home)
        check_ports(parts)
        yield


class Supervisor:
    """Starts parts as soon as what they need is ready, and ends them in reverse order.

    Args:
        parts: what to run; names in ``after`` that aren't among them are ignored.
        home: where logs and the record of the stack are kept.
        pace: how patient to be.
        on_change: called with the record whenever a part changes.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        home: Path,
        *,
        pace: Pace | None = None,
        on_change: Callable[[StackRecord], None] = lambda _record: None,
    ) -> None:
        self._home = home
        self._on_change = on_change
        self._keepers = {
            part.name: Keeper(part, home, self._changed, pace or Pace()) for part in parts
        }
        itself = ProcessRecord.of(os.getpid())
        if itself is None:
            raise ProcessLookupError(os.getpid())
        self.record = StackRecord(
            supervisor=itself, parts=[keeper.record for keeper in self._keepers.values()]
        )

    async def run(self, stop: asyncio.Event) -> bool:
        """Run all parts until ``stop`` is set, or a part fails; none is left when it returns.

        Returns:
            False when a part failed; the record says which and why.
        """
        self._changed()
        keepers = self._keepers.values()
        async with asyncio.TaskGroup() as group:
            for keeper in keepers:
                needs = [self._keepers[n] for n in keeper.part.after if n in self._keepers]
                needed_by = [one for one in keepers if keeper.part.name in one.part.after]
                group.create_task(keeper.keep(needs, needed_by, stop))
            watches = [
                asyncio.create_task(event.wait())
                for event in (stop, *(keeper.has_failed for keeper in keepers))
            ]
            await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            for watch in watches:
                watch.cancel()
        return self.record.failed is None

    def _changed(self) -> None:
        # pydantic copies models that are given to a field: refer to the keepers' own again.
        self.record.parts = [keeper.record for keeper in self._keepers.values()]
        write_record(self._home, self.record)
        self._on_change(self.record)
