"""Who may say yes to an amount, and what an answer does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from hotrod.approvals.models import (
    Answer,
    Approval,
    ApprovalAnswer,
    ApprovalState,
    Line,
    NewApproval,
    Result,
    Role,
    Via,
)
from hotrod.company.models import Company, Manager
from hotrod.company.policies import Approvals
from hotrod.errors import InvalidInputError
from hotrod.money import figure, money

LONGEST_REASON = 2_000
PROVING = frozenset({Via.LINK, Via.SLACK})
"""Ways to answer that prove who does; on the others one says who one is, and is believed."""
_MOST_DIGITS = 7
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Asked:
    """A manager who is to be asked, and why."""

    manager: Manager
    role: Role


@dataclass(frozen=True)
class Verdict:
    """What an answer does, in a word and in a sentence for the person.

    ``quantities`` are the pieces of every line that a good yes is about; ``wrong`` is what an
    invalid answer has to correct.
    """

    result: Result
    words: str
    quantities: Mapping[str, int] = field(default_factory=dict)
    wrong: InvalidInputError | None = None


def yeses_needed(amount: Decimal, policy: Approvals) -> int:
    """Return how many different people must say yes to an amount: 1 or 2."""
    limit = policy.two_person_above
    return 2 if limit is not None and amount > limit else 1


def may_answer(manager: Manager, amount: Decimal) -> bool:
    """Tell whether a manager may decide about an amount, in the company's currency."""
    return manager.limit is None or amount <= manager.limit


def people_to_ask(
    amount: Decimal, managers: Sequence[Manager], on: date, *, needs: int
) -> tuple[Asked, ...]:
    """Return whom to ask about an amount on a day: as many as must agree, and a deputy.

    Of those who may, the lowest limits come first, then the keys; who is absent comes last, but
    does come: a late answer is better than nobody's.

    Raises:
        InvalidInputError: fewer managers may decide about it than must agree.
    """
    able = sorted(
        (manager for manager in managers if may_answer(manager, amount)),
        key=lambda one: (one.is_absent(on), one.limit is None, one.limit or 0, one.key),
    )
    if len(able) < needs:
        raise InvalidInputError(
            "amount",
            f"{len(able)} of the company's managers may approve {amount}, and {needs} must.",
            "Add managers to the company file, or raise their limits.",
        )
    roles = [*(Role.ASSIGNEE, Role.SECOND)[:needs], Role.DEPUTY]
    return tuple(Asked(manager, role) for manager, role in zip(able, roles, strict=False))


def check_question(new: NewApproval, company: Company) -> None:
    """See that a question can be asked.

    Raises:
        InvalidInputError: it names no business of the company or another currency, a line twice,
            or its lines cost more than the amount that limits would judge.
    """
    if company.business(new.business_key) is None:
        raise InvalidInputError(
            "business_key", f"{new.business_key!r} is no business.", "The company file names them."
        )
    currency = company.pricing.currency
    if new.currency != currency:
        raise InvalidInputError(
            "currency", f"limits are in {currency}, not in {new.currency}.", "Convert the amount."
        )
    if len({line.id for line in new.lines}) < len(new.lines):
        raise InvalidInputError("lines", "an id is given twice.", "Give each line its own.")
    goods = _cents(sum((line.quantity * line.unit_amount for line in new.lines), Decimal(0)))
    if goods > new.amount:
        raise InvalidInputError(
            "amount", f"it is {new.amount}, but the lines add up to {goods}.", "Give the whole."
        )


def judge(
    approval: Approval,
    manager: Manager | None,
    given: Answer,
    first: ApprovalAnswer | None,
    at: datetime,
) -> Verdict:
    """Return what an answer does to a question.

    Args:
        approval: as it stands.
        manager: who answers; None for somebody who is no manager of the company.
        given: the answer.
        first: the yes that waits for a second one.
        at: when it came.
    """
    if (refused := _refusal(approval, manager, given, first)) is not None:
        return Verdict(Result.NOT_ALLOWED, refused)
    if (lateness := _lateness(approval, at)) is not None:
        return Verdict(Result.LATE, lateness)
    try:
        return _no(given) if given.choice == "decline" else _yes(approval, given, first)
    except InvalidInputError as error:
        return Verdict(Result.INVALID, str(error), wrong=error)


def check_reason(reason: str, *, is_needed: bool = False) -> None:
    """See that a reason can be kept, and is there where it must be.

    Raises:
        InvalidInputError: it can't, or isn't.
    """
    if is_needed and not reason.strip():
        raise InvalidInputError("reason", "a no needs one.", "Say in a few words why.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(
            "reason", "it is too long.", f"Give at most {LONGEST_REASON} characters."
        )


