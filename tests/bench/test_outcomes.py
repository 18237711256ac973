from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bench.load import Sent
from bench.mailbox import Arrival
from bench.outcomes import doubled_tickets, seconds_until
from bench.prefect_api import Run
from bench.records import MailKnown
from hotrod.errors import HotrodError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MAILS = [
    MailKnown("<ack-1>", "NL-1", "acknowledgement"),
    MailKnown("<quote-1>", "NL-1", "quote"),
    MailKnown("<ack-2>", "NL-2", "acknowledgement"),
    MailKnown("<ack-2b>", "NL-2", "acknowledgement"),
]


def arrival(message_id: str, ticket: str) -> Arrival:
    return Arrival(number=1, message_id=message_id, recipient="a@x", ticket=ticket, at=NOON)


def run(ticket: str) -> Run:
    return Run(
        id=uuid4(),
        created=NOON,
        start_time=NOON + timedelta(seconds=2),
        end_time=None,
        state_type="RUNNING",
        run_count=1,
        parameters={"ticket": ticket},
    )


def sent(ticket: str, due: datetime) -> Sent:
    moment = due.timestamp()
    return Sent(
        number=1, urgent=False, due=moment, sent=moment, answered=moment, status=202, ticket=ticket
    )


def test_one_mail_of_each_kind_and_one_run_is_as_it_should_be() -> None:
    arrivals = [arrival("<ack-1>", "NL-1"), arrival("<quote-1>", "NL-1")]
    assert doubled_tickets(arrivals, MAILS, [run("NL-1"), run("NL-2")]) == set()


def test_a_mail_that_arrived_twice_is_found() -> None:
    arrivals = [arrival("<ack-1>", "NL-1"), arrival("<ack-1>", "NL-1")]
    assert doubled_tickets(arrivals, MAILS, []) == {"NL-1"}


def test_two_mails_of_one_kind_are_found() -> None:
    arrivals = [arrival("<ack-2>", "NL-2"), arrival("<ack-2b>", "NL-2")]
    assert doubled_tickets(arrivals, MAILS, []) == {"NL-2"}


def test_a_second_run_is_found() -> None:
    assert doubled_tickets([], MAILS, [run("NL-1"), run("NL-1"), run("NL-2")]) == {"NL-1"}


def test_times_count_from_when_a_request_was_due() -> None:
    requests = [sent("NL-1", NOON), sent("NL-2", NOON + timedelta(seconds=1))]
    moments = {
        "NL-1": NOON + timedelta(milliseconds=250),
        "NL-2": NOON + timedelta(seconds=1, milliseconds=500),
        "NL-3": NOON,
    }
    assert seconds_until(requests, moments) == pytest.approx([0.25, 0.5])


def test_a_ticket_that_never_came_so_far_is_told() -> None:
    with pytest.raises(HotrodError, match="1 tickets never came so far: NL-2"):
        seconds_until([sent("NL-1", NOON), sent("NL-2", NOON)], {"NL-1": NOON})


def test_a_run_takes_from_its_creation_to_its_first_running() -> None:
    assert run("NL-1").start_seconds == 2
