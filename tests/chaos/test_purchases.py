"""A worker dies at every step of parts sourcing: what was approved is ordered, and once."""

from __future__ import annotations

import signal
from types import ModuleType

import pytest
from prefect.flow_runs import aresume_flow_run
from prefect.tasks import Task
from sqlmodel import select

from flows import checkout_paid, parts_sourcing
from hotrod.approvals.models import Approval
from hotrod.durable import inbox
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.purchasing.buying import cancel
from hotrod.purchasing.checkouts import EVENT, tell_paid
from hotrod.purchasing.models import Checkout, PurchaseState, RoundState
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.orders import Checkout as Paid
from sandbox.ebay.orders import Checkouts
from sandbox.mail.store import MailStore
from sandbox.server import Sandbox
from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.dying_worker import PAID, SOURCING, Order
from tests.chaos.workers import House, Nursery
from tests.shelf_kit import Shelf, sell, subjects, until

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
    "look at offers again": Kind.RECORD,
    "plan purchases": Kind.RECORD,
    "choose placing": Kind.RECORD,
    "order by mail": Kind.MAIL,
    "note order": Kind.RECORD,
    "close round": Kind.RECORD,
}
PAYING = {
    "begin checkout": Kind.EBAY,
    "hand over purchase": Kind.RECORD,
    "ask to pay": Kind.MAIL,
}
FINDING_NOTHING = {
    "evaluate offers": Kind.RECORD,
    "tell that nothing is offered": Kind.MAIL,
}
HANDING_OVER = {
    "hand over purchase": Kind.RECORD,
    "ask to buy": Kind.MAIL,
}
OTHERWISE = {"note unsearched source", "let bid rest", "tell that prices never hold"}
"""Steps that ``test_bad_days`` and ``test_bids`` try."""
OPS = "ops@hotrod.example.com"
CONFIRMING = {"confirm payment", "look at payment again", "tell of checkout"}


def steps_of(flow: ModuleType) -> set[str]:
    return {one.name for one in vars(flow).values() if isinstance(one, Task)}


def test_every_step_of_the_flow_is_tried() -> None:
    ends = (ASKING, BUYING, PAYING, FINDING_NOTHING, HANDING_OVER)
    assert steps_of(parts_sourcing) == OTHERWISE.union(*ends)
    assert steps_of(checkout_paid) == CONFIRMING


async def die(
    house: House, nursery: Nursery, boundary: Boundary, deployment: str = SOURCING
) -> None:
    """Let a worker take up what waits, and die at a boundary."""
    order = Order(
        name=MORTAL,
        deployments={deployment: house.deployments[deployment].id},
        boundary=boundary,
        responds=False,
    )
    report = await nursery.spawn(order)
    assert report.signal == signal.SIGKILL, f"not at {boundary}:\n{nursery.log_tail()}"


async def agreed(shelf: Shelf, house: House) -> Approval:
    """Let a manager be asked and say yes, and the run wait for a worker."""
    await shelf.use(8)
    house.start("asker")
    question = await shelf.question()
    await house.stop()
    await approve(shelf, question)
    return question


async def approve(shelf: Shelf, question: Approval) -> None:
    """Answer yes, and wake the run, as what follows a decision does."""
    assert await shelf.answer(question, "sofia") == "counted"
    assert question.run_id is not None
    await aresume_flow_run(question.run_id)
    async with shelf.kit.database.transaction() as session:
        await inbox.wake(session, question.run_id)


async def to_be_paid(shelf: Shelf, house: House, sandbox: Sandbox) -> None:
    """Let a person be asked to pay, and no worker be at work."""
    sell(sandbox, shelf.part.name)
    await agreed(shelf, house)
    house.start(MORTAL)
    await shelf.ends(RoundState.BOUGHT)
    await house.stop()


async def payments(shelf: Shelf) -> list[Delivery]:
    """Return the events that have eBay asked about the payment."""
    about = str((await shelf.round()).id)
    async with shelf.kit.database.transaction() as session:
        found = await session.exec(select(Delivery).where(Delivery.event == EVENT))
        return [one for one in found if one.payload["checkout"] == about]


async def is_done(shelf: Shelf) -> None:
    """Wait until the first look at the payment has ended."""

    async def ended() -> bool:
        states = {one.payload["look"]: one.state for one in await payments(shelf)}
        return states[1] == DeliveryState.DONE

    await until(ended)


