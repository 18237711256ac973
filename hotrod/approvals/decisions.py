"""A question is put to managers, and decided: once, in time, by who may, and on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.approvals import store
from hotrod.approvals.models import (
    Answer,
    Approval,
    ApprovalAnswer,
    ApprovalAsk,
    ApprovalState,
    NewApproval,
    Result,
)
from hotrod.approvals.rules import (
    LONGEST_REASON,
    check_question,
    judge,
    people_to_ask,
    yeses_needed,
)
from hotrod.company.calendar import open_hours_later
from hotrod.company.models import Company
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.errors import InvalidInputError, NotFoundError

EVENT = "approval.decided"
_THE_QUESTION = ("kind", "subject_id", "round")


@dataclass(frozen=True)
class Outcome:
    """What became of an answer, in words for the person, and the question as it is now.

    ``wrong`` names the field of an invalid answer, and the cure.
    """

    approval: Approval
    result: Result
    words: str
    wrong: InvalidInputError | None = None


async def ask(session: AsyncSession, company: Company, new: NewApproval, at: datetime) -> Approval:
    """Put a question to the managers; the same round of a subject is asked once.

    An earlier round that is still open is superseded, without an event: who asks anew knows it.

    Args:
        session: in a transaction.
        company: names the managers, their limits, and the opening hours that deadlines count.
        new: the question.
        at: when it is asked.

    Returns:
        the question, as it was asked at first.

    Raises:
        InvalidInputError: it can't be asked, or its round doesn't follow the one before.
    """
    check_question(new, company)
    asked = await _newest(session, new)
    if asked is None or asked.round < new.round:
        _check_round(new, asked)
        await _supersede(session, new, at)
        await _insert(session, company, new, at)
    found = await session.exec(
        select(Approval).where(
            *(col(getattr(Approval, name)) == getattr(new, name) for name in _THE_QUESTION)
        )
    )
    return found.one()


async def answer(
    session: AsyncSession,
    company: Company,
    approval_id: UUID,
    manager_key: str,
    given: Answer,
    at: datetime,
) -> Outcome:
    """Record a manager's answer; the first one that can decide an open question does.

    Who answers need not have been asked, but needs the limit. Every answer is kept, also those
    that change nothing. A decision is written into the inbox as ``approval.decided``, in the
    caller's transaction, which is to be committed whatever the result is.

    Args:
        session: in a transaction.
        company: names the managers, with their limits of today.
        approval_id: the question.
        manager_key: who answers; the caller has made sure of it.
        given: the answer.
        at: when it came.

    Raises:
        NotFoundError: there is no such question.
    """
    approval = await session.get(
        Approval, approval_id, with_for_update=True, populate_existing=True
    )
    if approval is None:
        raise NotFoundError("approval", str(approval_id))
    first = await _first_yes(session, approval_id)
    verdict = judge(approval, company.manager(manager_key), given, first, at)
    session.add(
        ApprovalAnswer(
            approval_id=approval_id,
            manager=_storable(manager_key, 80),
            via=given.via,
            choice=given.choice,
            quantities=_storable_quantities(verdict.quantities or given.quantities),
            reason=_storable(given.reason, LONGEST_REASON),
            address=_storable(given.address, 80),
            at=at,
            result=verdict.result,
            words=_storable(verdict.words, LONGEST_REASON),
        )
    )
    await record(
        session,
        "approval.answered",
        approval.business_key,
        approval=str(approval_id),
        choice=given.choice,
        via=given.via,
        result=verdict.result,
        hours=_hours_since(approval.asked_at, at),
    )
    if verdict.result is Result.COUNTED:
        approval.reason = _storable(given.reason, LONGEST_REASON)
        if given.choice == "approve":
            approval.quantities = dict(verdict.quantities)
        state = {"approve": ApprovalState.APPROVED, "decline": ApprovalState.DECLINED}
        await _close(session, approval, state[given.choice], at)
    await session.flush()
    return Outcome(approval, verdict.result, verdict.words, verdict.wrong)


async def expire_due(
    session: AsyncSession, at: datetime, *, limit: int = 100
) -> Sequence[Approval]:
    """Decide with no what nobody has decided by its deadline, and return it.

    Questions that somebody is answering at this moment are left for the next time.

    Args:
        session: in a transaction.
        at: the present.
        limit: how many at most, the oldest first.
    """
    found = await session.exec(
        select(Approval)
        .where(Approval.state == ApprovalState.OPEN, col(Approval.deadline_at) < at)
        .order_by(col(Approval.deadline_at), col(Approval.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    expired = found.all()
    for approval in expired:
        approval.reason = "nobody decided by the deadline"
        await _close(session, approval, ApprovalState.EXPIRED, at)
    return expired


async def withdraw(
    session: AsyncSession, subject_id: UUID, reason: str, at: datetime
) -> Approval | None:
    """Decide with no what is still open about a subject, because nothing waits for it any more.

    Args:
        session: in a transaction.
        subject_id: what was asked about.
        reason: kept with the question.
        at: the present.

    Returns:
        the last question about the subject, as it is now; None: nothing was asked.
    """
    found = await session.exec(
        select(Approval)
        .where(Approval.subject_id == subject_id)
        .order_by(col(Approval.round).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    approval = found.first()
    if approval is not None and approval.state == ApprovalState.OPEN:
        approval.reason = reason
        await _close(session, approval, ApprovalState.EXPIRED, at)
    return approval


async def _close(
    session: AsyncSession, approval: Approval, state: ApprovalState, at: datetime
) -> None:
    approval.state = state
    approval.decided_at = at
    session.add(approval)
    await record(
        session,
        f"approval.{state}",
        approval.business_key,
        kind=approval.kind,
        amount=str(approval.amount),
        currency=approval.currency,
        round=approval.round,
        hours=_hours_since(approval.asked_at, at),
    )
    await inbox.accept(
        session,
        NewDelivery(
            source="approval",
            delivery_id=str(approval.id),
            body_hash=state,
            event=EVENT,
            business_key=approval.business_key,
            ordering_key=f"approval:{approval.id}",
            title=f"{approval.title} {state}"[:200],
            payload={"approval": str(approval.id)},
        ),
    )


async def _newest(session: AsyncSession, new: NewApproval) -> Approval | None:
    found = await session.exec(
        select(Approval)
        .where(Approval.kind == new.kind, Approval.subject_id == new.subject_id)
        .order_by(col(Approval.round).desc())
        .limit(1)
    )
    return found.first()


def _check_round(new: NewApproval, newest: Approval | None) -> None:
    following = 1 if newest is None else newest.round + 1
    if new.round != following:
        raise InvalidInputError(
            "round", f"{new.round} was to be asked before {following}.", f"Ask {following}."
        )


async def _supersede(session: AsyncSession, new: NewApproval, at: datetime) -> None:
    await session.exec(
        update(Approval)
        .where(
            col(Approval.kind) == new.kind,
            col(Approval.subject_id) == new.subject_id,
            col(Approval.round) < new.round,
            col(Approval.state) == ApprovalState.OPEN,
        )
        .values(state=ApprovalState.SUPERSEDED, decided_at=at)
    )


async def _insert(session: AsyncSession, company: Company, new: NewApproval, at: datetime) -> None:
    policy = company.approvals
    business = company.business_of(new.business_key)
    needs = yeses_needed(new.amount, policy)
    people = people_to_ask(
        new.amount, company.managers, at.astimezone(company.zone).date(), needs=needs
    )
    approval = Approval(
        **new.model_dump(exclude={"lines"}),
        lines=[line.model_dump(mode="json") for line in new.lines],
        needs=needs,
        asked_at=at,
        remind_at=open_hours_later(business, company, at, policy.reminder_hours),
        deadline_at=open_hours_later(business, company, at, policy.deadline_hours),
    )
    inserted = await session.exec(
        insert(Approval)
        .values(**approval.model_dump())
        .on_conflict_do_nothing()  # of any key: the open question of a subject is unique, too
        .returning(col(Approval.id))
    )
    if inserted.scalar_one_or_none() is None:
        return  # somebody else asked the same at this moment
    for one in people:
        session.add(ApprovalAsk(approval_id=approval.id, manager=one.manager.key, role=one.role))
    await record(
        session,
        "approval.asked",
        new.business_key,
        kind=new.kind,
        amount=str(new.amount),
        currency=new.currency,
        round=new.round,
        needs=needs,
    )
    await session.flush()


def _hours_since(asked_at: datetime, at: datetime) -> float:
    return round((at - asked_at).total_seconds() / 3600, 2)


async def _first_yes(session: AsyncSession, approval_id: UUID) -> ApprovalAnswer | None:
    given = await store.answers(session, approval_id)
    return next((one for one in given if one.result == Result.FIRST_OF_TWO), None)


def _storable(text: str, longest: int) -> str:
    """Return text as PostgreSQL can keep it: valid Unicode without NUL, and not too long."""
    return text.encode(errors="replace").decode().replace("\0", "")[:longest]


def _storable_quantities(quantities: Mapping[str, int]) -> dict[str, int]:
    return {_storable(line, 80): quantity for line, quantity in quantities.items()}
