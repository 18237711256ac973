"""Read questions with whom they were put to and what was answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.approvals.models import Approval, ApprovalAnswer, ApprovalAsk, ApprovalState
from hotrod.errors import NotFoundError


@dataclass(frozen=True)
class AskedApproval:
    """A question, whom it was put to, and all answers in the order in which they came."""

    approval: Approval
    asks: tuple[ApprovalAsk, ...]
    answers: tuple[ApprovalAnswer, ...]


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
    """Return the questions decided since a moment for which a flow run waited."""
    found = await session.exec(
        select(Approval)
        .where(col(Approval.decided_at) >= since, col(Approval.run_id).is_not(None))
        .order_by(col(Approval.decided_at))
    )
    return found.all()


async def note_reminded(session: AsyncSession, ids: Collection[UUID], at: datetime) -> None:
    """Record that reminders were sent."""
    await session.exec(
        update(Approval)
        .where(col(Approval.id).in_(ids), col(Approval.reminded_at).is_(None))
        .values(reminded_at=at)
    )
