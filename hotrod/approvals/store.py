"""Read questions with whom they were put to and what was answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.approvals.models import (
    Approval,
    ApprovalAnswer,
    ApprovalAsk,
    ApprovalState,
    Result,
)
from hotrod.errors import NotFoundError


@dataclass(frozen=True)
class AskedApproval:
    """A question, whom it was put to, and all answers in the order in which they came."""

    approval: Approval
    asks: tuple[ApprovalAsk, ...]
    answers: tuple[ApprovalAnswer, ...]

    @property
    def decision(self) -> ApprovalAnswer | None:
        """The answer that decided; None: there is none yet, or the deadline decided."""
        return self.last(Result.COUNTED)

    def last(self, result: Result) -> ApprovalAnswer | None:
        """Return the last answer of which that became; None: there is none."""
        return next((one for one in reversed(self.answers) if one.result == result), None)


async def read_approval(session: AsyncSession, approval_id: UUID) -> AskedApproval:
    """Return a question with all that belongs to it.

    Raises:
        NotFoundError: there is no such question.
    """
    approval = await session.get(Approval, approval_id)
    if approval is None:
        raise NotFoundError("approval", str(approval_id))
    asks = await session.exec(
        select(ApprovalAsk)
        .where(ApprovalAsk.approval_id == approval_id)
        .order_by(col(ApprovalAsk.role), col(ApprovalAsk.manager))
    )
    return AskedApproval(approval, tuple(asks), tuple(await answers(session, approval_id)))


async def read_ask(session: AsyncSession, ask_id: UUID) -> ApprovalAsk:
    """Return what a person's link names.

    Raises:
        NotFoundError: there is no such link.
    """
    ask = await session.get(ApprovalAsk, ask_id)
    if ask is None:
        raise NotFoundError("approval", str(ask_id))
    return ask


async def is_newest(session: AsyncSession, approval: Approval) -> bool:
    """Tell whether a question's subject wasn't asked about anew since."""
    newest = await newest_of(session, approval)
    return newest.approval.id == approval.id


async def newest_of(session: AsyncSession, approval: Approval) -> AskedApproval:
    """Return the latest question about a question's subject: itself, unless it was asked anew."""
    found = await session.exec(
        select(Approval.id)
        .where(Approval.kind == approval.kind, Approval.subject_id == approval.subject_id)
        .order_by(col(Approval.round).desc())
        .limit(1)
    )
    return await read_approval(session, found.one())


async def answers(session: AsyncSession, approval_id: UUID) -> Sequence[ApprovalAnswer]:
    """Return all answers to a question, in the order in which they came."""
    found = await session.exec(
        select(ApprovalAnswer)
        .where(ApprovalAnswer.approval_id == approval_id)
        .order_by(col(ApprovalAnswer.id))
    )
    return found.all()


async def find(session: AsyncSession, *, every: bool, limit: int) -> Sequence[Approval]:
    """Return the open questions, or every one; the newest first."""
    query = select(Approval).order_by(col(Approval.asked_at).desc(), col(Approval.id)).limit(limit)
    if not every:
        query = query.where(Approval.state == ApprovalState.OPEN)
    return (await session.exec(query)).all()


async def approvals_about(session: AsyncSession, subject_id: UUID) -> Sequence[Approval]:
    """Return the questions about a subject, in the order in which they were asked."""
    found = await session.exec(
        select(Approval).where(Approval.subject_id == subject_id).order_by(col(Approval.round))
    )
    return found.all()


async def due_reminders(session: AsyncSession, at: datetime) -> Sequence[Approval]:
    """Return the open questions whose reminder is due and wasn't sent, the most urgent first."""
    found = await session.exec(
        select(Approval)
        .where(
            Approval.state == ApprovalState.OPEN,
            col(Approval.reminded_at).is_(None),
            col(Approval.remind_at) <= at,
            col(Approval.deadline_at) >= at,
        )
        .order_by(col(Approval.deadline_at), col(Approval.id))
    )
    return found.all()


async def decided_since(session: AsyncSession, since: datetime) -> Sequence[Approval]:
    """Return the questions decided since a moment for which a flow run may wait.

    Of those that were asked anew it waits for the newest alone.
    """
    newer = aliased(Approval)
    is_asked_anew = exists().where(
        col(newer.kind) == Approval.kind,
        col(newer.subject_id) == Approval.subject_id,
        col(newer.round) > Approval.round,
    )
    found = await session.exec(
        select(Approval)
        .where(col(Approval.decided_at) >= since, col(Approval.run_id).is_not(None), ~is_asked_anew)
        .order_by(col(Approval.decided_at))
    )
    return found.all()


async def note_reminded(session: AsyncSession, ids: Collection[UUID], at: datetime) -> None:
    """Record that reminders were sent."""
    reminded = await session.exec(
        update(Approval)
        .where(col(Approval.id).in_(ids), col(Approval.reminded_at).is_(None))
        .values(reminded_at=at)
        .returning(col(Approval.id), col(Approval.business_key))
    )
    for approval_id, business_key in reminded.all():
        await record(session, "approval.reminded", business_key, approval=str(approval_id))
