"""Parts sourcing from the use that makes a part low to what is on order, in a real worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import col, update

from flows.parts_follow_up import parts_follow_up
from hotrod.approvals.models import Approval, ApprovalState
from hotrod.db.columns import now
from hotrod.purchasing.models import PurchaseState, RoundState
from hotrod.purchasing.store import paid_prices
from sandbox.server import Sandbox
from tests.flow_kit import renew, working
from tests.shelf_kit import Shelf, subjects, until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


@pytest.mark.usefixtures("worker")
async def test_a_use_that_makes_low_ends_in_one_order_once_a_manager_says_yes(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)

    question = await shelf.question()
    assert any("Approve" in one for one in await subjects(sandbox, "sofia@"))
    assert await shelf.answer(question, "sofia") == "counted"
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    await shelf.ends(RoundState.BOUGHT)

    (line,) = question.items
    assert await shelf.on_order() == line.quantity
    orders = [one for one in await subjects(sandbox, "orders@greatlakes") if "Order PO-" in one]
    assert orders == [f"Order {purchase.number} of NOIZYLAB Repairs"]
    assert purchase.total == question.amount
    async with shelf.kit.database.transaction() as session:
        (paid,) = await paid_prices(session, shelf.part.sku)
    assert abs(paid.per_piece * line.quantity - purchase.total) < Decimal("0.01")


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_the_form_of_the_ui_asks_again_until_the_answer_is_good(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    await shelf.offer("northbench", "8.50")
    await shelf.use(8)
    question = await shelf.question()

    await shelf.fill_in(question, decision="approve")  # by whom?
    await shelf.fill_in(question, manager="sofia", decision="decline")  # why?
    await shelf.fill_in(question, manager="sofia", decision="approve", quantity_1=2)

    purchase = await shelf.purchase(PurchaseState.TO_BUY)
    await shelf.ends(RoundState.BOUGHT)
    assert purchase.total < question.amount
    assert f"Please buy: {purchase.number}, {purchase.total} CAD" in await subjects(
        sandbox, "ops@hotrod"
    )
    assert await shelf.on_order() == 0, "nobody has bought it yet"


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_no_buys_nothing(shelf: Shelf, sandbox: Sandbox) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()

    assert await shelf.answer(question, "daniel", choice="decline", reason="too dear") == "counted"
    await shelf.ends(RoundState.DECLINED)

    async def told() -> list[str]:
        return [one for one in await subjects(sandbox, "sofia@") if "Declined" in one]

    assert len(await until(told)) == 1
    assert await subjects(sandbox, "orders@greatlakes") == []


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_silence_until_the_deadline_is_a_no(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()
    async with shelf.kit.database.transaction() as session:
        past = now() - timedelta(minutes=1)
        await session.exec(
            update(Approval).where(col(Approval.id) == question.id).values(deadline_at=past)
        )

    await parts_follow_up()

    await shelf.ends(RoundState.DECLINED)
    assert (await shelf.question_state(question.id)) == ApprovalState.EXPIRED


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_price_that_has_moved_is_asked_about_again(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()
    await shelf.offer("great_lakes", "9.50")

    assert await shelf.answer(question, "sofia") == "counted"
    again = await shelf.question(number=2)

    assert again.amount > question.amount
    assert await shelf.answer(again, "sofia") == "counted"
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    assert purchase.total == again.amount
    await shelf.ends(RoundState.BOUGHT)


@pytest.mark.thorough
async def test_the_answer_may_come_while_no_worker_is_up(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    async with working(shelf.kit):
        await shelf.use(8)
        question = await shelf.question()
    assert await shelf.answer(question, "sofia") == "counted"
    renew(shelf.kit)
    async with working(shelf.kit):
        await shelf.purchase(PurchaseState.ORDERED)
        await shelf.ends(RoundState.BOUGHT)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_the_first_of_two_managers_decides(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()

    results = await asyncio.gather(
        shelf.answer(question, "sofia"),
        shelf.answer(question, "daniel", choice="decline", reason="no"),
    )

    assert sorted(results) == ["counted", "late"]
    state = RoundState.BOUGHT if results[0] == "counted" else RoundState.DECLINED
    await shelf.ends(state)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_where_nothing_is_offered_ops_are_told_why(shelf: Shelf, sandbox: Sandbox) -> None:
    await shelf.use(8)
    await until(lambda: mails(sandbox, "ops@hotrod", "runs low, and nobody sells"))
    await shelf.ends(RoundState.EMPTY)


async def mails(sandbox: Sandbox, recipient: str, words: str) -> list[str]:
    return [one for one in await subjects(sandbox, recipient) if words in one]