async def pay(shelf: Shelf, sandbox: Sandbox, payment: str = "PAID") -> Paid:
    """Pay the checkout that our page shows, and tell its order."""
    async with shelf.kit.database.transaction() as session:
        shown = await session.get_one(Checkout, (await shelf.round()).id)
        paid = sandbox.state.store(Checkouts).get(shown.session_id)
        assert paid is not None
        moment = sandbox.state.store(EbayClock).now()
        sandbox.state.store(Checkouts).pay(paid, moment, payment=payment)
        await tell_paid(session, shown.round_id, paid.order_id)
    return paid


async def is_bought_once(shelf: Shelf, sandbox: Sandbox, paid: Paid) -> None:
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    assert purchase.order_number == paid.order_id
    assert [one for one in sandbox.state.store(Checkouts).all() if one.order_id] == [paid]
    assert await shelf.on_order() == sum(line.quantity for line in paid.lines)
    to_pay = [one for one in await subjects(sandbox, "ops@hotrod") if "Please pay" in one]
    assert len(to_pay) == 1


async def end_of_run(shelf: Shelf) -> str:
    """Wait until the run of the part's round has ended, and return how its delivery stands."""
    run = (await shelf.round()).run_id

    async def ended() -> str | None:
        (delivery,) = await shelf._rows(Delivery, Delivery.run_id == run)
        is_over = delivery.state in {DeliveryState.DONE, DeliveryState.DEAD}
        return delivery.state if is_over else None

    return await until(ended)


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
    question = await agreed(shelf, house)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await shelf.ends(RoundState.BOUGHT)

    assert arrived(sandbox).count("orders@greatlakes.example.com") == 1
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    (line,) = question.items
    assert (await shelf.on_order(), purchase.total) == (line.quantity, question.amount)


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in PAYING.items()
        for moment in kind.moments
    ],
    ids=str,
)
async def test_one_checkout_is_shown_and_paid_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    sell(sandbox, shelf.part.name)
    await agreed(shelf, house)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await shelf.ends(RoundState.BOUGHT)

    await is_bought_once(shelf, sandbox, await pay(shelf, sandbox))


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in FINDING_NOTHING.items()
        for moment in kind.moments
    ],
    ids=str,
)
async def test_ops_are_told_once_that_nothing_is_offered(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await shelf.use(8)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    assert await end_of_run(shelf) == DeliveryState.DONE

    await shelf.ends(RoundState.EMPTY)
    assert arrived(sandbox) == [OPS]


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step=step, kind=kind, moment=moment)
        for step, kind in HANDING_OVER.items()
        for moment in kind.moments
    ],
    ids=str,
)
async def test_ops_are_asked_to_buy_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await shelf.offer("northbench", "8.50")
    question = await agreed(shelf, house)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await shelf.ends(RoundState.BOUGHT)

    assert (await shelf.purchase(PurchaseState.TO_BUY)).total == question.amount
    assert arrived(sandbox).count(OPS) == 1


@pytest.mark.parametrize("moment", Kind.RECORD.moments, ids=str)
async def test_a_payment_is_confirmed_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, moment: Moment
) -> None:
    await to_be_paid(shelf, house, sandbox)
    paid = await pay(shelf, sandbox)
    boundary = Boundary(step="confirm payment", kind=Kind.RECORD, moment=moment)
    await die(house, nursery, boundary, PAID)

    house.start(MORTAL)

    await is_bought_once(shelf, sandbox, paid)


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary(step="confirm payment", moment=Moment.RETURNED),
        Boundary(step="tell of checkout", kind=Kind.MAIL, moment=Moment.DURING),
        Boundary(step="tell of checkout", kind=Kind.MAIL, moment=Moment.RETURNED),
    ],
    ids=str,
)
async def test_ops_are_told_once_of_what_was_cancelled_and_yet_paid(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await to_be_paid(shelf, house, sandbox)
    purchase = await shelf.purchase(PurchaseState.TO_BUY)
    async with shelf.kit.database.transaction() as session:
        await cancel(session, purchase.id, by="maya")
    await pay(shelf, sandbox)
    await die(house, nursery, boundary, PAID)

    house.start(MORTAL)
    await is_done(shelf)

    told = [one for one in await subjects(sandbox, "ops@hotrod") if "Payment at eBay" in one]
    assert len(told) == 1
    assert await shelf.on_order() == 0


async def test_a_payment_that_ebay_waits_for_is_looked_at_again_once(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox
) -> None:
    await to_be_paid(shelf, house, sandbox)
    await pay(shelf, sandbox, payment="PENDING")
    boundary = Boundary(step="look at payment again", kind=Kind.RECORD, moment=Moment.DURING)
    await die(house, nursery, boundary, PAID)

    house.start(MORTAL)
    await is_done(shelf)

    looks = [one.payload["look"] for one in await payments(shelf)]
    assert sorted(looks) == [1, 2]
