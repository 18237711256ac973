"""What those who decide about a round of sourcing are to know, in words."""

from __future__ import annotations

from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.rechecks import Recheck
from hotrod.purchasing.store import proposal_of


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
    if None not in {checked.approved, checked.total} and checked.approved != checked.total:
        words.append(
            f"{checked.approved} {currency} were approved; now it is {checked.total} {currency}."
        )
    if checked.surcharge:
        asks = "asks" if checked.is_asked else "asked before, and is reckoned with,"
        words.append(
            f"eBay's checkout {asks} {checked.surcharge} {currency} more than its listings told."
        )
    return " ".join(words)
