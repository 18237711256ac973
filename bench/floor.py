"""The floor: ``python -m bench.floor`` does what runs need of Prefect, and nothing else.

A bare loop over Prefect's own client: create a run, read it, label it, set it RUNNING, report the
states of its tasks, attach its artifacts and logs, set it COMPLETED. No flow, no step, no engine.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, LogCreate
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_LOGGING_TO_API_BATCH_INTERVAL
from prefect.states import Completed, Pending, Running
from prefect.utilities.engine import emit_task_run_state_change_event

from bench.drain import FloorLoad, FloorTimes


@flow(name="floor")
async def nothing() -> None:
    """Stand for a deployment; it is never run."""


async def work(load: FloorLoad) -> FloorTimes:
    """Do the runs, and send all that there is to report of them."""
    numbers = iter(range(load.runs))
    async with get_client() as client:
        deployment = await client.create_deployment(await client.create_flow(nothing), "floor")
        begin = time.time()
        logs: list[LogCreate] = []
        loops = (_loop(client, load, deployment, numbers, logs) for _ in range(load.at_a_time))
        ended = asyncio.Event()
        sending = asyncio.create_task(_send_logs(client, logs, ended))
        await asyncio.gather(*loops)
        ended.set()
        await sending
        await cast("Awaitable[object]", EventsWorker.drain_all())
        return FloorTimes(begin=begin, end=time.time())


async def _loop(
    client: PrefectClient,
    load: FloorLoad,
    deployment: UUID,
    numbers: Iterator[int],
    logs: list[LogCreate],
) -> None:
    for number in numbers:
        run_id = await _run(client, load, deployment, number)
        logs += [_log(run_id, place) for place in range(load.tasks + 2)]


async def _send_logs(client: PrefectClient, logs: list[LogCreate], ended: asyncio.Event) -> None:
    """Send what has gathered, as often as Prefect does, and at the end."""
    while not ended.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value()):
                await ended.wait()
        sent = logs.copy()
        logs.clear()
        await client.create_logs(sent)


async def _run(client: PrefectClient, load: FloorLoad, deployment: UUID, number: int) -> UUID:
    """Take one run from its creation to its end, and return its id."""
    run = await client.create_flow_run_from_deployment(
        deployment,
        parameters={"number": number},
        name=f"floor-{number}",
        tags=["business:floor"],
        idempotency_key=f"floor:{number}",
        state=Pending(),
    )
    await client.read_flow_run(run.id)
    await client.set_flow_run_state(run.id, Running())
    await client.update_flow_run(run.id, tags=["business:floor", f"number:{number}"])
    with FlowRunContext.model_construct(flow_run=run):  # type: ignore[call-arg]  # events tell of the run, its flow, ...
        for place in range(load.tasks):
            _report_task(run.id, place)
    for place in range(load.artifacts):
        key = f"floor-{number}-{place}"
        artifact = ArtifactCreate(key=key, type="markdown", data=key, flow_run_id=run.id)
        await client.create_artifact(artifact)
    await client.set_flow_run_state(run.id, Completed())
    return run.id


def _report_task(run_id: UUID, place: int) -> None:
    """Report the states of a task run, as our engine does: by events, without PENDING."""
    task_run = TaskRun(
        id=uuid4(), flow_run_id=run_id, task_key="floor", dynamic_key=str(place), name="floor"
    )
    last: State[None] | None = None
    states: tuple[State[None], ...] = (Running(), Completed())
    for state in states:
        state.state_details.flow_run_id = run_id
        state.state_details.task_run_id = task_run.id
        emit_task_run_state_change_event(task_run, last, state)
        last = state


def _log(run_id: UUID, place: int) -> LogCreate:
    return LogCreate(
        name="prefect.flow_runs",
        level=logging.INFO,
        message=f"line {place}",
        timestamp=datetime.now(UTC),
        flow_run_id=run_id,
    )


def main() -> None:
    """Do what the argument says (JSON of ``FloorLoad``); print when it began and ended."""
    load = FloorLoad.model_validate_json(sys.argv[1])
    sys.stdout.write(f"{asyncio.run(work(load)).model_dump_json()}\n")


if __name__ == "__main__":
    main()
