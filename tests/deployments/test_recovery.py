"""Runs that were interrupted, cancelled, put to sleep or forgotten; on a real Prefect server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import AsyncClientContext
from prefect.flow_runs import asuspend_flow_run
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS, temporary_settings
from prefect.states import Cancelling, Pending, Running
from sqlmodel import select

from connectors._http.errors import TransientError
from deployments.apply import Applied, ensure_work_pool
from deployments.dispatcher import Dispatcher
from deployments.reconciler import Reconciler
from deployments.triggers import Trigger
from deployments.warm_worker import WORKER_TYPE, WarmWorker
from hotrod.db.engine import Database
from hotrod.durable import inbox, leases
from hotrod.durable.inbox import NewDelivery
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.sections import WorkerSettings
from hotrod.settings import Settings

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.thorough,
    pytest.mark.usefixtures("empty_inbox", "kit"),
]

SETTINGS = WorkerSettings(
    max_attempts=3,
    rest_seconds=0,
    drain_seconds=0,
    lease_seconds=2,
    poll_seconds=0.2,
    reconcile_seconds=0.2,
)
CALLS: list[str] = []
DEAD: list[str] = []


@flow(name="moody", persist_result=True)
async def moody(ticket: str) -> str:
    """Do what the ticket's name says."""
    CALLS.append(ticket)
    match ticket:
        case "fails-once" if CALLS.count(ticket) == 1:
            raise TransientError("mail", "send", "The service is away")
        case "fails-always":
            raise TransientError("mail", "send", "The service is away")
        case "is-wrong":
            raise ValueError("wrong")
        case "takes-long":
            await asyncio.sleep(60)
        case "takes-long-once" if CALLS.count(ticket) == 1:
            await asyncio.sleep(60)
        case _ if ticket.startswith("dawdles"):
            await asyncio.sleep(60)
        case "sleeps":
            await asuspend_flow_run(timeout=3600, key="nap")
    return ticket


async def remember(subject: str) -> None:
    DEAD.append(subject)


TRIGGERS = {
    "moody": Trigger("moody", "moody/moody", ("ticket",), subject="ticket", when_dead=remember)
}


@pytest.fixture
async def client(prefect_server: Settings) -> AsyncIterator[PrefectClient]:
    CALLS.clear()
    DEAD.clear()
    async with AsyncClientContext(), get_client() as client:
        yield client


@pytest.fixture
async def deployments(client: PrefectClient) -> dict[str, Applied]:
    pool = f"moody-{uuid4().hex[:8]}"
    await ensure_work_pool(client, pool, WORKER_TYPE, WarmWorker.get_default_base_job_template())
    deployment_id = await client.create_deployment(
        flow_id=await client.create_flow(moody), name=pool, work_pool_name=pool
    )
    return {"moody/moody": Applied(deployment_id, moody), "pool": Applied(deployment_id, moody)}


class House:
    """Workers of this process that can be started, stopped and killed."""

    def __init__(
        self, database: Database, client: PrefectClient, deployments: dict[str, Applied]
    ) -> None:
        self.database = database
        self.client = client
        self.deployments = {"moody/moody": deployments["moody/moody"]}
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, name: str = "w1") -> Dispatcher:
        dispatcher = Dispatcher(
            name, self.database, self.client, self.deployments, SETTINGS, TRIGGERS
        )
        reconciler = Reconciler(
            self.database, self.client, self.deployments, TRIGGERS, SETTINGS, dispatcher.cancel
        )
        self.tasks += [
            asyncio.create_task(dispatcher.run()),
            asyncio.create_task(reconciler.run()),
        ]
        return dispatcher

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    async def deliver(self, ticket: str, lane: Lane = Lane.NORMAL) -> str:
        delivery_id = uuid4().hex
        async with self.database.transaction() as session:
            await inbox.accept(
                session,
                NewDelivery(
                    source="test",
                    delivery_id=delivery_id,
                    body_hash="",
                    event="moody",
                    business_key="noizylab",
                    ordering_key=f"ticket:{ticket}",
                    title=ticket,
                    payload={"ticket": ticket},
                    lane=lane,
                ),
            )
        return delivery_id

    async def row(self, delivery_id: str) -> Delivery:
        async with self.database.transaction() as session:
            found = await session.exec(select(Delivery).where(Delivery.delivery_id == delivery_id))
            return found.one()

    async def until(self, delivery_id: str, *states: DeliveryState) -> Delivery:
        for _ in range(400):
            row = await self.row(delivery_id)
            if row.state in states:
                return row
            await asyncio.sleep(0.05)
        pytest.fail(f"still {row.state}")

    async def until_exists(self, delivery_id: str) -> None:
        for _ in range(400):
            async with self.database.transaction() as session:
                found = await session.exec(
                    select(Delivery.id).where(Delivery.delivery_id == delivery_id)
                )
                if found.first() is not None:
                    return
            await asyncio.sleep(0.05)
        pytest.fail("nobody took it up")

    async def run_of(self, row: Delivery) -> FlowRun:
        return await self.client.read_flow_run(UUID(str(row.run_id)))

    async def until_run(self, row: Delivery, state: StateType) -> None:
        for _ in range(200):
            run = await self.run_of(row)
            if run.state is not None and run.state.type == state:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"the run isn't {state}, but {run.state_type}")

    async def schedule(self, ticket: str) -> FlowRun:
        applied = self.deployments["moody/moody"]
        return await self.client.create_flow_run_from_deployment(
            applied.id, parameters={"ticket": ticket}
        )


