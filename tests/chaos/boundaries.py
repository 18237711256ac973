"""The boundaries at which a worker can be made to die, and how: by wrapping what it calls."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import wraps
from typing import Any

from prefect.context import TaskRunContext
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from deployments import runner
from hotrod.db.engine import Database
from hotrod.durable import effects, leases, responses
from tasks._resources import resources


class Moment(StrEnum):
    """When a worker dies; the moments of a step come in this order.

    Of a step on our own records the act is its transaction, and DURING means before the commit.
    """

    BEFORE = "before its act"
    DURING = "acted, nothing recorded"
    RECORDED = "act in the ledger, step unfinished"
    RETURNED = "step finished, result unsaved"
    HALF_SAVED = "result half written"
    PERSISTED = "result saved"

    RESPONDED = "first response in the ledger, delivery not marked"
    CLAIMED = "claimed, without a run"
    CREATED = "run created, not attached"
    ATTACHED = "run attached, not begun"
    COMPLETED = "run completed, delivery not done"


class Kind(StrEnum):
    """What the act of a step is."""

    RECORD = "record"
    MAIL = "mail"
    SLACK = "slack"
    CLAUDE = "claude"
    BID = "bid"
    EBAY = "ebay"

    @property
    def moments(self) -> list[Moment]:
        """The moments to try of each step of this kind; only some acts go through the ledger."""
        has_ledger = self in {Kind.MAIL, Kind.SLACK, Kind.BID}
        ledger = [Moment.RECORDED] if has_ledger else []
        return [Moment.BEFORE, Moment.DURING, *ledger, Moment.RETURNED, Moment.PERSISTED]


class Boundary(BaseModel):
    """Where a worker dies: at a moment of a step.

    Without a step: of the first response, or of what the engine does itself. ``freezes``: it is
    stopped there, as a suspended machine is, and can be thawed by SIGCONT.
    """

    step: str | None = None
    kind: Kind = Kind.MAIL
    moment: Moment
    freezes: bool = False

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.step or 'no step'}: {self.moment}"

    def arm(self) -> None:
        """Let this process die by SIGKILL when it comes here."""
        if self.moment is Moment.DURING and self.kind is Kind.RECORD:
            self._die_before_commit()
        elif self.moment is Moment.HALF_SAVED:
            self._die_while_saving()
        else:
            owner, name, die = self._places()[self.moment]
            die(owner, name)

    def _places(self) -> dict[Moment, tuple[object, str, Callable[[object, str], None]]]:
        """Return the call before or after which each moment is."""
        act, method = self._act()
        return {
            Moment.BEFORE: (act, method, self._die_before),
            Moment.DURING: (act, method, self._die_after),
            Moment.RECORDED: (effects, "_settle", self._die_after),
            Moment.RETURNED: (ResultStore, "apersist_result_record", self._die_before),
            Moment.PERSISTED: (ResultStore, "apersist_result_record", self._die_after),
            Moment.RESPONDED: (responses, "mark_responded", self._die_before),
            Moment.CLAIMED: (runner.Runner, "attempt", self._die_before),
            Moment.CREATED: (leases, "attach_run", self._die_before),
            Moment.ATTACHED: (runner, "execute", self._die_before),
            Moment.COMPLETED: (leases, "finish", self._die_before),
        }

    def _act(self) -> tuple[object, str]:
        """Return what does the act, and the name of its method."""
        kit = resources()
        return {
            Kind.RECORD: (Database, "transaction"),
            Kind.MAIL: (kit.mail, "send"),
            Kind.SLACK: (kit.slack, "post_message"),
            Kind.CLAUDE: (kit.claude, "complete"),
            Kind.BID: (kit.bids, "place_proxy_bid"),
            Kind.EBAY: (kit.ebay_orders, "initiate_guest_checkout"),
        }[self.kind]

    def _die_before(self, owner: object, name: str) -> None:
        call = getattr(owner, name)

        @wraps(call)
        def dying(*args: Any, **kwargs: Any) -> Any:
            self._die_if_here()
            return call(*args, **kwargs)

        setattr(owner, name, dying)

    def _die_after(self, owner: object, name: str) -> None:
        call: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @wraps(call)
        async def dying(*args: Any, **kwargs: Any) -> Any:
            result = await call(*args, **kwargs)
            self._die_if_here()
            return result

        setattr(owner, name, dying)

    def _die_before_commit(self) -> None:
        transaction = Database.transaction

        @asynccontextmanager
        async def dying(database: Database) -> AsyncIterator[AsyncSession]:
            async with transaction(database) as session:
                yield session
                await session.flush()
                self._die_if_here()

        setattr(Database, "transaction", dying)  # noqa: B010 - mypy reads it as another type

    def _die_while_saving(self) -> None:
        write = LocalFileSystem.awrite_path

        @wraps(write)
        async def dying(system: LocalFileSystem, path: str, content: bytes) -> str:
            if self._is_here():
                await write(system, path, content[: len(content) // 2])
                self._die()
            return await write(system, path, content)

        setattr(LocalFileSystem, "awrite_path", dying)  # noqa: B010 - likewise

    def _die_if_here(self) -> None:
        if self._is_here():
            self._die()

    def _is_here(self) -> bool:
        context = TaskRunContext.get()
        return (context.task.name if context else None) == self.step

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP if self.freezes else signal.SIGKILL)
