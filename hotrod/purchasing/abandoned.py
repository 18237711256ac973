"""Rounds of sourcing that go nowhere, dropped by ops or left by their run: they cover no parts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.approvals.decisions import withdraw
from hotrod.approvals.models import ApprovalState
from hotrod.durable.models import Delivery, EffectState
from hotrod.durable.search import FINISHED
from hotrod.errors import ForbiddenTransitionError
from hotrod.purchasing.buying import cancel, hand_over, note_mailed, order_key, order_mail
from hotrod.purchasing.models import OPEN, Method, PurchaseState, RoundState, SourcingRound
from hotrod.purchasing.rounds import move_round
from hotrod.purchasing.store import purchases

_RUN_ENDED = "its run has ended; nothing is bought"


async def abandoned_rounds(session: AsyncSession, *, lock: bool = False) -> list[SourcingRound]:
    """Return the open rounds whose run was given up, discarded, or is over, the oldest first.

    Every run of a deployment has its delivery in the inbox, which says so. A round that was opened
    outside one is nobody's to judge, and left out.
    """
    statement = (
        select(SourcingRound)
        .join(Delivery, col(Delivery.run_id) == SourcingRound.run_id)
        .where(col(SourcingRound.state).in_(OPEN), col(Delivery.state).in_(FINISHED))
        .order_by(col(SourcingRound.opened_at))
    )
    if lock:
        statement = statement.with_for_update(of=SourcingRound).execution_options(
            populate_existing=True
        )
    return list(await session.exec(statement))


async def mails_in_doubt(session: AsyncSession, round_id: UUID) -> dict[str, str]:
    """Return the purchases of a round whose order may have been mailed: effect's key by number."""
    planned = await purchases(session, states=[PurchaseState.PLANNED], round_id=round_id)
    return {
        one.number: order_key(one)
        for one in planned
        if await order_mail(session, one) not in {None, EffectState.DONE}
    }


async def end_abandoned(session: AsyncSession, at: datetime) -> list[SourcingRound]:
    """Cancel the abandoned rounds for which nobody has said yes; their parts are free again.

    A question to managers that is still open is withdrawn.

    Args:
        session: in a transaction.
        at: the present moment.

    Returns:
        the others: money was agreed to, so a person must say what becomes of it.
    """
    agreed = []
    for one in await abandoned_rounds(session, lock=True):
        question = await withdraw(session, one.id, _RUN_ENDED, at)
        is_agreed = question is not None and question.state == ApprovalState.APPROVED
        if is_agreed or one.state == RoundState.APPROVED:
            agreed.append(one)
            continue
        await end_round(session, one, _RUN_ENDED, at, by="parts follow-up")
    return agreed


async def end_round(
    session: AsyncSession, current: SourcingRound, why: str, at: datetime, *, by: str
) -> None:
    """Cancel a round: managers are asked no more, and what isn't bought yet isn't bought.

    What is ordered stays, and so does a bid that stands, or what is said to be paid. An order whose
    mail is out is noted as one. A run that sleeps is woken by its question, finds the round
    cancelled, and ends.

    Args:
        session: in a transaction.
        current: the round, locked.
        why: kept with the question, if one is open.
        at: the present moment.
        by: who ends it.

    Raises:
        RoundCancelledError: it is cancelled already.
        ForbiddenTransitionError: it is over.
        UnknownEffectError: an order of it may have been mailed; a person must find out.
    """
    move_round(current, RoundState.CANCELLED)
    session.add(current)
    await session.flush()
    await withdraw(session, current.id, why, at)
    states = [PurchaseState.PLANNED, PurchaseState.TO_BUY]
    for one in await purchases(session, states=states, round_id=current.id):
        if await order_mail(session, one) == EffectState.DONE:
            await note_mailed(session, one.id)
            continue
        try:
            await cancel(session, one.id, by=by)
        except ForbiddenTransitionError:  # a bid that stands, or said to be paid
            if one.method != Method.BID:
                await hand_over(session, one.id)
    await record(
        session, "sourcing.cancelled", current.business_key, round=str(current.id), by=by, why=why
    )
