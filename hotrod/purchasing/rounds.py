"""A round of sourcing: opened for what is low, evaluated, asked about, closed.

Rounds of a business are opened one after another, so that no part is looked for twice.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.company.models import Company
from hotrod.db.columns import now
from hotrod.errors import ForbiddenTransitionError
from hotrod.forecast.settings import ForecastSettings
from hotrod.purchasing.models import RoundState, SourcingRound
from hotrod.purchasing.store import (
    exchange_rates,
    found_offers,
    lock_rounds,
    paid_prices,
    read_round,
    round_of_run,
    taken_care_of,
    wanted_of,
)
from hotrod.replenishment.needs import needs
from hotrod.sourcing.costs import market_of
from hotrod.sourcing.models import Proposal, ScoredOffer
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.rules import score_all

_NEXT = {
    RoundState.SEARCHING: {RoundState.PROPOSED, RoundState.EMPTY, RoundState.CANCELLED},
    RoundState.PROPOSED: {
        RoundState.PROPOSED,
        RoundState.APPROVED,
        RoundState.DECLINED,
        RoundState.EMPTY,
        RoundState.CANCELLED,
    },
    RoundState.APPROVED: {RoundState.PROPOSED, RoundState.BOUGHT, RoundState.CANCELLED},
}


async def open_round(
    session: AsyncSession,
    company: Company,
    policy: ForecastSettings,
    business_key: str,
    run_id: UUID | None,
    at: datetime,
) -> SourcingRound | None:
    """Open a round for the parts that are low and not taken care of; None: there are none.

    A flow run that opened one before gets the same again.

    Args:
        session: in a transaction; others that open a round wait until it ends.
        company: whose parts.
        policy: how sure the stock must last.
        business_key: of the business that repairs.
        run_id: of the flow run.
        at: the present moment.
    """
    await lock_rounds(session)
    known = await round_of_run(session, run_id) if run_id is not None else None
    if known is not None:
        return known
    wanted = await needs(session, company, policy, at, await taken_care_of(session))
    if not wanted:
        return None
    opened = SourcingRound(
        business_key=business_key,
        needs=[need.model_dump(mode="json") for need in wanted],
        run_id=run_id,
        opened_at=at,
    )
    session.add(opened)
    await record(session, "sourcing.opened", business_key, round=str(opened.id), parts=len(wanted))
    return opened


async def evaluate(
    session: AsyncSession, company: Company, round_id: UUID, at: datetime
) -> Proposal:
    """Score what a round has found, and keep the proposal that comes of it.

    Returns:
        the proposal; without orders when nothing acceptable is offered, and the round is over.

    Raises:
        NotFoundError: there is no such round.
        ForbiddenTransitionError: it is decided already.
    """
    current = await read_round(session, round_id, lock=True)
    rates = await exchange_rates(session, company.pricing.currency)
    scored: list[ScoredOffer] = []
    for wanted in wanted_of(current):
        offers = await found_offers(session, round_id, wanted.sku)
        market = market_of(offers, wanted, rates, at, company.sourcing)
        history = await paid_prices(session, wanted.sku)
        scored += score_all(offers, wanted, history, market, company.sourcing)
    proposal = propose(scored, wanted_of(current), rates, at, company.sourcing)
    current.proposal = proposal.model_dump(mode="json")
    if proposal.orders:
        move_round(current, RoundState.PROPOSED)
    else:
        move_round(current, RoundState.EMPTY)
    session.add(current)
    await record(
        session,
        f"sourcing.{current.state}",
        current.business_key,
        round=str(round_id),
        offers=len(scored),
        orders=len(proposal.orders),
        missing=len(proposal.missing),
        total=str(proposal.total),
    )
    return proposal


def move_round(current: SourcingRound, state: RoundState) -> None:
    """Let a round stand somewhere else.

    Raises:
        ForbiddenTransitionError: it can't come there from where it stands.
    """
    if state not in _NEXT.get(RoundState(current.state), ()):
        raise ForbiddenTransitionError(
            "round of sourcing", str(current.id), current.state, state.value
        )
    current.state = state
    if state not in _NEXT:
        current.closed_at = now()
