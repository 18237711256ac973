"""What was approved, looked at again: bought as it is now, or asked about anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hotrod.approvals.rules import covers, is_changed_too_much
from hotrod.approvals.store import AskedApproval
from hotrod.company.models import Company
from hotrod.purchasing.checkouts import held_by
from hotrod.purchasing.models import Checkout
from hotrod.sourcing.costs import UnknownCostError, name_of, share_of, surcharged
from hotrod.sourcing.models import ExchangeRates, Offer, Proposal, ProposedOrder
from hotrod.sourcing.reductions import approved_total, numbered, reduced, total_of


@dataclass(frozen=True)
class Recheck:
    """The orders to be bought, or why managers are to be asked anew.

    Args:
        orders: as they were seen again, costed at today's rates.
        why: empty when they may be bought.
        approved: what the approved pieces were said to cost; None: that can't be told.
        total: what they cost now; None likewise. Both in the company's currency.
        surcharge: how much of the total eBay's checkout asks beyond what its listings told.
        is_asked: whether it does so now; otherwise it is what a checkout asked before.
        surcharges: what checkouts ask more as shares, for the next proposal; see ``share_of``.
    """

    orders: tuple[ProposedOrder, ...] = ()
    why: str = ""
    approved: Decimal | None = None
    total: Decimal | None = None
    surcharge: Decimal = Decimal(0)
    is_asked: bool = False
    surcharges: Mapping[str, Decimal] = field(default_factory=dict)


def recheck(
    proposal: Proposal,
    asked: AskedApproval,
    seen: Mapping[tuple[str, str], Offer],
    rates: ExchangeRates,
    company: Company,
    at: datetime,
    draft: Checkout | None = None,
    surcharges: Mapping[str, Decimal] | None = None,
) -> Recheck:
    """Cost what was approved as it is now, and tell whether it may be bought without asking.

    Not when some of it is gone, when the whole has moved by more than ``reask_percent`` from what
    it was said to cost, by prices, by rates or at a checkout, or when those who said yes may not
    allow so much. A checkout that asks for less changes nothing: it may share shipping.

    Args:
        proposal: what was asked about.
        asked: the question, approved.
        seen: every approved offer as it is now, by key.
        rates: of today.
        company: its policies, and the limits of its managers.
        at: today.
        draft: eBay's checkout; what it asks counts when it holds just what is bought now.
        surcharges: what checkouts asked before; it counts where there is no draft now.
    """
    quantities, before = asked.approval.quantities or {}, surcharges or {}
    if not _has_all(proposal, quantities, seen):
        return Recheck(why="some of it is gone", surcharges=before)

    def costed(shares: Mapping[str, Decimal]) -> tuple[ProposedOrder, ...]:
        now = {key: surcharged(one, share_of(one, shares)) for key, one in seen.items()}
        return reduced(proposal, quantities, rates, at, company.sourcing, seen=now)

    try:
        approved = approved_total(proposal, quantities)
        orders = costed({})
        held = held_by(draft, orders)
        surcharge = _surcharge(draft, held) if held else total_of(costed(before)) - total_of(orders)
    except UnknownCostError as error:
        return Recheck(why=str(error), surcharges=before)
    total = total_of(orders) + surcharge
    why = ""
    if is_changed_too_much(approved, total, company.approvals.reask_percent):
        why = "it costs something else"
    elif not covers(asked.approval, asked.answers, total, company):
        why = "it is more than those who said yes may allow"
    shares = {**before, **_shares(surcharge, held, orders)} if held else before
    return Recheck(orders, why, approved, total, surcharge, bool(held), shares)


def _surcharge(draft: Checkout | None, held: Sequence[ProposedOrder]) -> Decimal:
    return max(draft.total - total_of(held), Decimal(0)) if draft else Decimal(0)


def _shares(
    surcharge: Decimal, held: Sequence[ProposedOrder], orders: Sequence[ProposedOrder]
) -> dict[str, Decimal]:
    """Return a surcharge as a share of the orders that a checkout holds, and none of the others.

    What it doesn't hold is bought as its listing tells. Other listings of the source would be held.
    """
    told = total_of(held)
    source, share = held[0].source, surcharge / told if told else Decimal(0)
    beside = (one for one in orders if one.source == source and one not in held)
    shares = {name_of(line.offer): Decimal(0) for one in beside for line in one.lines}
    shares |= {name_of(line.offer): share for one in held for line in one.lines}
    return shares | {source: share}


def _has_all(
    proposal: Proposal, quantities: Mapping[str, int], seen: Mapping[tuple[str, str], Offer]
) -> bool:
    return all(
        seen[line.offer.key].buyable(pieces) >= pieces
        for number, line in numbered(proposal).items()
        if (pieces := quantities.get(number, 0))
    )