@pytest.fixture
async def house(
    database: Database, client: PrefectClient, deployments: dict[str, Applied]
) -> AsyncIterator[House]:
    house = House(database, client, deployments)
    yield house
    await house.stop()


async def until(condition: Callable[[], Any]) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never came to pass")


async def test_what_is_urgent_does_not_wait_for_a_place(house: House) -> None:
    house.start()
    for number in range(SETTINGS.claim_window + 1):
        await house.deliver(f"dawdles-{number}")
    await until(lambda: len(CALLS) == SETTINGS.claim_window)
    await house.until(await house.deliver("urgent", Lane.URGENT), DeliveryState.DONE)
    assert len(CALLS) == SETTINGS.claim_window + 1


async def test_a_service_that_was_away_is_tried_again_by_the_same_run(house: House) -> None:
    house.start()
    row = await house.until(await house.deliver("fails-once"), DeliveryState.DONE)
    run = await house.run_of(row)
    assert run.state is not None
    assert run.state.type == StateType.COMPLETED
    assert (run.run_count, row.attempts) == (2, 2)


async def test_after_its_last_attempt_it_is_a_dead_letter_and_the_run_says_so(
    house: House,
) -> None:
    house.start()
    row = await house.until(await house.deliver("fails-always"), DeliveryState.DEAD)
    assert "is away" in row.last_error
    assert CALLS == ["fails-always"] * 3
    await until(lambda: DEAD == ["fails-always"])
    run = await house.run_of(row)
    assert run.state is not None
    assert run.state.is_final()


async def test_a_dead_letter_that_is_redriven_goes_on_with_the_same_run(house: House) -> None:
    house.start()
    delivery_id = await house.deliver("is-wrong")
    dead = await house.until(delivery_id, DeliveryState.DEAD)
    async with house.database.transaction() as session:
        assert await inbox.redrive(session, [dead.identity]) == 1
    await until(lambda: CALLS == ["is-wrong"] * 2)
    again = await house.until(delivery_id, DeliveryState.DEAD)
    assert again.run_id == dead.run_id


async def test_cancelled_in_prefect_while_it_runs(house: House) -> None:
    house.start()
    delivery_id = await house.deliver("takes-long")
    await until(lambda: CALLS == ["takes-long"])
    run = await house.run_of(await house.row(delivery_id))
    await house.client.set_flow_run_state(run.id, Cancelling())
    row = await house.until(delivery_id, DeliveryState.DISCARDED)
    assert row.last_error == "cancelled in Prefect"
    await house.until_run(row, StateType.CANCELLED)


async def test_the_successor_of_a_dead_worker_goes_on_at_once(house: House) -> None:
    delivery_id = await house.deliver("takes-long-once")
    async with house.database.transaction() as session:
        (row,) = await leases.claim(session, "w1", limit=1, lease=timedelta(hours=1))
    run = await house.schedule("takes-long-once")
    await house.client.set_flow_run_state(run.id, Running(), force=True)
    async with house.database.transaction() as session:
        await leases.attach_run(session, row.identity, "w1", run.id)
    CALLS.append("takes-long-once")
    house.start("w1")
    done = await house.until(delivery_id, DeliveryState.DONE)
    assert (done.run_id, done.attempts) == (run.id, 2)