def written_quantity(text: str) -> int | None:
    """Return the number of pieces that somebody wrote; None: it is no whole number from 0."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def checked_quantities(lines: Sequence[Line], given: Mapping[str, int]) -> dict[str, int]:
    """Return how many pieces of every line an answer is about: as proposed, or fewer.

    Raises:
        InvalidInputError: a line is unknown, a quantity isn't from 0 to what was proposed or isn't
            sold, or nothing would be left.
    """
    proposed = {line.id: line for line in lines}
    for number, quantity in given.items():
        if number not in proposed:
            raise InvalidInputError(
                "quantities",
                f"there is no line {number[:80]!r}.",
                f"Lines are {', '.join(proposed)}.",
            )
        line = proposed[number]
        if not 0 <= quantity <= line.quantity:
            raise InvalidInputError(
                f"quantities.{number}",
                "it can be reduced, but not raised.",
                f"Give a number from 0 to {line.quantity}.",
            )
        if not line.is_sold(quantity):
            raise InvalidInputError(
                f"quantities.{number}", "it isn't sold in so many.", f"Give {line.possible}."
            )
    return _something({line.id: line.quantity for line in lines} | dict(given))


def agreed(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    """Return what two people both said yes to: the smaller quantity of every line.

    Raises:
        InvalidInputError: that is nothing.
    """
    return _something({line: min(first[line], quantity) for line, quantity in second.items()})


def is_changed_too_much(approved: Decimal, now: Decimal, percent: Decimal) -> bool:
    """Tell whether an amount has moved from the approved one, up or down, by more than a share.

    Down too: a price that has collapsed may be of something else.
    """
    return abs(now - approved) * 100 > approved * percent


def covers(
    approval: Approval, answers: Iterable[ApprovalAnswer], amount: Decimal, company: Company
) -> bool:
    """Tell whether those who said yes may say it to another amount, too.

    Args:
        approval: the question they approved.
        answers: all that were given to it.
        amount: all that it costs now, in the company's currency.
        company: with the limits of today.
    """
    agreed_by = [
        company.manager(one.manager)
        for one in answers
        if one.choice == "approve" and one.result in {Result.COUNTED, Result.FIRST_OF_TWO}
    ]
    return yeses_needed(amount, company.approvals) <= approval.needs and all(
        manager is not None and may_answer(manager, amount) for manager in agreed_by
    )


def _refusal(
    approval: Approval, manager: Manager | None, given: Answer, first: ApprovalAnswer | None
) -> str | None:
    if manager is None:
        return "Only a manager of the company file may decide this."
    if manager.limit is not None and not may_answer(manager, approval.amount):
        about = money(approval.amount, approval.currency)
        return f"This is about {about}; your limit is {figure(manager.limit)}."
    if approval.state != ApprovalState.OPEN or given.choice != "approve" or first is None:
        return None
    if first.manager == manager.key:
        return "You have said yes already; another manager must agree."
    if PROVING.isdisjoint({first.via, given.via}):
        return (
            "One of the two yeses must prove who says it: "
            "say yours by the link in your mail, or in Slack."
        )
    return None


def _lateness(approval: Approval, at: datetime) -> str | None:
    if approval.state == ApprovalState.SUPERSEDED:
        return "This was asked again with other figures; please answer the newer question."
    if approval.state in {ApprovalState.APPROVED, ApprovalState.DECLINED} or approval.is_withdrawn:
        standing = approval.standing(at)
        return f"This was {standing} already, at {approval.decided_at:%Y-%m-%d %H:%M} UTC."
    if approval.state == ApprovalState.EXPIRED or at > approval.deadline_at:
        deadline = f"{approval.deadline_at:%Y-%m-%d %H:%M} UTC"
        return f"The deadline was {deadline}; no answer by then means no."
    return None


def _no(given: Answer) -> Verdict:
    check_reason(given.reason, is_needed=True)
    return Verdict(Result.COUNTED, "Declined.")


def _yes(approval: Approval, given: Answer, first: ApprovalAnswer | None) -> Verdict:
    check_reason(given.reason)
    wanted = checked_quantities(approval.items, given.quantities)
    if first is not None:
        return Verdict(Result.COUNTED, "Approved.", agreed(first.quantities, wanted))
    if approval.needs > 1:
        words = "Your yes is noted; for this amount another manager must agree."
        return Verdict(Result.FIRST_OF_TWO, words, wanted)
    return Verdict(Result.COUNTED, "Approved.", wanted)


def _something(quantities: dict[str, int]) -> dict[str, int]:
    if not any(quantities.values()):
        raise InvalidInputError("quantities", "nothing would be left.", "Decline it instead.")
    return quantities


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
