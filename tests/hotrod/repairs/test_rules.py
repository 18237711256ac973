from __future__ import annotations

from itertools import pairwise

import pytest

from hotrod.errors import ForbiddenTransitionError
from hotrod.repairs.models import TicketStatus as Status
from hotrod.repairs.rules import TRANSITIONS, check_transition, customer_status_text


@pytest.mark.parametrize(
    "way",
    [
        "received quoted approved in_repair ready collected",
        "received awaiting_answer received quoted declined ready collected",
        "received quoted expired quoted approved cancelled ready",
        "received routed received",
        "approved in_repair quoted approved in_repair ready in_repair",
    ],
)
def test_allowed_ways(way: str) -> None:
    steps = [Status(step) for step in way.split()]

    for current, wanted in pairwise(steps):
        check_transition("NL-1042", current, wanted)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (Status.RECEIVED, Status.APPROVED),
        (Status.RECEIVED, Status.IN_REPAIR),
        (Status.QUOTED, Status.IN_REPAIR),
        (Status.EXPIRED, Status.APPROVED),
        (Status.DECLINED, Status.APPROVED),
        (Status.COLLECTED, Status.RECEIVED),
        (Status.CANCELLED, Status.IN_REPAIR),
        (Status.APPROVED, Status.DECLINED),
    ],
)
def test_a_forbidden_move_is_named(current: Status, wanted: Status) -> None:
    with pytest.raises(ForbiddenTransitionError, match=rf"NL-1042 is {current}.*{wanted}"):
        check_transition("NL-1042", current, wanted)


def test_every_status_has_its_moves_and_its_words() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert all(status not in moves for status, moves in TRANSITIONS.items())
    headlines = {customer_status_text(status)[0] for status in Status}
    assert len(headlines) == len(Status)
    assert all(customer_status_text(status)[1].endswith(".") for status in Status)


def test_every_ticket_can_end_and_every_status_be_reached() -> None:
    reached = {Status.RECEIVED}
    while more := {wanted for status in reached for wanted in TRANSITIONS[status]} - reached:
        reached |= more

    assert reached == set(Status)
    ends = {status for status, moves in TRANSITIONS.items() if not moves}
    assert ends == {Status.COLLECTED}
