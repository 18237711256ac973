"""What must be true of the system after everything that happened to it.

Pure functions over what was seen from outside: the senders' answers, our database, the mailbox,
and Prefect. Each returns what contradicts it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Harm(StrEnum):
    """What a violation means to a customer, or to ops."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNTRUE = "untrue"


class Violation(NamedTuple):
    """Something that contradicts an invariant.

    Args:
        invariant: name of the function that found it.
        harm: what it means.
        about: the ticket, mail, run or effect.
        what: in a clause.
    """

    invariant: str
    harm: Harm
    about: str
    what: str


@dataclass(frozen=True)
class Accepted:
    """A request that was answered by 2xx: with which ticket, and with which when sent again."""

    number: int
    ticket: str
    replayed: str | None = None


@dataclass(frozen=True)
class DeliverySeen:
    """A row of the inbox."""

    id: int
    event: str
    ticket: str | None
    state: str
    run_id: UUID | None
    last_error: str


@dataclass(frozen=True)
class TicketSeen:
    """A ticket; ``customer`` is the address of who sent the request."""

    id: UUID
    number: str
    customer: str
    status: str
    route: str


@dataclass(frozen=True)
class MailSeen:
    """A mail that we have composed."""

    ticket: str
    kind: str
    message_id: str
    effect_key: str


@dataclass(frozen=True)
class ArrivalSeen:
    """A mail that the mail service has delivered."""

    message_id: str
    ticket: str


@dataclass(frozen=True)
class EffectSeen:
    """A row of the effects ledger."""

    key: str
    state: str


@dataclass(frozen=True)
class RunSeen:
    """A flow run in Prefect; ``ticket`` is its parameter, if it has such a one."""

    id: UUID
    is_intake: bool
    state: str | None
    ticket: str | None


@dataclass(frozen=True)
class Evidence:
    """All that was seen when everything had come to rest.

    ``refused`` are the gateway's 4xx answers, ``injected`` patterns of the reasons for which a
    delivery may be dead.
    """

    accepted: Sequence[Accepted] = ()
    refused: Sequence[str] = ()
    deliveries: Sequence[DeliverySeen] = ()
    tickets: Sequence[TicketSeen] = ()
    mails: Sequence[MailSeen] = ()
    arrivals: Sequence[ArrivalSeen] = ()
    effects: Sequence[EffectSeen] = ()
    runs: Sequence[RunSeen] = ()
    injected: Sequence[str] = ()

    def delivery_of(self) -> dict[str, DeliverySeen]:
        """Return the request of each ticket."""
        return {one.ticket: one for one in self.deliveries if one.ticket and one.event == REQUESTED}


REQUESTED = "repair.requested"
ACKNOWLEDGEMENT = "acknowledgement"

_FINAL_MAIL = {"quoted": "quote", "awaiting_answer": "questions", "routed": "passed_on"}
_UNANSWERED_ROUTES = {"spam"}
_NOT_PASSED_ON_ROUTES = {"spam", "empty"}
_OPEN_RUNS = {"PENDING", "RUNNING", "CANCELLING"}
_RUN_STATES = {"done": {"COMPLETED"}, "dead": {"CRASHED", "FAILED"}}


def check(evidence: Evidence) -> list[Violation]:
    """Return all that contradicts the invariants."""
    return [
        Violation(invariant.__name__, *found)
        for invariant in INVARIANTS
        for found in invariant(evidence)
    ]


Found = Iterator[tuple[Harm, str, str]]


def good_requests_are_accepted(evidence: Evidence) -> Found:
    """A part that is away is no fault of the caller's."""
    for answer in evidence.refused:
        yield Harm.LOST, "a request", f"refused: {answer}"


def what_was_accepted_is_there(evidence: Evidence) -> Found:
    """A 2xx was given after ticket and delivery were on disk."""
    deliveries, tickets = evidence.delivery_of(), {one.number for one in evidence.tickets}
    for one in evidence.accepted:
        if one.ticket not in tickets:
            yield Harm.LOST, one.ticket, "accepted, but there is no such ticket"
        elif one.ticket not in deliveries:
            yield Harm.LOST, one.ticket, "accepted, but not in the inbox"


def one_request_is_one_ticket(evidence: Evidence) -> Found:
    """The same request, sent again and again, opens one ticket and has one answer."""
    for one in evidence.accepted:
        if one.replayed not in {None, one.ticket}:
            yield Harm.DOUBLED, one.ticket, f"the same request was answered by {one.replayed} too"
    for customer, number in Counter(one.customer for one in evidence.tickets).items():
        if number > 1:
            yield Harm.DOUBLED, customer, f"one request, {number} tickets"
    asked = Counter(one.ticket for one in evidence.deliveries if one.event == REQUESTED)
    for ticket, number in asked.items():
        if number > 1:
            yield Harm.DOUBLED, str(ticket), f"{number} deliveries"


def every_delivery_is_finished(evidence: Evidence) -> Found:
    """A delivery ends as done, or dead for a reason that was injected."""
    for one in evidence.deliveries:
        about = f"delivery {one.id} ({one.ticket or one.event})"
        if one.state == "dead":
            if not any(re.search(reason, one.last_error) for reason in evidence.injected):
                yield Harm.LOST, about, f"dead for a reason of its own: {one.last_error}"
        elif one.state != "done":
            yield Harm.LOST, about, f"left {one.state}: {one.last_error or 'no error'}"


