"""A worker dies on a day when a source is away, or when prices never hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from sqlmodel import delete

from hotrod.purchasing.models import RoundState
from hotrod.services.models import ServiceBreaker
from sandbox.server import Sandbox
from tests.chaos.boundaries import Boundary, Kind, Moment
from tests.chaos.test_purchases import MORTAL, approve, arrived, die, end_of_run
from tests.chaos.workers import House, Nursery
from tests.shelf_kit import Shelf, sell
from tests.stand_ins import order_fault, slack_texts

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.prefect,
    pytest.mark.usefixtures("empty_inbox"),
]
AWAY = [
    Boundary(step="note unsearched source", moment=moment, kind=Kind.RECORD)
    for moment in Kind.RECORD.moments
]
GIVEN_UP = [
    Boundary(step="tell that prices never hold", moment=moment, kind=Kind.SLACK)
    for moment in Kind.SLACK.moments
]


@pytest.fixture
async def ebay_away(shelf: Shelf, sandbox: Sandbox) -> AsyncIterator[None]:
    """Sell the part at eBay, which refuses every call."""
    sell(sandbox, shelf.part.name)
    await order_fault(sandbox, service="ebay", kind="error", status=403, probability=1)
    yield
    await comes_back(shelf, sandbox)


async def comes_back(shelf: Shelf, sandbox: Sandbox) -> None:
    sandbox.state.faults.clear()
    async with shelf.kit.database.transaction() as session:
        await session.exec(delete(ServiceBreaker))


@pytest.mark.usefixtures("ebay_away")
@pytest.mark.parametrize("boundary", AWAY, ids=str)
async def test_managers_are_told_which_source_is_away(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await shelf.question()

    assert (await shelf.round()).unsearched.keys() == {"ebay"}
    assert arrived(sandbox) == ["daniel@hotrod.example.com", "sofia@hotrod.example.com"]


@pytest.mark.usefixtures("ebay_away")
async def test_a_source_that_comes_back_meanwhile_is_not_called_away(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox
) -> None:
    await shelf.use(8)
    await die(house, nursery, AWAY[-1])
    assert (await shelf.round()).unsearched.keys() == {"ebay"}

    await comes_back(shelf, sandbox)
    house.start(MORTAL)
    question = await shelf.question()

    assert (await shelf.round()).unsearched == {}
    assert {line.seller for line in question.items} == {"maple_parts"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("boundary", GIVEN_UP, ids=str)
async def test_ops_are_told_that_prices_never_hold(
    shelf: Shelf, house: House, nursery: Nursery, sandbox: Sandbox, boundary: Boundary
) -> None:
    price = Decimal("8.50")
    await shelf.offer("great_lakes", str(price))
    await shelf.use(8)
    for turn in range(1, 6):
        house.start(MORTAL)
        question = await shelf.question(turn)
        await house.stop()
        price = (price * Decimal("1.2")).quantize(Decimal("0.01"))
        await shelf.offer("great_lakes", str(price))
        await approve(shelf, question)
    await die(house, nursery, boundary)

    house.start(MORTAL)
    await end_of_run(shelf)

    assert (await shelf.round()).state == RoundState.CANCELLED
    texts = [one for one in await slack_texts(sandbox) if "again and again" in one]
    told = [one for one in texts if shelf.part.sku in one]
    is_unknown = boundary.moment is Moment.DURING  # an alert is rather repeated than lost
    assert len(told) == (2 if is_unknown else 1)
    assert await shelf.on_order() == 0
