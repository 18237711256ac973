"""What a round still proposes once managers were asked: the pieces they left, at what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.store import proposal_of, wanted_of
from hotrod.replenishment.models import Shelf
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


def risen(
    sourcing_round: SourcingRound, shelves: Mapping[str, Shelf], quantities: Mapping[str, int]
) -> list[str]:
    """Return the SKUs to be bought that were low when managers were asked, and aren't any more.

    Args:
        sourcing_round: as managers were asked about it.
        shelves: active parts with their stock now, by SKU.
        quantities: approved pieces, by number of line of its proposal.
    """
    lines = numbered(proposal_of(sourcing_round)).items()
    bought = {line.sku for number, line in lines if quantities.get(number, line.quantity)}
    return sorted(
        sku
        for need in sourcing_round.needs
        if (sku := need["wanted"]["sku"]) in bought.intersection(shelves)
        and need["available"] + need["on_order"] <= need["reorder_point"]
        and not shelves[sku].is_low
    )


def count_anew(sourcing_round: SourcingRound, shelves: Mapping[str, Shelf]) -> None:
    """Note how much there is by now of what a round looks for; the round is locked."""
    sourcing_round.needs = [
        need | {"available": shelf.available, "on_order": shelf.on_order} if shelf else need
        for need in sourcing_round.needs
        for shelf in [shelves.get(need["wanted"]["sku"])]
    ]


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
