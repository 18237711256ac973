"""From an accepted delivery to a finished Prefect run, on a real Prefect server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow, get_client, task
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.context import AsyncClientContext
from sqlmodel import col, delete, select

from deployments import dispatcher as dispatching
from deployments.apply import Applied, ensure_work_pool
from deployments.away import suppress_database_away
from deployments.dispatcher import Dispatcher
from deployments.responder import Responder
from deployments.triggers import Trigger
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.db.engine import Database
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.sections import WorkerSettings
from hotrod.settings import Settings

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox", "kit")]

RUNS: list[str] = []


@flow(name="greet")
async def greet(ticket: str) -> str:
    """Say who was greeted; told so by the ticket's number."""
    RUNS.append(ticket)
    if ticket == "NL-13":
        raise ValueError("thirteen")
    if ticket == "NL-60":
        await asyncio.sleep(60)
    return ticket


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    async with AsyncClientContext(), get_client() as client:
        yield client


@pytest.fixture
async def deployments(client: PrefectClient) -> dict[str, Applied]:
    template = WarmWorker.get_default_base_job_template()
    await ensure_work_pool(client, "test", WORKER_TYPE, template)
    await ensure_work_pool(client, "test", WORKER_TYPE, template)
    deployment_id = await client.create_deployment(
        flow_id=await client.create_flow(greet), name="greet", work_pool_name="test"
    )
    return {"greet/greet": Applied(deployment_id, greet)}


@pytest.fixture
async def run_dispatcher(
    client: PrefectClient,
    deployments: dict[str, Applied],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Callable[[], asyncio.Task[None]]]:
    trigger = Trigger("greeted", "greet/greet", ("ticket",), ("ticket",))
    monkeypatch.setattr(dispatching, "TRIGGERS", {"greeted": trigger})
    tasks: list[asyncio.Task[None]] = []

    def start() -> asyncio.Task[None]:
        worker = Dispatcher(
            f"w{len(tasks)}",
            database,
            client,
            deployments,
            WorkerSettings(max_attempts=2, rest_seconds=0, drain_seconds=0),
        )
        tasks.append(asyncio.create_task(worker.run()))
        return tasks[-1]

    RUNS.clear()
    yield start
    for started in tasks:
        started.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with database.transaction() as session:
        await session.exec(delete(Delivery).where(col(Delivery.source) == "test"))


async def stopped(task: asyncio.Task[None]) -> None:
    """Stop what runs, and see it stop."""
    task.cancel()
    _, left = await asyncio.wait([task], timeout=5)
    assert not left
    assert task.cancelled()


async def deliver(database: Database, ticket: str, event: str = "greeted") -> str:
    delivery_id = uuid4().hex
    async with database.transaction() as session:
        await inbox.accept(
            session,
            NewDelivery(
                source="test",
                delivery_id=delivery_id,
                body_hash="",
                event=event,
                business_key="noizylab",
                ordering_key=ticket,
                title=f"{ticket} PS5: no picture",
                payload={"ticket": ticket},
            ),
        )
    return delivery_id


async def until(
    database: Database, delivery_id: str, *states: DeliveryState, seconds: float = 20
) -> Delivery:
    row: Delivery | None = None
    for _ in range(int(seconds / 0.05)):
        async with database.transaction() as session:
            found = await session.exec(select(Delivery).where(Delivery.delivery_id == delivery_id))
            row = found.one()
        if row.state in states:
            return row
        await asyncio.sleep(0.05)
    pytest.fail(f"still {row.state if row else 'missing'}")


Start = Callable[[], Any]


async def test_a_delivery_becomes_one_named_tagged_finished_run(
    database: Database, client: PrefectClient, run_dispatcher: Start
) -> None:
    run_dispatcher()
    row = await until(database, await deliver(database, "NL-1"), DeliveryState.DONE)
    assert row.run_id is not None
    run = await client.read_flow_run(UUID(str(row.run_id)))
    assert run.name == "NL-1 PS5: no picture"
    assert set(run.tags) == {"business:noizylab", "ticket:NL-1"}
    assert run.state is not None
    assert run.state.type == StateType.COMPLETED
    assert RUNS == ["NL-1"]