def every_mail_arrived_once(evidence: Evidence) -> Found:
    """No customer hears the same thing twice; nothing is sent that isn't on record."""
    composed = {one.message_id: one for one in evidence.mails}
    for message_id, number in Counter(one.message_id for one in evidence.arrivals).items():
        mail = composed.get(message_id)
        about = f"{mail.ticket} {mail.kind}" if mail else message_id
        if number > 1:
            yield Harm.DOUBLED, about, f"arrived {number} times"
        if mail is None:
            yield Harm.UNTRUE, about, "arrived, but is not on record"
    for (ticket, kind), number in Counter((one.ticket, one.kind) for one in evidence.mails).items():
        if number > 1:
            yield Harm.DOUBLED, f"{ticket} {kind}", f"composed {number} times"


def finished_tickets_have_their_mails(evidence: Evidence) -> Found:
    """A customer whose request is done was acknowledged, and then quoted, asked or passed on."""
    arrived = {one.message_id for one in evidence.arrivals}
    has = {(one.ticket, one.kind) for one in evidence.mails if one.message_id in arrived}
    deliveries = evidence.delivery_of()
    for ticket in evidence.tickets:
        delivery = deliveries.get(ticket.number)
        if delivery is None or delivery.state != "done":
            continue
        if ticket.status not in _FINAL_MAIL:
            yield Harm.LOST, ticket.number, f"done, but its ticket is {ticket.status}"
            continue
        if ticket.route not in _UNANSWERED_ROUTES and (ticket.number, ACKNOWLEDGEMENT) not in has:
            yield Harm.LOST, ticket.number, "done, but never acknowledged"
        last = _FINAL_MAIL[ticket.status]
        needed = last != "passed_on" or ticket.route not in _NOT_PASSED_ON_ROUTES
        if needed and (ticket.number, last) not in has:
            yield Harm.LOST, ticket.number, f"{ticket.status}, but its {last} mail never arrived"


def one_delivery_is_one_run(evidence: Evidence) -> Found:
    """Each delivery has one run, which ended as the delivery did."""
    runs = {one.id: one for one in evidence.runs}
    by_ticket = Counter(one.ticket for one in evidence.runs if one.is_intake)
    for ticket, delivery in evidence.delivery_of().items():
        if by_ticket[ticket] > 1:
            yield Harm.DOUBLED, ticket, f"{by_ticket[ticket]} runs"
        run = runs.get(delivery.run_id) if delivery.run_id else None
        if run is None:
            if delivery.state == "done":
                yield Harm.UNTRUE, ticket, f"done, but its run {delivery.run_id} is not there"
        elif run.state not in _RUN_STATES.get(delivery.state, {run.state}):
            yield Harm.UNTRUE, ticket, f"{delivery.state}, but its run is {run.state}"
    tickets = {one.number for one in evidence.tickets}
    for run in evidence.runs:
        if run.is_intake and run.ticket not in tickets:
            yield Harm.UNTRUE, f"run {run.id}", f"of {run.ticket}, which was never accepted"


def no_run_is_left_open(evidence: Evidence) -> Found:
    """When nothing is left to do, no run claims to be under way."""
    for run in evidence.runs:
        if run.state in _OPEN_RUNS:
            yield Harm.UNTRUE, f"run {run.id} ({run.ticket or 'of no ticket'})", f"left {run.state}"


def the_ledger_is_true(evidence: Evidence) -> Found:
    """A mail is done in the ledger if and only if it arrived; no act is left half done.

    What belongs to a dead letter may be: a person decides.
    """
    arrived = {one.message_id for one in evidence.arrivals}
    ledger = {one.key: one.state for one in evidence.effects}
    deliveries = evidence.delivery_of()
    dead = {ticket for ticket, one in deliveries.items() if one.state == "dead"}
    owners = {one.effect_key: one.ticket for one in evidence.mails}
    numbers = {str(one.id): one.number for one in evidence.tickets}
    for mail in evidence.mails:
        done, there = ledger.get(mail.effect_key) == "done", mail.message_id in arrived
        if done and not there:
            yield Harm.LOST, mail.effect_key, "done in the ledger, but it never arrived"
        if there and not done and mail.ticket not in dead:
            state = ledger.get(mail.effect_key, "missing")
            yield Harm.UNTRUE, mail.effect_key, f"it arrived, but is {state} in the ledger"
    for key, state in ledger.items():
        owner = owners.get(key) or numbers.get(key.rpartition(":")[2])
        if state != "done" and owner not in dead:
            yield Harm.UNTRUE, key, f"left {state} in the ledger"


INVARIANTS: tuple[Callable[[Evidence], Found], ...] = (
    good_requests_are_accepted,
    what_was_accepted_is_there,
    one_request_is_one_ticket,
    every_delivery_is_finished,
    every_mail_arrived_once,
    finished_tickets_have_their_mails,
    one_delivery_is_one_run,
    no_run_is_left_open,
    the_ledger_is_true,
)
