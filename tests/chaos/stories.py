"""Requests that together lead through every step of the intake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hotrod.repairs.models import TicketStatus
from tests.chaos.boundaries import Boundary, Kind


@dataclass(frozen=True)
class Story:
    """A request and what becomes of it.

    Args:
        problem: in the customer's words.
        steps: those that succeed, in order.
        mails: kinds of the mails that are sent.
        status: of the ticket, at the end.
        device: of the customer.
        claude_is_down: Claude refuses to answer, so that rules diagnose.
        dies_in: the steps that are tried in this story; each step is in one.
    """

    problem: str
    steps: tuple[str, ...]
    mails: tuple[str, ...]
    status: TicketStatus
    dies_in: tuple[str, ...]
    device: dict[str, Any] = field(default_factory=dict)
    claude_is_down: bool = False


KINDS = {
    "open request": Kind.RECORD,
    "acknowledge request": Kind.MAIL,
    "triage request": Kind.RECORD,
    "warn of danger": Kind.SLACK,
    "pass on message": Kind.MAIL,
    "diagnose with Claude": Kind.CLAUDE,
    "diagnose by rules": Kind.RECORD,
    "check whether answers are needed": Kind.RECORD,
    "ask questions": Kind.MAIL,
    "check parts": Kind.RECORD,
    "price repair": Kind.RECORD,
    "assign technician": Kind.RECORD,
    "send quote": Kind.MAIL,
    "tell bench": Kind.SLACK,
}

_OPENING = ("open request", "acknowledge request", "triage request")
_QUOTING = (
    "check whether answers are needed",
    "check parts",
    "price repair",
    "assign technician",
    "send quote",
    "tell bench",
)
_DANGEROUS_STEPS = (*_OPENING, "warn of danger", "diagnose with Claude", *_QUOTING)
_UNKNOWN_DEVICE = {"brand": "", "model": ""}

DANGEROUS = Story(
    problem="The battery is swollen. No picture either, HDMI looks bent.",
    steps=_DANGEROUS_STEPS,
    mails=("acknowledgement", "quote"),
    status=TicketStatus.QUOTED,
    dies_in=_DANGEROUS_STEPS,
)
NO_REPAIR = Story(
    problem="What are your opening hours on Saturday?",
    device={"device_type": "other", **_UNKNOWN_DEVICE},
    steps=(*_OPENING, "pass on message"),
    mails=("acknowledgement", "passed_on"),
    status=TicketStatus.ROUTED,
    dies_in=("pass on message",),
)
THIN = Story(
    problem="it's broken",
    device=_UNKNOWN_DEVICE,
    steps=(
        *_OPENING,
        "diagnose with Claude",
        "check whether answers are needed",
        "ask questions",
    ),
    mails=("acknowledgement", "questions"),
    status=TicketStatus.AWAITING_ANSWER,
    dies_in=("ask questions",),
)
WITHOUT_CLAUDE = Story(
    problem="After a storm there is no picture on any television. The HDMI port looks bent.",
    steps=(*_OPENING, "diagnose by rules", *_QUOTING),
    mails=("acknowledgement", "quote"),
    status=TicketStatus.QUOTED,
    dies_in=("diagnose by rules",),
    claude_is_down=True,
)
STORIES = (DANGEROUS, NO_REPAIR, THIN, WITHOUT_CLAUDE)


def boundaries() -> Iterator[tuple[Story, Boundary]]:
    """Yield every moment of every step."""
    for story in STORIES:
        for step in story.dies_in:
            kind = KINDS[step]
            for moment in kind.moments:
                yield story, Boundary(step=step, kind=kind, moment=moment)
