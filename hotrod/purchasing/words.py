"""What a round of sourcing lacks, in words for those who decide about it."""

from __future__ import annotations

from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.store import proposal_of


def missing(sourcing_round: SourcingRound) -> tuple[str, ...]:
    """Return what can't be bought of what a round looks for, and why not."""
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
