"""What a round still proposes once managers were asked: the pieces they left, at what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.store import proposal_of, wanted_of
from hotrod.sourcing.models import Wanted
from hotrod.sourcing.reductions import numbered


def still_wanted(sourcing_round: SourcingRound) -> list[Wanted]:
    """Return what a round is to propose: no more of a part than a manager left of it before."""
    return [
        wanted.model_copy(update={"quantity": pieces})
        for wanted, need in zip(wanted_of(sourcing_round), sourcing_round.needs, strict=True)
        if (pieces := _left(need))
    ]


def left_pieces(sourcing_round: SourcingRound) -> dict[str, int]:
    """Return how many pieces a manager left of a part, by SKU, where they left fewer."""
    return {
        need["wanted"]["sku"]: need["left"]
        for need in sourcing_round.needs
        if need.get("left") is not None
    }


def surcharges_of(sourcing_round: SourcingRound) -> dict[str, Decimal]:
    """Return what checkouts asked beyond their listings until managers were asked; ``share_of``."""
    return {name: Decimal(share) for name, share in sourcing_round.surcharges.items()}


def refused_pieces(sourcing_round: SourcingRound) -> set[str]:
    """Return the SKUs of which a manager left no piece, when they were asked before."""
    return {need["wanted"]["sku"] for need in sourcing_round.needs if not _left(need)}


def leave(sourcing_round: SourcingRound, quantities: Mapping[str, int]) -> None:
    """Note how many pieces a manager left of what is proposed, so that no more is asked about.

    Args:
        sourcing_round: locked.
        quantities: approved pieces, by number of line of its proposal.
    """
    proposed, approved = Counter[str](), Counter[str]()
    for number, line in numbered(proposal_of(sourcing_round)).items():
        proposed[line.sku] += line.quantity
        approved[line.sku] += quantities.get(number, line.quantity)
    sourcing_round.needs = [
        need | {"left": min(_left(need), approved[sku])} if approved[sku] < proposed[sku] else need
        for need in sourcing_round.needs
        if (sku := need["wanted"]["sku"])
    ]


def _left(need: Mapping[str, Any]) -> int:
    left = need.get("left")
    return int(need["wanted"]["quantity"] if left is None else left)
