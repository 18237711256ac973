"""Rules of the ticket itself: which status may follow which, and what customers read of it."""

from __future__ import annotations

from hotrod.errors import ForbiddenTransitionError
from hotrod.repairs.models import TicketStatus as Status

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset(
        {Status.AWAITING_ANSWER, Status.QUOTED, Status.ROUTED, Status.CANCELLED}
    ),
    Status.AWAITING_ANSWER: frozenset({Status.RECEIVED, Status.QUOTED, Status.CANCELLED}),
    Status.QUOTED: frozenset({Status.APPROVED, Status.DECLINED, Status.EXPIRED, Status.CANCELLED}),
    Status.APPROVED: frozenset({Status.IN_REPAIR, Status.CANCELLED}),
    Status.DECLINED: frozenset({Status.QUOTED, Status.READY, Status.CANCELLED}),
    Status.EXPIRED: frozenset({Status.QUOTED, Status.READY, Status.CANCELLED}),
    Status.ROUTED: frozenset({Status.RECEIVED, Status.CANCELLED}),
    Status.IN_REPAIR: frozenset({Status.READY, Status.QUOTED, Status.CANCELLED}),
    Status.READY: frozenset({Status.COLLECTED, Status.IN_REPAIR}),
    Status.COLLECTED: frozenset(),
    Status.CANCELLED: frozenset({Status.READY}),
}

_CUSTOMER_TEXTS: dict[Status, tuple[str, str]] = {
    Status.RECEIVED: ("We have your request", "A diagnosis is on its way; we mail you a quote."),
    Status.AWAITING_ANSWER: (
        "We need a little more from you",
        "We mailed you some questions. Your answer lets us go on.",
    ),
    Status.QUOTED: ("Your quote is ready", "Have a look at it below, and tell us what you decide."),
    Status.APPROVED: ("You approved the quote", "Your device is in line for the bench."),
    Status.DECLINED: ("You declined the quote", "Nothing will be repaired or charged."),
    Status.EXPIRED: ("The quote has expired", "Write to us, and we make you a new one."),
    Status.ROUTED: ("We passed your message on", "The right person will answer you by mail."),
    Status.IN_REPAIR: ("On the bench", "A technician is working on your device."),
    Status.READY: ("Ready for pick-up", "You can collect your device in our opening hours."),
    Status.COLLECTED: ("Collected", "Thank you. Write to us if anything isn't right."),
    Status.CANCELLED: ("Cancelled", "This request was cancelled."),
}


def check_transition(number: str, current: Status, wanted: Status) -> None:
    """Refuse a move that the table doesn't allow.

    Raises:
        ForbiddenTransitionError: names the ticket, where it stands, and what was wanted.
    """
    if wanted not in TRANSITIONS[current]:
        raise ForbiddenTransitionError("ticket", number, current, wanted)


def customer_status_text(status: Status) -> tuple[str, str]:
    """Return a headline and a sentence for the customer's page."""
    return _CUSTOMER_TEXTS[status]
