"""Parts sourcing from the use that makes a part low to what is on order, in a real worker."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import get_client
from prefect.artifacts import Artifact
from prefect.exceptions import PrefectHTTPStatusError
from sqlmodel import col, select, update

from flows.parts_follow_up import parts_follow_up
from flows.parts_sourcing import parts_sourcing
from hotrod.analytics.models import AnalyticsEvent
from hotrod.approvals.models import Approval, ApprovalState
from hotrod.db.columns import now
from hotrod.purchasing.abandoned import end_round
from hotrod.purchasing.models import PurchaseState, RoundState, SourcingRound
from hotrod.purchasing.rests import ask_at_once
from hotrod.purchasing.store import paid_prices, read_round, tell_rate
from sandbox.server import Sandbox
from tasks.approvals import resume_run
from tasks.purchases import PlacingError
from tests.factories import delivery_row
from tests.flow_kit import renew, working
from tests.shelf_kit import Shelf, sell, subjects, until
from tests.stand_ins import order_fault, slack_texts

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
    end = await artifact(question, "end")
    for words in ("# Bought", "approve by Sofia", purchase.number, "Great Lakes", "ordered"):
        assert words in end
    assert await told(shelf, "sourcing.searched", "round") >= 1


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
    end = await artifact(question, "end")
    for words in ("# Declined", "decline by Daniel", "too dear", "rest until"):
        assert words in end
    assert await parts_sourcing() == "nothing_low", "it rests"


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_ops_may_let_a_declined_part_be_asked_about_at_once(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()
    assert await shelf.answer(question, "sofia", choice="decline", reason="not now") == "counted"
    await shelf.ends(RoundState.DECLINED)

    async with shelf.kit.database.transaction() as session:
        await ask_at_once(session, shelf.kit.company, [shelf.part.sku], "maya")

    async def asked_again() -> list[Approval]:
        return await shelf._rows(
            Approval, Approval.title == question.title, Approval.state == ApprovalState.OPEN
        )

    (again,) = await until(asked_again)
    assert again.subject_id != question.subject_id


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

    await shelf.ends(RoundState.EXPIRED)
    assert (await shelf.question_state(question.id)) == ApprovalState.EXPIRED
    assert "Nobody decided by the deadline" in await artifact(question, "end")


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_price_that_has_moved_is_asked_about_again(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()
    await shelf.offer("great_lakes", "9.50")

    assert await shelf.answer(question, "sofia") == "counted"
    again = await shelf.question(number=2)

    asleep = (await shelf.run(again)).state
    await parts_follow_up()
    assert await resume_run(question.id) is False
    assert (await shelf.run(again)).state == asleep, "the first answer wakes nobody any more"
    assert again.amount > question.amount
    assert await told(shelf, "sourcing.price_moved", "round") == 1
    assert await shelf.answer(again, "sofia") == "counted"
    purchase = await shelf.purchase(PurchaseState.ORDERED)
    assert purchase.total == again.amount
    await shelf.ends(RoundState.BOUGHT)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_rate_that_has_moved_is_asked_about_again(shelf: Shelf, sandbox: Sandbox) -> None:
    await tell(shelf, "1.40")
    sell(sandbox, shelf.part.name, currency="USD")
    await shelf.use(8)
    question = await shelf.question()
    await tell(shelf, "2.10")

    assert await shelf.answer(question, "renee") == "counted"
    again = await shelf.question(number=2)

    assert abs(again.amount - question.amount * Decimal("1.5")) < Decimal("0.05")
    assert await shelf.answer(again, "renee") == "counted"
    purchase = await shelf.purchase(PurchaseState.TO_BUY)
    assert purchase.total == again.amount
    await shelf.ends(RoundState.BOUGHT)


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_run_whose_round_is_dropped_ends_in_peace(shelf: Shelf, sandbox: Sandbox) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()
    async with shelf.kit.database.transaction() as session:
        current = await read_round(session, question.subject_id, lock=True)
        await end_round(session, current, "ops ended it", now(), by="maya")

    assert await shelf.answer(question, "sofia") == "late"
    end = await artifact(question, "end")
    assert "# Cancelled" in end

    async def is_completed() -> bool:
        state = (await shelf.run(question)).state
        return state is not None and state.is_completed()

    await until(is_completed)
    assert (await shelf.round()).state == RoundState.CANCELLED
    assert await subjects(sandbox, "orders@greatlakes") == []


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


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_source_that_is_away_is_named_to_the_managers(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    await order_fault(sandbox, service="ebay", kind="error", count=50)
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)

    question = await shelf.question()

    words = "ebay could not be searched"
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        sent = (await client.get("/_control/mail")).json()
    assert [words in str(one) for one in sent if "Approve" in one["subject"]] == [True, True]
    assert all(words in one for one in await slack_texts(sandbox))
    assert words in await artifact(question, "proposal")


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_the_form_shows_what_is_proposed(shelf: Shelf) -> None:
    await shelf.offer("great_lakes", "8.50")
    await shelf.use(8)
    question = await shelf.question()

    async def described() -> str:
        run = await shelf.run(question)
        keys = run.state.state_details.run_input_keyset if run.state else None
        assert keys
        async with get_client() as client:
            with suppress(PrefectHTTPStatusError):  # a run sleeps before its form is told
                return await client.read_flow_run_input(run.id, keys["description"])
            return ""

    shown = await until(described)
    (line,) = question.items
    for words in (
        f"{question.amount} CAD for parts",
        f"**{line.sku}** {line.quantity} x",
        f"/artifacts/key/parts-{str(question.subject_id)[:8]}-offers",
        f"By {question.deadline_at.astimezone(shelf.kit.company.zone):%F %H:%M %Z}",
    ):
        assert words in json.loads(shown)


async def test_a_run_that_finds_nothing_low_says_so(shelf: Shelf) -> None:
    before = await nothing_low()
    assert await shelf.on_order() == 0
    assert await parts_sourcing() == "nothing_low"
    assert len(await nothing_low() - before) == 1


async def test_a_run_that_can_not_place_all_says_what_was_placed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def source(_round: UUID) -> str:
        raise PlacingError

    monkeypatch.setattr("flows.parts_sourcing.source", source)
    await shelf.use(8)
    with pytest.raises(PlacingError):
        await parts_sourcing()
    key = f"parts-{str((await shelf.round()).id)[:8]}-end"
    async with get_client() as client:
        assert any(
            "# Not all placed" in str(one.data)
            for one in await client.read_artifacts()
            if one.key == key
        )


@pytest.mark.thorough
async def test_ops_are_told_once_when_the_run_of_what_was_agreed_to_was_given_up(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    wanted = {"sku": shelf.part.sku, "name": "Fan", "fits": ["console"], "quantity": 4}
    async with shelf.kit.database.transaction() as session:
        agreed, searching = [
            SourcingRound(
                business_key="noizylab", state=state, needs=[{"wanted": wanted}], run_id=uuid4()
            )
            for state in (RoundState.APPROVED, RoundState.SEARCHING)
        ]
        session.add_all([agreed, searching])
        session.add_all([delivery_row(run_id=one.run_id) for one in (agreed, searching)])

    await parts_follow_up()
    await parts_follow_up()

    (told,) = [one for one in await slack_texts(sandbox) if shelf.part.sku in one]
    assert f"hotrod purchases drop {agreed.id}" in told
    async with shelf.kit.database.transaction() as session:
        assert (await read_round(session, agreed.id)).state == RoundState.APPROVED
        assert (await read_round(session, searching.id)).state == RoundState.CANCELLED


async def tell(shelf: Shelf, dollar: str) -> None:
    async with shelf.kit.database.transaction() as session:
        await tell_rate(session, "USD", Decimal(dollar), into="CAD", told_by="maya")


async def nothing_low() -> set[UUID]:
    async with get_client() as client:
        found = await client.read_artifacts()
    return {one.id for one in found if one.description == "Nothing low"}


async def artifact(question: Approval, what: str) -> str:
    """Return the newest text of an artifact about a question's round."""
    key = f"parts-{str(question.subject_id)[:8]}-{what}"

    async def written() -> str:
        found = await Artifact.aget(key)
        return str(found.data) if found else ""

    return await until(written)


async def told(shelf: Shelf, event: str, field: str) -> int:
    """Return how often analytics heard of something about the part's round."""
    about = str((await shelf.round()).id)
    async with shelf.kit.database.transaction() as session:
        found = await session.exec(
            select(AnalyticsEvent.fields).where(AnalyticsEvent.name == event)
        )
        return len([one for one in found if one[field] == about])


async def mails(sandbox: Sandbox, recipient: str, words: str) -> list[str]:
    return [one for one in await subjects(sandbox, recipient) if words in one]
