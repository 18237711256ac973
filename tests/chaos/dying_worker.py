"""Workers that die where they are told: ``python -m tests.chaos.dying_worker``.

Imports everything once, then forks a worker for each order that it reads (JSON, one a line), and
writes what became of the worker.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.context import AsyncClientContext
from prefect.flows import Flow
from pydantic import BaseModel

from deployments.apply import Applied
from deployments.dispatcher import Dispatcher
from deployments.responder import Responder
from deployments.triggers import TRIGGERS
from flows.auction_bid import auction_bid
from flows.checkout_paid import checkout_paid
from flows.parts_sourcing import parts_sourcing
from flows.repair_intake import repair_intake
from hotrod.logging import configure_logging
from tasks._resources import resources
from tests.chaos.boundaries import Boundary

LONGEST_LIFE_SECONDS = 60
DEPLOYMENT = "repair-intake/repair-intake"
SOURCING = "parts-sourcing/parts-sourcing"
BIDDING = "auction-bid/auction-bid"
PAID = "checkout-paid/checkout-paid"
FLOWS: dict[str, Flow[..., Any]] = {
    DEPLOYMENT: repair_intake,
    SOURCING: parts_sourcing,
    BIDDING: auction_bid,
    PAID: checkout_paid,
}


class Order(BaseModel):
    """A worker that is to die.

    ``responds`` makes it perform first responses and nothing else; otherwise it runs flows and
    nothing else, so that it is known who comes to the boundary.
    """

    name: str
    deployments: dict[str, UUID]
    boundary: Boundary
    responds: bool


async def work(order: Order) -> None:
    """Be a worker until death, or until SIGUSR1 tells it to finish and stop."""
    kit = resources()
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, me.cancel)
    order.boundary.arm()
    if order.responds:
        await Responder(kit.database, TRIGGERS, kit.settings.worker).run()
        return
    silent = {event: replace(one, first_response=None) for event, one in TRIGGERS.items()}
    deployments = {name: Applied(one, FLOWS[name]) for name, one in order.deployments.items()}
    async with AsyncClientContext(), get_client() as client:
        await Dispatcher(
            order.name, kit.database, client, deployments, kit.settings.worker, silent
        ).run()


class Report(BaseModel):
    """What became of a worker: its process id, and the signal that ended or stopped it, if any."""

    pid: int
    signal: int


def spawn(order: Order) -> Report:
    """Fork a worker, and wait until it is dead or frozen."""
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_LIFE_SECONDS)
        try:
            asyncio.run(work(order))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, os.WUNTRACED)
    frozen = os.WIFSTOPPED(status)
    return Report(pid=child, signal=os.WSTOPSIG(status) if frozen else os.WTERMSIG(status))


def main() -> None:
    """Carry out orders until there are no more; what is frozen then doesn't outlive this."""
    configure_logging("INFO")
    if threading.active_count() > 1:
        raise RuntimeError("only a process without threads can be forked")
    frozen: list[int] = []
    for line in sys.stdin:
        order = Order.model_validate_json(line)
        report = spawn(order)
        if order.boundary.freezes:
            frozen.append(report.pid)
        sys.stdout.write(f"{report.model_dump_json()}\n")
        sys.stdout.flush()
    for child in frozen:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
