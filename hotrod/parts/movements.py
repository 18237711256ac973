"""What a movement of stock must say, and what it changes. Rules only; ``ledger.py`` posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hotrod.db.columns import now
from hotrod.errors import InvalidInputError
from hotrod.parts.models import BENCH, MovementKind, Part, StockMovement, Tracking

_MOST = 1_000_000
_MOST_COST = Decimal(10_000_000)
_THE_ACT = ("part_id", "location", "kind", "quantity", "ticket", "order_reference", "lot", "reason")
_LONGEST = {
    "key": 200,
    "location": 40,
    "ticket": 16,
    "order_reference": 80,
    "lot": 80,
    "actor": 120,
}


@dataclass(frozen=True)
class Override:
    """Who lets stock fall below what is there or reserved, and why."""

    by: str
    reason: str


@dataclass(frozen=True)
class NewMovement:
    """A movement to be posted.

    Args:
        key: unique to it, so that it counts once however often it is posted.
        sku: of the part.
        kind: why the stock changes.
        quantity: pieces. For COUNT, how many were counted; for ADJUST, the difference, below zero
            when pieces are gone; else how many moved, above zero.
        actor: who posts it.
        location: where.
        unit_cost: what each piece that comes in has cost, landed; without it, the average. A
            count uses it for the pieces that it finds.
        currency: of ``unit_cost``; without it, the part's.
        ticket: number of the ticket that a use or a return is about.
        order_reference: of the order that a receipt belongs to; what is on order falls by it.
        lot: batch or serial number, for parts whose ``tracking`` asks for it.
        reason: needed by ADJUST.
        override: needed to take pieces that aren't there, or are reserved for others.
        at: when it happened.
    """

    key: str
    sku: str
    kind: MovementKind
    quantity: int
    actor: str
    location: str = BENCH
    unit_cost: Decimal | None = None
    currency: str | None = None
    ticket: str = ""
    order_reference: str = ""
    lot: str = ""
    reason: str = ""
    override: Override | None = None
    at: datetime = field(default_factory=now)


def change_of(new: NewMovement, on_hand: int) -> int:
    """Return by how many pieces a movement changes a location that has ``on_hand``."""
    if new.kind is MovementKind.COUNT:
        return new.quantity - on_hand
    return -new.quantity if new.kind is MovementKind.USE else new.quantity


def check(new: NewMovement, part: Part) -> None:
    """See that a movement says what it must.

    Raises:
        InvalidInputError: it doesn't; the field and the cure are named.
    """
    check_texts(**{name: getattr(new, name) for name in _LONGEST})
    check_override(new.override)
    _check_quantity(new)
    _check_cost(new, part)
    _check_lot(new, part)
    if new.kind in {MovementKind.USE, MovementKind.RETURN} and not new.ticket:
        raise InvalidInputError(
            "ticket", f"a {new.kind} belongs to a ticket.", "Name it, or adjust with a reason."
        )
    if new.kind is MovementKind.ADJUST and not new.reason.strip():
        raise InvalidInputError("reason", "an adjustment needs a reason.", "Say what happened.")


def row_of(new: NewMovement, part: Part, on_hand: int) -> StockMovement:
    """Return the row of a movement at a location that has ``on_hand`` before it."""
    change = change_of(new, on_hand)
    paid = new.unit_cost if change > 0 else None
    return StockMovement(
        key=new.key,
        part_id=part.id,
        location=new.location,
        kind=new.kind,
        quantity=change,
        on_hand_after=on_hand + change,
        unit_cost=part.value_of_one if paid is None else paid,
        currency=part.currency,
        ticket=new.ticket,
        order_reference=new.order_reference,
        lot=new.lot,
        reason=new.reason,
        actor=new.actor,
        override_by=new.override.by if new.override else "",
        override_reason=new.override.reason if new.override else "",
        at=new.at,
    )


def is_same(posted: StockMovement, new: NewMovement, part: Part) -> bool:
    """Tell whether a posted movement is what is to be posted now: the same act, sent again."""
    again = row_of(new, part, posted.on_hand_after - posted.quantity)
    return all(getattr(posted, name) == getattr(again, name) for name in _THE_ACT)


def check_override(override: Override | None) -> None:
    """See that an override says who and why.

    Raises:
        InvalidInputError: it doesn't.
    """
    if override and not (override.by.strip() and override.reason.strip()):
        raise InvalidInputError("override", "it must say who and why.", "Give both.")


def check_texts(**texts: str) -> None:
    """See that texts fit their columns, and that there is a key, a location and an actor.

    Raises:
        InvalidInputError: one doesn't, or is empty.
    """
    for name, text in texts.items():
        if name in {"key", "location", "actor"} and not text.strip():
            raise InvalidInputError(name, "it is empty.", "Give one.")
        if len(text) > _LONGEST[name] or "\0" in text:
            reason = f"{text[:20]!r} is too long, or no text."
            raise InvalidInputError(name, reason, f"Give at most {_LONGEST[name]} characters.")


def check_quantity(quantity: int, *, least: int = 1) -> None:
    """See that a number of pieces can be one.

    Raises:
        InvalidInputError: it can't.
    """
    if not least <= quantity <= _MOST:
        raise InvalidInputError(
            "quantity", f"{quantity} is not possible.", f"Give a number from {least} to {_MOST}."
        )


def _check_quantity(new: NewMovement) -> None:
    if new.kind is MovementKind.ADJUST:
        if not 1 <= abs(new.quantity) <= _MOST:
            cure = f"Give the difference, from -{_MOST} to {_MOST}, and not 0."
            raise InvalidInputError("quantity", f"{new.quantity} is not possible.", cure)
    else:
        check_quantity(new.quantity, least=0 if new.kind is MovementKind.COUNT else 1)


def _check_cost(new: NewMovement, part: Part) -> None:
    if new.currency not in {None, part.currency}:
        raise InvalidInputError(
            "currency",
            f"{new.sku} is valued in {part.currency}, not in {new.currency}.",
            f"Give the cost in {part.currency}, at the rate of the day it was paid.",
        )
    if new.unit_cost is None:
        return
    if not (new.unit_cost.is_finite() and 0 <= new.unit_cost < _MOST_COST):
        raise InvalidInputError("unit_cost", f"{new.unit_cost} is not possible.", "Give an amount.")
    if new.kind is MovementKind.USE or new.quantity < 0:
        raise InvalidInputError(
            "unit_cost", "pieces that go out are valued at the average.", "Leave it away."
        )


def _check_lot(new: NewMovement, part: Part) -> None:
    if new.kind is MovementKind.COUNT and new.lot:
        raise InvalidInputError("lot", "a count is of the whole shelf.", "Leave it away.")
    if part.tracking == Tracking.NONE or new.kind is MovementKind.COUNT:
        return
    if not new.lot.strip():
        raise InvalidInputError(
            "lot", f"{new.sku} is tracked by {part.tracking}.", f"Give the {part.tracking} number."
        )
    if part.tracking == Tracking.SERIAL and abs(new.quantity) != 1:
        raise InvalidInputError(
            "quantity", f"each {new.sku} has a serial number.", "Post them one by one."
        )
