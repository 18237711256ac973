"""A round of sourcing: opened for what is low, evaluated, asked about, closed.

Rounds of a business are opened one after another, so that no part is looked for twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.analytics.store import record
from hotrod.approvals.models import ApprovalState
from hotrod.approvals.store import read_approval
from hotrod.company.models import Company
from hotrod.db.columns import now
from hotrod.errors import ForbiddenTransitionError, HotrodError, NotFoundError
from hotrod.forecast.orders import OrderTerms
from hotrod.forecast.settings import ForecastSettings
from hotrod.purchasing.models import Checkout, RoundState, SourcingRound
from hotrod.purchasing.rechecks import Recheck, recheck
from hotrod.purchasing.remaining import (
    count_anew,
    leave,
    left_pieces,
    risen,
    still_wanted,
    surcharges_of,
)
from hotrod.purchasing.rests import rests
from hotrod.purchasing.store import (
    book_cost,
    exchange_rates,
    found_offers,
    lock_rounds,
    paid_prices,
    proposal_of,
    read_round,
    round_of_run,
    taken_care_of,
)
from hotrod.purchasing.track import measured_lists
from hotrod.purchasing.words import why_again
from hotrod.replenishment.models import Shelf
from hotrod.replenishment.needs import needs
from hotrod.replenishment.store import shelves
from hotrod.replenishment.terms import terms_by_sku
from hotrod.sourcing.auctions import as_approved, bids_for
from hotrod.sourcing.costs import market_of, share_of, surcharged
from hotrod.sourcing.models import Offer, Proposal, ScoredOffer
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import numbered
from hotrod.sourcing.rules import score_all

_LONGEST_WHY = 300
_NEXT = {
    RoundState.SEARCHING: {RoundState.PROPOSED, RoundState.EMPTY, RoundState.CANCELLED},
    RoundState.PROPOSED: {
        RoundState.PROPOSED,
        RoundState.APPROVED,
        RoundState.DECLINED,
        RoundState.EXPIRED,
        RoundState.EMPTY,
        RoundState.CANCELLED,
    },
    RoundState.APPROVED: {RoundState.BOUGHT, RoundState.CANCELLED},
}


class RoundCancelledError(HotrodError):
    """A round was cancelled, maybe under the run that works on it; nothing of it goes on."""

    def __init__(self, round_id: UUID) -> None:
        super().__init__(f"round of sourcing {round_id} is cancelled; nothing of it goes on")


async def open_round(
    session: AsyncSession,
    company: Company,
    policy: ForecastSettings,
    business_key: str,
    run_id: UUID | None,
    at: datetime,
    even_resting: Collection[str] = (),
) -> SourcingRound | None:
    """Open a round for the parts that are low and not taken care of; None: there are none.

    Parts rest for a while after a manager's no, see ``rests``.

    A flow run that opened one before gets the same again.

    Args:
        session: in a transaction; others that open a round wait until it ends.
        company: whose parts.
        policy: how sure the stock must last.
        business_key: of the business that repairs.
        run_id: of the flow run.
        at: the present moment.
        even_resting: SKUs of parts that are looked for even if they rest.
    """
    await lock_rounds(session)
    known = await round_of_run(session, run_id) if run_id is not None else None
    if known is not None:
        return known
    terms = await _terms(session, company, at)
    low = await needs(session, company, policy, at, await taken_care_of(session), terms)
    resting = await rests(session, company, at)
    wanted = [
        need
        for need in low
        if (sku := need.wanted.sku) in even_resting
        or sku not in resting
        or not resting[sku].holds(need)
    ]
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
    session: AsyncSession,
    company: Company,
    round_id: UUID,
    turn: int,
    at: datetime,
    *,
    may_bid: bool = False,
) -> Proposal:
    """Score what a round has found, and keep the proposal that comes of it.

    A turn is evaluated once: managers may have been asked about what came of it.

    Args:
        session: in a transaction.
        company: whose rules they are.
        round_id: of the round.
        turn: how often it is evaluated, this time included.
        at: the present moment.
        may_bid: whether the company's account may bid in auctions.

    Returns:
        the proposal; without orders when nothing acceptable is offered, and the round is over.

    Raises:
        NotFoundError: there is no such round.
        RoundCancelledError: it was cancelled.
        ForbiddenTransitionError: it is decided already.
    """
    current = await read_round(session, round_id, lock=True)
    if current.turn >= turn:
        check_goes_on(current)
        return proposal_of(current)
    rates = await exchange_rates(session, company.pricing.currency)
    scored: list[ScoredOffer] = []
    bids: list[ScoredOffer] = []
    still, left, shares = still_wanted(current), left_pieces(current), surcharges_of(current)
    for needed in still:
        wanted = needed.model_copy(update={"book_cost": await book_cost(session, needed.sku)})
        offers = [
            _as_left(surcharged(one, share_of(one, shares)), left.get(wanted.sku))
            for one in await found_offers(session, round_id, wanted.sku)
        ]
        market = market_of(offers, wanted, rates, at, company.sourcing)
        history = await paid_prices(session, wanted.sku)
        found = score_all(offers, wanted, history, market, company.sourcing)
        scored += found
        if may_bid:
            bids += bids_for(found, wanted, history, market, company.sourcing)
    proposal = await asyncio.to_thread(propose, scored, still, rates, at, company.sourcing, bids)
    current.turn, current.proposal = turn, proposal.model_dump(mode="json")
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


async def is_to_be_bought(session: AsyncSession, current: SourcingRound, approval_id: UUID) -> bool:
    """Tell whether a question asks what a round proposes now, and nothing of it is bought yet.

    A run that begins anew comes by its earlier questions, and by what is bought, once more.
    """
    question = (await read_approval(session, approval_id)).approval
    return current.state == RoundState.PROPOSED and current.turn == question.round


async def recheck_round(
    session: AsyncSession,
    company: Company,
    current: SourcingRound,
    approval_id: UUID,
    at: datetime,
    draft: Checkout | None = None,
) -> Recheck:
    """Cost what was approved of a round by its offers as they were last seen; see ``recheck``.

    Parts that aren't low any more are asked about again, too.

    Args:
        session: in a transaction.
        company: its policies, and the limits of its managers.
        current: the round.
        approval_id: of the question.
        at: the present moment.
        draft: what eBay has begun for it.

    Raises:
        NotFoundError: nobody has approved this round by that question.
    """
    asked = await read_approval(session, approval_id)
    question = asked.approval
    if question.state != ApprovalState.APPROVED or question.subject_id != current.id:
        raise NotFoundError("approval of this round", str(approval_id))
    proposal = proposal_of(current)
    seen = {}
    for line in numbered(proposal).values():
        for offer in await found_offers(session, current.id, line.sku):
            if offer.key == line.offer.key:
                seen[offer.key] = as_approved(line.offer, offer, at)
    rates = await exchange_rates(session, proposal.currency)
    checked = recheck(proposal, asked, seen, rates, company, at, draft, surcharges_of(current))
    rose = risen(current, await _shelves(session), question.quantities or {})
    if checked.why or not rose:
        return checked
    return replace(checked, why=f"{', '.join(rose)} isn't low any more")


async def ask_again(
    session: AsyncSession, current: SourcingRound, approval_id: UUID, checked: Recheck
) -> None:
    """Note why managers are asked anew about what they approved, and what they left of it.

    Done again, it changes nothing.

    Args:
        session: in a transaction.
        current: the round, locked.
        approval_id: of the question that was approved.
        checked: why it may not be bought.

    Raises:
        NotFoundError: there is no such question.
    """
    question = (await read_approval(session, approval_id)).approval
    leave(current, question.quantities or {})
    count_anew(current, await _shelves(session))
    current.why_again = why_again(checked, question.currency)
    current.surcharges = {name: str(share) for name, share in checked.surcharges.items()}
    session.add(current)
    await record(
        session,
        "sourcing.price_moved",
        question.business_key,
        dedup_key=f"sourcing.price_moved:{approval_id}",
        round=str(current.id),
        turn=question.round,
        why=checked.why,
        before=None if checked.approved is None else str(checked.approved),
        after=None if checked.total is None else str(checked.total),
        surcharge=str(checked.surcharge),
    )


async def note_unsearched(session: AsyncSession, round_id: UUID, source: str, why: str) -> None:
    """Note that a source couldn't be searched, for those who decide about what the others offer.

    Once something is proposed this changes nothing: the note is about the proposal.

    Raises:
        NotFoundError: there is no such round.
    """
    current = await read_round(session, round_id, lock=True)
    if current.state != RoundState.SEARCHING:
        return
    current.unsearched = current.unsearched | {source: why[:_LONGEST_WHY]}
    session.add(current)
    await record(
        session,
        "sourcing.unsearched",
        current.business_key,
        dedup_key=f"sourcing.unsearched:{round_id}:{source}"[:200],
        round=str(round_id),
        source=source,
    )


async def note_searched(session: AsyncSession, round_id: UUID, source: str, offers: int) -> None:
    """Note that a source was searched, also one that was away before.

    Raises:
        NotFoundError: there is no such round.
    """
    current = await read_round(session, round_id, lock=True)
    if current.state == RoundState.SEARCHING:
        current.unsearched = {
            name: why for name, why in current.unsearched.items() if name != source
        }
        session.add(current)
    await record(
        session,
        "sourcing.searched",
        current.business_key,
        dedup_key=f"sourcing.searched:{round_id}:{source}"[:200],
        round=str(round_id),
        source=source,
        offers=offers,
    )


def check_goes_on(current: SourcingRound) -> None:
    """See that a round wasn't cancelled.

    Raises:
        RoundCancelledError: it was.
    """
    if current.state == RoundState.CANCELLED:
        raise RoundCancelledError(current.id)


def move_round(current: SourcingRound, state: RoundState) -> None:
    """Let a round stand somewhere else.

    Raises:
        RoundCancelledError: it was cancelled.
        ForbiddenTransitionError: it can't come there from where it stands.
    """
    check_goes_on(current)
    if state not in _NEXT.get(RoundState(current.state), ()):
        raise ForbiddenTransitionError(
            "round of sourcing", str(current.id), current.state, state.value
        )
    current.state = state
    if state not in _NEXT:
        current.closed_at = now()


def _as_left(offer: Offer, pieces: int | None) -> Offer:
    """Return an offer of no more pieces than a manager left of its part; None: all are wanted."""
    if pieces is None:
        return offer
    available = pieces if offer.available is None else min(offer.available, pieces)
    return offer.model_copy(update={"available": available})


async def _terms(
    session: AsyncSession, company: Company, at: datetime
) -> dict[str, list[OrderTerms]]:
    lists = await measured_lists(session, company, at)
    rates = await exchange_rates(session, company.pricing.currency)
    offers = (one.offer(row) for one in lists for row in one.rows)
    return terms_by_sku(offers, rates, at, company.sourcing)


async def _shelves(session: AsyncSession) -> dict[str, Shelf]:
    return {shelf.sku: shelf for shelf in await shelves(session)}
