"""A question to managers is decided once, in time, by who may, and on record."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.models import AnalyticsEvent
from hotrod.approvals import store
from hotrod.approvals.decisions import Outcome, answer, ask, expire_due
from hotrod.approvals.models import (
    Answer,
    Approval,
    ApprovalAnswer,
    ApprovalAsk,
    ApprovalState,
    Result,
    Via,
)
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.durable.models import Delivery
from hotrod.errors import InvalidInputError, NotFoundError
from tests.hotrod.approvals.kit import AT, SOON, line, no, question, yes


async def decisions(session: AsyncSession, approval: Approval) -> list[Delivery]:
    found = await session.exec(select(Delivery).where(Delivery.delivery_id == str(approval.id)))
    return list(found.all())


async def roles(session: AsyncSession, approval: Approval) -> dict[str, str]:
    found = await session.exec(select(ApprovalAsk).where(ApprovalAsk.approval_id == approval.id))
    return {one.role: one.manager for one in found}


async def results(session: AsyncSession, approval: Approval) -> list[str]:
    return [one.result for one in await store.answers(session, approval.id)]


async def test_a_small_amount_is_asked_of_who_may_just_approve_it(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question("500.00"), AT)
    assert (approval.state, approval.needs) == (ApprovalState.OPEN, 1)
    assert await roles(session, approval) == {"assignee": "sofia", "deputy": "daniel"}
    larger = await ask(session, company, question("500.01"), AT)
    assert await roles(session, larger) == {"assignee": "daniel", "deputy": "renee"}


async def test_a_deadline_counts_the_hours_of_the_bench(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question(), AT)  # Monday 10:00, open from 9 to 18
    assert approval.remind_at - AT == timedelta(days=1)
    assert approval.deadline_at - AT == timedelta(days=2)


async def test_the_same_round_is_asked_once(session: AsyncSession, company: Company) -> None:
    new = question()
    first = await ask(session, company, new, AT)
    again = await ask(session, company, new.model_copy(update={"amount": Decimal(90)}), SOON)
    assert (again.id, again.amount, again.asked_at) == (first.id, Decimal(100), AT)
    assert len(await roles(session, first)) == 2


async def test_asking_again_supersedes_what_is_open(
    session: AsyncSession, company: Company
) -> None:
    new = question()
    first = await ask(session, company, new, AT)
    second = await ask(session, company, new.model_copy(update={"round": 2}), SOON)
    await session.refresh(first)
    assert (first.state, second.state) == (ApprovalState.SUPERSEDED, ApprovalState.OPEN)
    assert not await decisions(session, first)
    late = await answer(session, company, first.id, "sofia", yes(), SOON)
    assert late.result is Result.LATE
    assert "newer" in late.words


async def test_a_decided_round_stays_when_it_is_asked_again(
    session: AsyncSession, company: Company
) -> None:
    new = question()
    first = await ask(session, company, new, AT)
    await answer(session, company, first.id, "sofia", yes(), SOON)
    await ask(session, company, new.model_copy(update={"round": 2}), SOON)
    await session.refresh(first)
    assert first.state == ApprovalState.APPROVED


async def test_a_run_waits_for_the_newest_question_about_its_subject(
    session: AsyncSession, company: Company
) -> None:
    new = question(run_id=uuid4())
    first = await ask(session, company, new, AT)
    await answer(session, company, first.id, "sofia", yes(), SOON)
    assert first in await store.decided_since(session, SOON)
    second = await ask(session, company, new.model_copy(update={"round": 2}), SOON)
    assert first not in await store.decided_since(session, SOON)
    await answer(session, company, second.id, "sofia", yes(), SOON)
    assert second in await store.decided_since(session, SOON)


async def test_rounds_follow_each_other(session: AsyncSession, company: Company) -> None:
    with pytest.raises(InvalidInputError, match=r"round.*Ask 1"):
        await ask(session, company, question(round=2), AT)


async def test_a_yes_is_recorded_and_told(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question(), AT)
    outcome = await answer(session, company, approval.id, "sofia", yes(_1=3), SOON)
    assert outcome.result is Result.COUNTED
    assert (approval.state, approval.decided_at) == (ApprovalState.APPROVED, SOON)
    assert approval.quantities == {"1": 3, "2": 1}
    (row,) = await store.answers(session, approval.id)
    assert (row.manager, row.via, row.choice, row.address) == (
        "sofia",
        "link",
        "approve",
        "192.0.2.7",
    )
    assert (row.quantities, row.result, row.at) == ({"1": 3, "2": 1}, "counted", SOON)
    (delivery,) = await decisions(session, approval)
    assert (delivery.source, delivery.event) == ("approval", "approval.decided")
    assert delivery.ordering_key == f"approval:{approval.id}"
    assert delivery.payload == {"approval": str(approval.id)}
    events = await session.exec(
        select(AnalyticsEvent.name).order_by(col(AnalyticsEvent.id).desc()).limit(3)
    )
    assert events.all() == ["approval.approved", "approval.answered", "approval.asked"]


@pytest.mark.parametrize("via", Via)
async def test_pieces_that_are_not_sold_so_are_refused_whichever_way(
    session: AsyncSession, company: Company, via: Via
) -> None:
    packs = question(lines=(line("1", 10, "6.00", pack_size=5),))
    approval = await ask(session, company, packs, AT)
    outcome = await answer(session, company, approval.id, "sofia", yes(via, _1=3), SOON)
    assert (outcome.result, approval.state) == (Result.INVALID, ApprovalState.OPEN)
    assert "Give 0 to 10 in packs of 5." in outcome.words


async def test_a_no_keeps_its_reason(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question(), AT)
    outcome = await answer(session, company, approval.id, "renee", no("wrong seller"), SOON)
    assert outcome.result is Result.COUNTED
    assert (approval.state, approval.reason) == (ApprovalState.DECLINED, "wrong seller")
    assert approval.quantities is None
    assert len(await decisions(session, approval)) == 1


async def test_the_first_answer_stands_and_the_second_is_told(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question(), AT)
    await answer(session, company, approval.id, "sofia", yes(), SOON)
    late = await answer(session, company, approval.id, "daniel", no(), SOON)
    assert late.result is Result.LATE
    assert "approved" in late.words
    assert (approval.state, approval.reason) == (ApprovalState.APPROVED, "")
    assert await results(session, approval) == ["counted", "late"]
    assert len(await decisions(session, approval)) == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (yes(_1=5), "0 to 4"),
        (yes(_1=-1), "0 to 4"),
        (yes(_3=1), "no line '3'"),
        (yes(_1=0, _2=0), "Decline"),
        (no(" "), "reason"),
        (no("x" * 2001), "2000"),
        (yes(Via.LINK, **{"a\0\ud800": 1}), "no line"),
    ],
)
async def test_an_answer_that_can_not_be_meant_so_is_asked_again(
    session: AsyncSession, company: Company, given: Answer, named: str
) -> None:
    approval = await ask(session, company, question(), AT)
    outcome = await answer(session, company, approval.id, "sofia", given, SOON)
    assert outcome.result is Result.INVALID
    assert named in outcome.words
    assert approval.state == ApprovalState.OPEN
    again = await answer(session, company, approval.id, "sofia", yes(), SOON)
    assert again.result is Result.COUNTED
    assert await results(session, approval) == ["invalid", "counted"]


@pytest.mark.parametrize(
    ("key", "named"), [("sofia", "limit is 500.00"), ("maya", "manager"), ("\0", "manager")]
)
async def test_who_may_not_decide_is_told_and_recorded(
    session: AsyncSession, company: Company, key: str, named: str
) -> None:
    approval = await ask(session, company, question("600"), AT)
    for given in (yes(), no()):
        outcome = await answer(session, company, approval.id, key, given, SOON)
        assert outcome.result is Result.NOT_ALLOWED
        assert named in outcome.words
    assert approval.state == ApprovalState.OPEN
    assert await results(session, approval) == ["not_allowed"] * 2


async def test_a_limit_that_was_taken_away_holds_at_once(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question(), AT)
    without = company.model_copy(update={"managers": company.managers[1:]})
    outcome = await answer(session, without, approval.id, "sofia", yes(), SOON)
    assert outcome.result is Result.NOT_ALLOWED


async def test_a_large_amount_needs_two_people(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question("1500.01"), AT)
    assert await roles(session, approval) == {"assignee": "daniel", "second": "renee"}

    async def say(key: str, given: Answer) -> Outcome:
        return await answer(session, company, approval.id, key, given, SOON)

    assert (await say("daniel", yes(_1=3))).result is Result.FIRST_OF_TWO
    assert not await decisions(session, approval)
    assert (await say("daniel", yes())).result is Result.NOT_ALLOWED
    assert (await say("renee", yes(_1=0, _2=1))).result is Result.COUNTED
    assert (approval.state, approval.quantities) == (ApprovalState.APPROVED, {"1": 0, "2": 1})
    assert len(await decisions(session, approval)) == 1


@pytest.mark.parametrize("first", Via)
@pytest.mark.parametrize("second", Via)
async def test_of_two_yeses_one_proves_who_says_it(
    session: AsyncSession, company: Company, first: Via, second: Via
) -> None:
    approval = await ask(session, company, question("2000"), AT)
    one = await answer(session, company, approval.id, "renee", yes(first), SOON)
    assert one.result is Result.FIRST_OF_TWO
    two = await answer(session, company, approval.id, "daniel", yes(second), SOON)
    is_proven = bool({first, second} & {Via.LINK, Via.SLACK})
    assert (two.result is Result.COUNTED) == is_proven
    if not is_proven:
        assert (two.result, approval.state) == (Result.NOT_ALLOWED, ApprovalState.OPEN)
        assert "by the link in your mail, or in Slack" in two.words
        again = await answer(session, company, approval.id, "daniel", yes(), SOON)
        assert again.result is Result.COUNTED


async def test_a_no_needs_no_proof(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question("2000"), AT)
    await answer(session, company, approval.id, "renee", yes(Via.CLI), SOON)
    said = Answer("decline", Via.PREFECT, reason="too dear")
    assert (await answer(session, company, approval.id, "daniel", said, SOON)).result == "counted"


async def test_two_people_approve_what_both_said_yes_to(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question("2000"), AT)
    await answer(session, company, approval.id, "renee", yes(_2=0), SOON)
    nothing = await answer(session, company, approval.id, "daniel", yes(_1=0), SOON)
    assert nothing.result is Result.INVALID
    both = await answer(session, company, approval.id, "daniel", yes(_1=2), SOON)
    assert both.result is Result.COUNTED
    assert approval.quantities == {"1": 2, "2": 0}


async def test_of_two_one_no_ends_it_even_after_an_own_yes(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question("2000"), AT)
    await answer(session, company, approval.id, "renee", yes(), SOON)
    await answer(session, company, approval.id, "renee", no(), SOON)
    assert approval.state == ApprovalState.DECLINED


async def test_without_an_answer_it_is_no(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question(), AT)
    await expire_due(session, approval.deadline_at)
    assert approval.state == ApprovalState.OPEN
    past = approval.deadline_at + timedelta(microseconds=1)
    late = await answer(session, company, approval.id, "sofia", yes(), past)
    assert late.result is Result.LATE
    assert approval in await expire_due(session, past)
    assert (approval.state, approval.decided_at) == (ApprovalState.EXPIRED, past)
    assert len(await decisions(session, approval)) == 1
    assert approval not in await expire_due(session, past)


async def test_a_reminder_is_due_once(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question(), AT)
    before = approval.remind_at - timedelta(seconds=1)
    assert approval not in await store.due_reminders(session, before)
    assert approval in await store.due_reminders(session, approval.remind_at)
    await store.note_reminded(session, [approval.id], approval.remind_at)
    await store.note_reminded(session, [approval.id], approval.remind_at)
    reminded = await session.exec(
        select(AnalyticsEvent.fields).where(AnalyticsEvent.name == "approval.reminded")
    )
    assert [one for one in reminded if one["approval"] == str(approval.id)] == [
        {"approval": str(approval.id)}
    ]
    assert approval not in await store.due_reminders(session, approval.remind_at)


async def test_who_has_decided_is_not_reminded(session: AsyncSession, company: Company) -> None:
    approval = await ask(session, company, question(), AT)
    await answer(session, company, approval.id, "sofia", yes(), SOON)
    assert approval not in await store.due_reminders(session, approval.remind_at)


async def test_the_database_refuses_to_change_an_answer(
    session: AsyncSession, company: Company
) -> None:
    approval = await ask(session, company, question(), AT)
    await answer(session, company, approval.id, "sofia", yes(), SOON)
    for statement in (
        update(ApprovalAnswer).values(manager="renee"),
        delete(ApprovalAnswer).where(col(ApprovalAnswer.approval_id) == approval.id),
    ):
        with pytest.raises(DBAPIError, match="answers are only added"):
            async with session.begin_nested():
                await session.exec(statement)


async def test_a_question_that_is_not_there_is_told(
    session: AsyncSession, company: Company
) -> None:
    with pytest.raises(NotFoundError):
        await answer(session, company, uuid4(), "sofia", yes(), SOON)


async def test_of_ten_answers_at_once_one_counts(database: Database, company: Company) -> None:
    approval_id = await _asked(database, company, "100")
    said = await _all_at_once(database, company, approval_id, [yes(), no()] * 5)
    assert Counter(said) == {"counted": 1, "late": 9}
    async with database.transaction() as session:
        asked = await store.read_approval(session, approval_id)
        (counting,) = [one for one in asked.answers if one.result == Result.COUNTED]
        states = {"approve": "approved", "decline": "declined"}
        assert asked.approval.state == states[counting.choice]
        assert len(await decisions(session, asked.approval)) == 1


async def test_of_ten_yeses_at_once_two_people_count(database: Database, company: Company) -> None:
    approval_id = await _asked(database, company, "2000")
    said = Counter(await _all_at_once(database, company, approval_id, [yes()] * 10))
    assert (said[Result.COUNTED], said[Result.FIRST_OF_TWO]) == (1, 1)
    async with database.transaction() as session:
        asked = await store.read_approval(session, approval_id)
        people = {o.manager for o in asked.answers if o.result in {"counted", "first_of_two"}}
        assert people == {"daniel", "renee"}
        assert len(await decisions(session, asked.approval)) == 1


async def test_what_is_being_answered_does_not_expire(database: Database, company: Company) -> None:
    approval_id = await _asked(database, company, "100")
    async with database.transaction() as session:
        approval = await session.get_one(Approval, approval_id)
        in_time, past = approval.deadline_at, approval.deadline_at + timedelta(seconds=1)
    async with database.transaction() as answering, database.transaction() as expiring:
        await answer(answering, company, approval_id, "sofia", yes(), in_time)
        expired = await expire_due(expiring, past)
    assert approval_id not in {one.id for one in expired}
    async with database.transaction() as session:
        assert (await session.get_one(Approval, approval_id)).state == ApprovalState.APPROVED


async def test_a_question_asked_twice_at_once_is_one(database: Database, company: Company) -> None:
    new = question()

    async def put() -> UUID:
        async with database.transaction() as session:
            return (await ask(session, company, new, AT)).id

    assert len(set(await asyncio.gather(*(put() for _ in range(4))))) == 1


async def _asked(database: Database, company: Company, amount: str) -> UUID:
    async with database.transaction() as session:
        return (await ask(session, company, question(amount), AT)).id


async def _all_at_once(
    database: Database, company: Company, approval_id: UUID, given: list[Answer]
) -> list[Result]:
    async def say(number: int, one: Answer) -> Result:
        key = ("daniel", "renee")[number // 2 % 2]
        async with database.transaction() as session:
            return (await answer(session, company, approval_id, key, one, SOON)).result

    return await asyncio.gather(*(say(number, one) for number, one in enumerate(given)))
