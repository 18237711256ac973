"""An approval beside a model of it: two people where two must, one end, and then no change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.approvals import store
from hotrod.approvals.decisions import answer, ask, expire_due
from hotrod.approvals.models import Answer, Approval, ApprovalAnswer, ApprovalState, Result, Via
from hotrod.approvals.rules import PROVING
from hotrod.company.load import load_company
from hotrod.durable.models import Delivery
from tests.hotrod.approvals.kit import AT, no, question, yes
from tests.hotrod.conftest import BlockingDatabase

Returned = TypeVar("Returned")

COMPANY = load_company()
DECISIVE = (Result.COUNTED, Result.FIRST_OF_TWO)

people = st.sampled_from(["sofia", "daniel", "renee", "maya"])
pieces = st.integers(-1, 5)


class Deciding(RuleBasedStateMachine):
    """One question; anybody answers anything, at any time."""

    blocking: ClassVar[BlockingDatabase]

    @initialize(amount=st.sampled_from(["100", "600", "2000"]))
    def put(self, amount: str) -> None:
        new = question(amount)
        self.allowed = {"daniel", "renee"} | ({"sofia"} if amount == "100" else set())
        self.approval: Approval = self.do(lambda session: ask(session, COMPANY, new, AT))
        self.at: datetime = AT
        self.said = 0
        self.end: tuple[object, ...] | None = None
        self.yeses: set[str] = set()
        self.ways: set[Via] = set()

    def teardown(self) -> None:
        self.do(lambda session: expire_due(session, self.at + timedelta(days=30)))

    def do(self, work: Callable[[AsyncSession], Awaitable[Returned]]) -> Returned:
        """Do something in a transaction of its own."""

        async def transaction() -> Returned:
            async with self.blocking.database.transaction() as session:
                return await work(session)

        return self.blocking.wait(transaction())

    def say(self, who: str, given: Answer) -> Result:
        self.said += 1
        outcome = self.do(
            lambda session: answer(session, COMPANY, self.approval.id, who, given, self.at)
        )
        assert outcome.words
        return outcome.result

    @property
    def is_open(self) -> bool:
        return self.end is None and self.at <= self.approval.deadline_at

    @rule(who=people, first=pieces, second=pieces, via=st.sampled_from(Via))
    def approve(self, who: str, first: int, second: int, via: Via) -> None:
        was_open = self.is_open
        result = self.say(who, yes(via, _1=first, _2=second))
        is_possible = 0 <= first <= 4 and 0 <= second <= 1 and first + second > 0
        if result in DECISIVE:
            assert was_open
            assert is_possible
            assert who in self.allowed - self.yeses
            self.yeses.add(who)
            self.ways.add(via)
            assert (result is Result.COUNTED) == (len(self.yeses) == self.approval.needs)
            assert result is not Result.COUNTED or self.approval.needs == 1 or self.ways & PROVING
        elif was_open and self.yeses and not (self.ways | {via}) & PROVING:
            assert result is Result.NOT_ALLOWED
        elif was_open and who in self.allowed - self.yeses:
            assert result is Result.INVALID
            assert not is_possible or self.yeses, "only what two can't agree on is refused"

    @rule(who=people, reason=st.sampled_from(["too dear", "", " \n"]))
    def decline(self, who: str, reason: str) -> None:
        counts = self.is_open and who in self.allowed and bool(reason.strip())
        assert (self.say(who, no(reason)) is Result.COUNTED) == counts

    @rule(hours=st.integers(1, 20))
    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule()
    def expire(self) -> None:
        is_due = self.end is None and not self.is_open
        expired = self.do(lambda session: expire_due(session, self.at))
        assert (self.approval.id in {one.id for one in expired}) == is_due

    @invariant()
    def it_ends_once_and_then_stays(self) -> None:
        if not hasattr(self, "approval"):
            return
        row, given, told = self.do(self._read)
        assert len(given) == self.said, "every answer is kept"
        is_decided = row.state != ApprovalState.OPEN
        assert told == (1 if is_decided else 0)
        counted = [one for one in given if one.result == Result.COUNTED]
        assert len(counted) == (1 if row.state in {"approved", "declined"} else 0)
        yeses = {one.manager for one in given if one.choice == "approve" and one.result in DECISIVE}
        assert yeses <= self.allowed
        if row.state == ApprovalState.APPROVED:
            assert len(yeses) == row.needs
        end = (row.state, row.decided_at, row.quantities, row.reason) if is_decided else None
        assert self.end in (None, end)
        self.end = end

    async def _read(self, session: AsyncSession) -> tuple[Approval, list[ApprovalAnswer], int]:
        asked = await store.read_approval(session, self.approval.id)
        told = await session.exec(
            select(Delivery.id).where(Delivery.delivery_id == str(self.approval.id))
        )
        return asked.approval, list(asked.answers), len(told.all())


@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.thorough)])
@pytest.mark.timeout(600)  # for shrinking what fails
def test_never_approved_without_enough_people_and_decided_once(
    blocking_database: BlockingDatabase, examples: int
) -> None:
    Deciding.blocking = blocking_database
    run_state_machine_as_test(
        Deciding,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            database=None,
            report_multiple_bugs=False,
        ),
    )