async def test_a_run_started_in_the_ui_is_polled_and_run(
    house: House, deployments: dict[str, Applied]
) -> None:
    run = await house.schedule("polled")
    pool = (await house.client.read_deployment(deployments["pool"].id)).work_pool_name
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: 0.2}):
        worker = WarmWorker(
            house.deployments, TRIGGERS, house.database, work_pool_name=pool, name="poller"
        )
        house.tasks.append(asyncio.create_task(worker.start(printer=lambda _: None)))
        house.start()
        await house.until_exists(str(run.id))
        row = await house.until(str(run.id), DeliveryState.DONE)
    assert (row.run_id, row.ordering_key) == (run.id, "ticket:polled")
    assert CALLS == ["polled"]


@pytest.mark.parametrize("state", [Pending(), Running()])
async def test_a_run_that_nobody_owns_is_taken_up(house: House, state: Any) -> None:
    run = await house.schedule("orphan")
    await house.client.set_flow_run_state(run.id, state, force=True)
    house.start()
    await house.until_exists(str(run.id))
    row = await house.until(str(run.id), DeliveryState.DONE)
    assert row.run_id == run.id
    assert CALLS == ["orphan"]


async def test_a_sleeping_run_holds_nothing_and_goes_on_when_it_is_resumed(
    house: House, deployments: dict[str, Applied]
) -> None:
    house.start()
    delivery_id = await house.deliver("sleeps")
    asleep = await house.until(delivery_id, DeliveryState.SUSPENDED)
    assert (asleep.worker, asleep.lease_until) == (None, None)
    await house.stop()

    pool = (await house.client.read_deployment(deployments["pool"].id)).work_pool_name
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: 0.2}):
        worker = WarmWorker(
            house.deployments, TRIGGERS, house.database, work_pool_name=pool, name="poller"
        )
        house.tasks.append(asyncio.create_task(worker.start(printer=lambda _: None)))
        house.start("w2")
        await house.client.resume_flow_run(UUID(str(asleep.run_id)))
        row = await house.until(delivery_id, DeliveryState.DONE)
    assert row.run_id == asleep.run_id
    assert CALLS == ["sleeps", "sleeps"]


async def test_a_run_that_is_ended_while_it_sleeps_ends_its_delivery(house: House) -> None:
    house.start()
    delivery_id = await house.deliver("sleeps")
    asleep = await house.until(delivery_id, DeliveryState.SUSPENDED)
    await house.client.set_flow_run_state(UUID(str(asleep.run_id)), Cancelling())
    await house.until(delivery_id, DeliveryState.DISCARDED)


async def test_a_run_that_is_pending_after_its_end_is_run_to_its_end_again(house: House) -> None:
    house.start()
    row = await house.until(await house.deliver("quick"), DeliveryState.DONE)
    await house.client.set_flow_run_state(UUID(str(row.run_id)), Pending(), force=True)
    await house.until_run(row, StateType.COMPLETED)


async def test_a_sleeper_that_ops_discard_is_cancelled_in_prefect(house: House) -> None:
    house.start()
    asleep = await house.until(await house.deliver("sleeps"), DeliveryState.SUSPENDED)
    async with house.database.transaction() as session:
        assert await inbox.discard(session, [asleep.identity], "not wanted") == 1
    await house.until_run(asleep, StateType.CANCELLED)


async def test_what_ops_discard_is_cancelled_in_prefect(house: House) -> None:
    delivery_id = await house.deliver("discarded")
    run = await house.schedule("discarded")
    await house.client.set_flow_run_state(run.id, Pending(), force=True)
    row = await house.row(delivery_id)
    async with house.database.transaction() as session:
        kept = await session.get(Delivery, row.id)
        assert kept is not None
        kept.run_id = run.id
        session.add(kept)
    async with house.database.transaction() as session:
        assert await inbox.discard(session, [row.identity], "not wanted") == 1
    house.start()
    for _ in range(100):
        found = await house.client.read_flow_run(run.id)
        assert found.state is not None
        if found.state.type == StateType.CANCELLED:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the run is still open")
