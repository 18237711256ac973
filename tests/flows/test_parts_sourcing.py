"""Parts sourcing from the use that makes a part low to what is on order, in a real worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from sqlmodel import col, select, update

from flows.parts_follow_up import parts_follow_up
from hotrod.approvals.decisions import answer
from hotrod.approvals.models import Answer, Approval, ApprovalState, Via
from hotrod.db.columns import now
from hotrod.parts import lowness
from hotrod.parts.ledger import post
from hotrod.parts.models import MovementKind, Part
from hotrod.parts.movements import NewMovement
from hotrod.parts.store import on_order
from hotrod.purchasing.models import Purchase, PurchaseState, RoundState, SourcingRound
from hotrod.purchasing.store import paid_prices
from hotrod.suppliers.models import SupplierPrice
from hotrod.suppliers.store import find_supplier
from sandbox.server import Sandbox
from tasks._resources import Resources
from tests.flow_kit import renew, working

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Shelf:
    """A part of this test's own, the only active one, with ten pieces, ordered again at three."""

    kit: Resources
    part: Part

    async def use(self, pieces: int) -> None:
        """Use pieces on a ticket."""
        async with self.kit.database.transaction() as session:
            movement = NewMovement(
                key=str(uuid4()),
                sku=self.part.sku,
                kind=MovementKind.USE,
                quantity=pieces,
                actor="test",
                ticket="NL-1",
            )
            await post(session, movement)

    async def on_order(self) -> int:
        """Return how many pieces are to come."""
        async with self.kit.database.transaction() as session:
            return await on_order(session, self.part.id)

    async def offer(self, supplier: str, price: str) -> None:
        """Put the part on a supplier's list, or change what it asks."""
        async with self.kit.database.transaction() as session:
            row = await find_supplier(session, supplier)
            listed = SupplierPrice(
                supplier_id=row.id,
                reference=f"{supplier}-{self.part.sku}",
                part_id=self.part.id,
                title=self.part.name,
                prices=[{"from_quantity": 1, "unit_price": price}],
            )
            await session.merge(listed)

    async def _rows(self, row: type[Found], *where: Any) -> list[Found]:
        async with self.kit.database.transaction() as session:
            return list(await session.exec(select(row).where(*where)))

    async def round(self) -> SourcingRound:
        """Return the round that looks for the part."""
        rounds = await self._rows(SourcingRound)
        (found,) = [one for one in rounds if one.needs[0]["wanted"]["sku"] == self.part.sku]
        return found

    async def question(self, number: int = 1) -> Approval:
        """Wait until managers are asked, and the run sleeps; return the question."""

        async def asked() -> Approval | None:
            title = f"Parts: {self.part.sku}"
            found = await self._rows(Approval, Approval.title == title, Approval.round == number)
            return found[0] if found and await self.is_asleep(found[0]) else None

        return await until(asked)

    async def purchase(self, state: PurchaseState) -> Purchase:
        """Wait until something is bought that far."""

        async def bought() -> Purchase | None:
            rows = await self._rows(
                Purchase, Purchase.round_id == (await self.round()).id, Purchase.state == state
            )
            return rows[0] if rows else None

        return await until(bought)

    async def ends(self, state: RoundState) -> None:
        """Wait until the round has ended so."""

        async def ended() -> bool:
            return (await self.round()).state == state

        await until(ended)

    async def question_state(self, question: UUID) -> str:
        """Return how a question stands."""
        (found,) = await self._rows(Approval, Approval.id == question)
        return found.state

    async def run(self, question: Approval) -> FlowRun:
        """Return the run that waits for a question."""
        assert question.run_id
        async with get_client() as client:
            return await client.read_flow_run(question.run_id)

    async def is_asleep(self, question: Approval) -> bool:
        """Whether the run holds no worker."""
        state = (await self.run(question)).state
        return state is not None and state.is_paused()

    async def answer(self, question: Approval, manager: str, **given: Any) -> str:
        """Answer as by the link of the mail."""
        fields: dict[str, Any] = {"choice": "approve", "via": Via.LINK}
        async with self.kit.database.transaction() as session:
            outcome = await answer(
                session,
                self.kit.company,
                question.id,
                manager,
                Answer(**fields | given),
                now(),
            )
        return outcome.result.value

    async def fill_in(self, question: Approval, **fields: Any) -> None:
        """Fill in the form of the Prefect UI, as the UI sends it."""

        async def taken() -> bool:
            if not await self.is_asleep(question):
                return False
            async with get_client() as client:
                path = f"/flow_runs/{question.run_id}/resume"
                reply = await client._client.post(path, json={"run_input": fields})
                return bool(reply.json()["status"] == "ACCEPT")

        await until(taken)


async def until(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """Return what is looked for, as soon as it is there."""
    for _ in range(300):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    pytest.fail("it never came")


async def subjects(sandbox: Sandbox, recipient: str) -> list[str]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        mails = (await client.get("/_control/mail")).json()
        return [mail["subject"] for mail in mails if recipient in str(mail)]


@pytest.fixture
async def shelf(kit: Resources, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    at_once = kit.company.sourcing.model_copy(update={"gather_minutes": 0})
    company = kit.company.model_copy(update={"sourcing": at_once})
    monkeypatch.setattr(lowness, "get_company", lambda: company)
    part = Part(
        sku=f"TEST-{uuid4().hex[:8].upper()}",
        name="Test fan",
        category="thermal",
        fits=["console"],
        unit_cost=Decimal(9),
        reorder_point=3,
    )
    async with kit.database.transaction() as session:
        await session.exec(update(Part).values(active=False))
        session.add(part)
        await session.flush()
        arrival = NewMovement(
            key=str(uuid4()),
            sku=part.sku,
            kind=MovementKind.RECEIVE,
            quantity=10,
            actor="test",
            unit_cost=Decimal(9),
        )
        await post(session, arrival)
    yield Shelf(kit, part)
    async with kit.database.transaction() as session:
        await session.exec(update(Part).values(active=True))
        await session.exec(update(Part).where(col(Part.id) == part.id).values(active=False))
        await session.exec(
            update(SourcingRound)
            .where(col(SourcingRound.state).in_(("searching", "proposed", "approved")))
            .values(state=RoundState.CANCELLED)
        )


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


@pytest.mark.usefixtures("worker")
async def test_where_nothing_is_offered_ops_are_told_why(shelf: Shelf, sandbox: Sandbox) -> None:
    await shelf.use(8)
    await until(lambda: mails(sandbox, "ops@hotrod", "runs low, and nobody sells"))
    await shelf.ends(RoundState.EMPTY)


async def mails(sandbox: Sandbox, recipient: str, words: str) -> list[str]:
    return [one for one in await subjects(sandbox, recipient) if words in one]
