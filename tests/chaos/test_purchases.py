"""A worker dies at every step of parts sourcing: what was approved is ordered, and once."""

from __future__ import annotations

import signal

import pytest
from prefect.flow_runs import aresume_flow_run
from prefect.tasks import Task

from flows import parts_sourcing
from hotrod.durable import inbox
from hotrod.purchasing.models import PurchaseState, RoundState
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.dying_worker import SOURCING, Order
from tests.chaos.workers import House, Nursery
from tests.shelf_kit import Shelf

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox"),
]
MORTAL = "mortal"
ASKING = {
    "open round": Kind.RECORD,
    "list sources": Kind.RECORD,
    "search offers": Kind.RECORD,
    "evaluate offers": Kind.RECORD,
    "advise managers": Kind.CLAUDE,
    "ask managers": Kind.RECORD,
    "tell managers": Kind.MAIL,
    "tell managers on Slack": Kind.SLACK,
}
BUYING = {
    "check prices": Kind.RECORD,
    "plan purchases": Kind.RECORD,
    "choose placing": Kind.RECORD,
    "order by mail": Kind.MAIL,
    "note order": Kind.RECORD,
    "close round": Kind.RECORD,
}
OTHERWISE = {"tell that nothing is offered", "hand over purchase", "ask to buy"}
"""Steps of other ends than an order by mail."""


def test_every_step_of_the_flow_is_tried() -> None:
    steps = {one.name for one in vars(parts_sourcing).values() if isinstance(one, Task)}
    assert steps == ASKING.keys() | BUYING.keys() | OTHERWISE


async def die(house: House, nursery: Nursery, boundary: Boundary) -> None:
    """Let a worker take up what waits, and die at a boundary."""
    order = Order(
        name=MORTAL,
        deployments={SOURCING: house.deployments[SOURCING].id},
        boundary=boundary,
        responds=False,
    )
    report = await nursery.spawn(order)
    assert report.signal == signal.SIGKILL, f"not at {boundary}:\n{nursery.log_tail()}"


def arrived(sandbox: Sandbox) -> list[str]:
    """Return who got mail, as often as they did."""
    return sorted(one.recipient for one in sandbox.state.store(MailStore).arrivals())


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in ASKING.items()
        for moment in (Moment.DURING, Moment.RETURNED)
    ],
    ids=str,
)
async def test_managers_are_asked_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    question = await shelf.question()

    assert arrived(sandbox) == ["daniel@hotrod.example.com", "sofia@hotrod.example.com"]
    assert question.round == 1


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in BUYING.items()
        for moment in kind.moments
    ],
    ids=str,
)
async def test_what_was_approved_is_ordered_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    house.start("asker")
    question = await shelf.question()
    await house.stop()
    assert await shelf.answer(question, "sofia") == "counted"
    assert question.run_id is not None
    await aresume_flow_run(question.run_id)
    async with shelf.kit.database.transaction() as session:
        await inbox.wake(session, question.run_id)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await shelf.ends(RoundState.BOUGHT)

    assert arrived(sandbox).count("orders@greatlakes.example.com") == 1
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    (line,) = question.items
    assert (await shelf.on_order(), purchase.total) == (line.quantity, question.amount)