async def test_the_first_response_needs_no_run_and_its_failure_harms_nothing(
    database: Database, run_dispatcher: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[str] = []

    @task
    async def answer(ticket: str) -> None:
        answered.append(ticket)
        if ticket == "NL-5":
            raise OSError("the mail service is away")

    trigger = Trigger("greeted", "greet/greet", ("ticket",), first_response=answer)
    ids = [await deliver(database, ticket) for ticket in ("NL-4", "NL-5")]
    responder = Responder(database, {"greeted": trigger}, WorkerSettings(drain_seconds=0))
    responding = asyncio.create_task(responder.run())
    for _ in range(400):
        if len(answered) == 2:
            break
        await asyncio.sleep(0.05)
    await stopped(responding)
    assert sorted(answered) == ["NL-4", "NL-5"]
    assert RUNS == []

    monkeypatch.setattr(dispatching, "TRIGGERS", {"greeted": trigger})
    run_dispatcher()
    for delivery_id in ids:
        await until(database, delivery_id, DeliveryState.DONE)
    assert sorted(RUNS) == ["NL-4", "NL-5"]


async def test_a_response_that_hangs_is_begun_once_and_holds_up_no_run(database: Database) -> None:
    answered: list[str] = []

    @task
    async def answer(ticket: str) -> None:
        answered.append(ticket)
        await asyncio.sleep(60)

    trigger = Trigger("greeted", "greet/greet", ("ticket",), first_response=answer)
    for number in range(6):
        await deliver(database, f"NL-{number}")
    settings = WorkerSettings(response_window=8, lease_seconds=2, drain_seconds=0)
    responder = Responder(database, {"greeted": trigger}, settings)
    responding = asyncio.create_task(responder.run())
    was_behind = False
    for _ in range(400):
        was_behind = was_behind or (len(answered) == 6 and bool(responder.behind))
        if was_behind and not responder.behind:
            break
        responder.ring()
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    await stopped(responding)
    assert was_behind
    assert not responder.behind
    assert len(answered) == 6


async def test_it_stops_although_it_is_woken_at_the_same_moment(
    database: Database, client: PrefectClient, deployments: dict[str, Applied]
) -> None:
    dispatcher = Dispatcher("w0", database, client, deployments, WorkerSettings())
    working = asyncio.create_task(dispatcher.run())
    for _ in range(400):
        if dispatcher._has_inherited:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    dispatcher._wake.set()
    await stopped(working)


async def test_what_is_cut_off_by_stopping_is_not_away() -> None:
    async def work() -> None:
        while True:
            with suppress_database_away():
                try:
                    await asyncio.sleep(60)
                finally:
                    raise OSError("the connection was cut off")

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    await stopped(working)


async def test_two_workers_run_a_delivery_once(database: Database, run_dispatcher: Start) -> None:
    run_dispatcher()
    run_dispatcher()
    ids = [await deliver(database, f"NL-{number}") for number in range(100, 104)]
    for delivery_id in ids:
        await until(database, delivery_id, DeliveryState.DONE)
    assert sorted(RUNS) == ["NL-100", "NL-101", "NL-102", "NL-103"]


async def test_a_failed_flow_is_a_dead_letter_with_the_reason(
    database: Database, run_dispatcher: Start
) -> None:
    run_dispatcher()
    row = await until(database, await deliver(database, "NL-13"), DeliveryState.DEAD)
    assert "thirteen" in row.last_error


async def test_an_event_without_trigger_is_a_dead_letter(
    database: Database, run_dispatcher: Start
) -> None:
    run_dispatcher()
    row = await until(database, await deliver(database, "NL-2", "unheard.of"), DeliveryState.DEAD)
    assert "unheard.of" in row.last_error


async def test_a_stopped_worker_gives_back_and_another_goes_on_with_the_same_run(
    database: Database, client: PrefectClient, run_dispatcher: Start
) -> None:
    first = run_dispatcher()
    delivery_id = await deliver(database, "NL-60")
    for _ in range(400):
        if RUNS:
            break
        await asyncio.sleep(0.05)
    assert RUNS == ["NL-60"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    row = await until(database, delivery_id, DeliveryState.WAITING)
    assert row.last_error == "the worker stopped"
    before = row.run_id

    run_dispatcher()
    for _ in range(400):
        if len(RUNS) == 2:
            break
        await asyncio.sleep(0.05)
    row = await until(database, delivery_id, DeliveryState.CLAIMED)
    assert (row.run_id, row.attempts) == (before, 1)


async def test_the_poll_finds_what_no_notification_told(
    database: Database, run_dispatcher: Start
) -> None:
    delivery_id = await deliver(database, "NL-3")
    run_dispatcher()
    await until(database, delivery_id, DeliveryState.DONE)
