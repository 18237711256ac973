from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from bench.invariants import (
    INVARIANTS,
    Accepted,
    ArrivalSeen,
    DeliverySeen,
    EffectSeen,
    Evidence,
    Harm,
    MailSeen,
    RunSeen,
    TicketSeen,
    check,
)

RUN, OTHER_RUN, TICKET = UUID(int=1), UUID(int=2), UUID(int=3)
DELIVERY = DeliverySeen(1, "repair.requested", "NL-1", "done", RUN, "")
ACKNOWLEDGEMENT = MailSeen("NL-1", "acknowledgement", "<a@x>", f"mail:acknowledgement:{TICKET}")
QUOTE = MailSeen("NL-1", "quote", "<q@x>", "mail:quote:5")
GOOD = Evidence(
    accepted=[Accepted(0, "NL-1", "NL-1")],
    deliveries=[DELIVERY],
    tickets=[TicketSeen(TICKET, "NL-1", "bench-0@example.com", "quoted", "repair")],
    mails=[ACKNOWLEDGEMENT, QUOTE],
    arrivals=[ArrivalSeen("<a@x>", "NL-1"), ArrivalSeen("<q@x>", "NL-1")],
    effects=[
        EffectSeen(ACKNOWLEDGEMENT.effect_key, "done"),
        EffectSeen(QUOTE.effect_key, "done"),
        EffectSeen(f"slack:assigned:{TICKET}", "done"),
    ],
    runs=[RunSeen(RUN, is_intake=True, state="COMPLETED", ticket="NL-1")],
    injected=["TransientError"],
)
DEAD = replace(
    GOOD,
    deliveries=[replace(DELIVERY, state="dead", last_error="TransientError: mail is away")],
    tickets=[replace(GOOD.tickets[0], status="received")],
    mails=[ACKNOWLEDGEMENT],
    arrivals=[],
    effects=[
        EffectSeen(ACKNOWLEDGEMENT.effect_key, "claimed"),
        EffectSeen(f"slack:assigned:{TICKET}", "claimed"),
    ],
    runs=[replace(GOOD.runs[0], state="CRASHED")],
)

