"""What those who decide about a round of sourcing are to know, in words."""

from __future__ import annotations

from decimal import Decimal

from hotrod.approvals.models import Approval, ApprovalState
from hotrod.money import figure, money
from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.rechecks import Recheck
from hotrod.purchasing.store import proposal_of
from hotrod.sourcing.costs import UnknownCostError
from hotrod.sourcing.models import Proposal
from hotrod.sourcing.reductions import approved_total


def missing(sourcing_round: SourcingRound) -> tuple[str, ...]:
    """Return what can't be bought of what a round looks for, and why not.

    A round may end before anything is proposed.
    """
    if not sourcing_round.proposal:
        return ()
    return tuple(
        f"{row.quantity} of {row.sku} can't be bought: {row.why}"
        for row in proposal_of(sourcing_round).missing
    )


def unsearched(sourcing_round: SourcingRound) -> tuple[str, ...]:
    """Return which sources a round could not search, and why not: there may be better offers."""
    return tuple(
        f"{source} could not be searched: {why}"
        for source, why in sorted(sourcing_round.unsearched.items())
    )


def why_again(checked: Recheck, currency: str) -> str:
    """Return why what was approved isn't bought, and is asked about again."""
    words = [f"Not bought as it was approved, since {checked.why}."]
    approved, total = checked.approved, checked.total
    if approved is not None and total is not None and approved != total:
        words.append(
            f"{money(approved, currency)} were approved; now it is {money(total, currency)}."
        )
    if checked.surcharge:
        asks = "asks" if checked.is_asked else "asked before, and is reckoned with,"
        words.append(
            f"eBay's checkout {asks} {money(checked.surcharge, currency)} more than its listings "
            "told."
        )
    return " ".join(words)


def proposal_behind(approval: Approval, current: SourcingRound | None) -> Proposal | None:
    """Return the offers behind a question; None: it isn't about parts, or they are gone by now.

    Args:
        approval: the question.
        current: the round that it is about, as it is now.
    """
    if current is None or current.turn != approval.round:
        return None
    return proposal_of(current)


def approved_amount(approval: Approval, current: SourcingRound | None) -> Decimal | None:
    """Return what the approved pieces were said to cost; None: that isn't known any more."""
    if not _has_fewer(approval):
        return approval.amount
    proposal = proposal_behind(approval, current)
    if proposal is None:
        return None
    try:
        return approved_total(proposal, approval.quantities or {})
    except UnknownCostError:
        return None


def price_in_words(approval: Approval, current: SourcingRound | None) -> str:
    """Return what a question is about, and how much of it was approved where that is fewer.

    ``802.30 CAD``, or ``2 of 100 pieces, 16.05 of 802.30 CAD``.
    """
    price = money(approval.amount, approval.currency)
    if approval.state != ApprovalState.APPROVED or not _has_fewer(approval):
        return price
    approved = approved_amount(approval, current)
    pieces = sum((approval.quantities or {}).values())
    proposed = sum(line.quantity for line in approval.items)
    amount = "some" if approved is None else figure(approved)
    return f"{pieces} of {proposed} pieces, {amount} of {price}"


def _has_fewer(approval: Approval) -> bool:
    quantities = approval.quantities or {}
    return any(quantities.get(line.id) != line.quantity for line in approval.items)
