"""Where workers come from: a nursery for those that die, a house for those that take over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from prefect.client.orchestration import PrefectClient

from deployments.apply import Applied
from deployments.dispatcher import Dispatcher
from deployments.reconciler import Reconciler
from deployments.triggers import TRIGGERS
from hotrod.sections import WorkerSettings
from tasks._resources import Resources
from tests.chaos.dying_worker import Order, Report

LEASE_SECONDS = 2
POLL_SECONDS = 0.2


@dataclass
class Nursery:
    """The process that forks workers which die."""

    process: asyncio.subprocess.Process
    log: Path

    async def spawn(self, order: Order) -> Report:
        """Let a worker live until it is dead or frozen."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{order.model_dump_json()}\n".encode())
        answer = await self.process.stdout.readline()
        assert answer, f"the nursery ended:\n{self.log_tail()}"
        return Report.model_validate_json(answer)

    def log_tail(self) -> str:
        return self.log.read_text()[-4000:]


@dataclass
class House:
    """Where a worker of this process takes over what the dead one has left."""

    kit: Resources
    client: PrefectClient
    deployments: dict[str, Applied]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, name: str) -> None:
        settings = WorkerSettings(
            lease_seconds=LEASE_SECONDS, poll_seconds=POLL_SECONDS, reconcile_seconds=0.5
        )
        database = self.kit.database
        dispatcher = Dispatcher(name, database, self.client, self.deployments, settings)
        reconciler = Reconciler(
            database, self.client, self.deployments, TRIGGERS, settings, dispatcher.cancel
        )
        self.tasks = [
            asyncio.create_task(dispatcher.run()),
            asyncio.create_task(reconciler.run()),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert not [end for end in ended if not isinstance(end, asyncio.CancelledError)]