BROKEN: dict[str, tuple[Harm, str, Evidence]] = {
    "a request refused": (
        Harm.LOST,
        "good_requests_are_accepted",
        replace(GOOD, refused=["401 This key is unknown"]),
    ),
    "an accepted request without a ticket": (
        Harm.LOST,
        "what_was_accepted_is_there",
        replace(GOOD, accepted=[*GOOD.accepted, Accepted(1, "NL-2")]),
    ),
    "a ticket that is not in the inbox": (
        Harm.LOST,
        "what_was_accepted_is_there",
        replace(GOOD, deliveries=[]),
    ),
    "another answer to the same request": (
        Harm.DOUBLED,
        "one_request_is_one_ticket",
        replace(GOOD, accepted=[Accepted(0, "NL-1", "NL-2")]),
    ),
    "two tickets of one request": (
        Harm.DOUBLED,
        "one_request_is_one_ticket",
        replace(GOOD, tickets=[*GOOD.tickets, replace(GOOD.tickets[0], number="NL-2")]),
    ),
    "two deliveries of one ticket": (
        Harm.DOUBLED,
        "one_request_is_one_ticket",
        replace(GOOD, deliveries=[DELIVERY, replace(DELIVERY, id=2)]),
    ),
    "a delivery that still waits": (
        Harm.LOST,
        "every_delivery_is_finished",
        replace(GOOD, deliveries=[replace(DELIVERY, state="waiting")]),
    ),
    "a dead letter for a reason of our own": (
        Harm.LOST,
        "every_delivery_is_finished",
        replace(DEAD, deliveries=[replace(DEAD.deliveries[0], last_error="KeyError: 'x'")]),
    ),
    "a mail that came twice": (
        Harm.DOUBLED,
        "every_mail_arrived_once",
        replace(GOOD, arrivals=[*GOOD.arrivals, ArrivalSeen("<q@x>", "NL-1")]),
    ),
    "a second mail of a kind": (
        Harm.DOUBLED,
        "every_mail_arrived_once",
        replace(GOOD, mails=[*GOOD.mails, replace(QUOTE, message_id="<q2@x>")]),
    ),
    "a mail that nobody composed": (
        Harm.UNTRUE,
        "every_mail_arrived_once",
        replace(GOOD, arrivals=[*GOOD.arrivals, ArrivalSeen("<z@x>", "NL-1")]),
    ),
    "a quoted ticket without quote": (
        Harm.LOST,
        "finished_tickets_have_their_mails",
        replace(GOOD, arrivals=[ArrivalSeen("<a@x>", "NL-1")]),
    ),
    "a done ticket without acknowledgement": (
        Harm.LOST,
        "finished_tickets_have_their_mails",
        replace(GOOD, mails=[QUOTE], arrivals=[ArrivalSeen("<q@x>", "NL-1")]),
    ),
    "a done delivery whose ticket stands still": (
        Harm.LOST,
        "finished_tickets_have_their_mails",
        replace(GOOD, tickets=[replace(GOOD.tickets[0], status="received")]),
    ),
    "a message that was routed, and not passed on": (
        Harm.LOST,
        "finished_tickets_have_their_mails",
        replace(GOOD, tickets=[replace(GOOD.tickets[0], status="routed", route="sales")]),
    ),
    "two runs of one delivery": (
        Harm.DOUBLED,
        "one_delivery_is_one_run",
        replace(GOOD, runs=[*GOOD.runs, replace(GOOD.runs[0], id=OTHER_RUN)]),
    ),
    "a run that is gone": (
        Harm.UNTRUE,
        "one_delivery_is_one_run",
        replace(GOOD, deliveries=[replace(DELIVERY, run_id=OTHER_RUN)]),
    ),
    "a done delivery whose run crashed": (
        Harm.UNTRUE,
        "one_delivery_is_one_run",
        replace(GOOD, runs=[replace(GOOD.runs[0], state="CRASHED")]),
    ),
    "a run of nobody's request": (
        Harm.UNTRUE,
        "one_delivery_is_one_run",
        replace(GOOD, runs=[*GOOD.runs, replace(GOOD.runs[0], id=OTHER_RUN, ticket="NL-9")]),
    ),
    "a run left open": (
        Harm.UNTRUE,
        "no_run_is_left_open",
        replace(GOOD, runs=[*GOOD.runs, RunSeen(OTHER_RUN, False, "PENDING", None)]),
    ),
    "a mail done in the ledger that never arrived": (
        Harm.LOST,
        "the_ledger_is_true",
        replace(GOOD, arrivals=GOOD.arrivals[:1]),
    ),
    "a mail that arrived and is not in the ledger": (
        Harm.UNTRUE,
        "the_ledger_is_true",
        replace(GOOD, effects=GOOD.effects[1:]),
    ),
    "an act left half done": (
        Harm.UNTRUE,
        "the_ledger_is_true",
        replace(GOOD, effects=[*GOOD.effects, EffectSeen(f"slack:danger:{TICKET}", "claimed")]),
    ),
}


def test_nothing_contradicts_what_is_good() -> None:
    assert check(GOOD) == []


def test_a_dead_letter_for_an_injected_reason_may_have_left_its_acts_open() -> None:
    assert check(DEAD) == []


def test_spam_is_done_without_any_mail() -> None:
    spam = replace(GOOD.tickets[0], status="routed", route="spam")
    assert check(replace(GOOD, tickets=[spam], mails=[], arrivals=[], effects=[])) == []


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found(case: str) -> None:
    harm, invariant, evidence = BROKEN[case]
    assert (harm, invariant) in {(one.harm, one.invariant) for one in check(evidence)}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda one: one.__name__)
def test_every_invariant_is_broken_by_a_case(invariant: Callable[..., object]) -> None:
    assert invariant.__name__ in {name for _, name, _ in BROKEN.values()}
