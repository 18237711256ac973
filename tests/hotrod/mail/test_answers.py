from __future__ import annotations

import re
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotrod.company.models import Brand, Hours
from hotrod.mail.answers import ANSWERS
from hotrod.mail.compose import ComposedMail, MailKind, compose
from hotrod.mail.contexts import AcknowledgementContext
from hotrod.repairs.models import Route

COMMON: dict[str, Any] = {
    "brand": Brand(display_name="NOIZYLAB Repairs"),
    "ticket": "NL-1042",
    "title": "Device: repair",
    "customer_name": "Maya Tremblay",
    "reply_address": "repairs@noizylab.example.com",
    "status_url": "https://repairs.example.com/r/token",
    "zone": ZoneInfo("America/Toronto"),
}


def assert_in_both(mail: ComposedMail, *pieces: str) -> None:
    for piece in pieces:
        assert piece in mail.text
        assert piece in mail.html


def test_every_message_that_is_no_repair_has_its_answer() -> None:
    assert ANSWERS.keys() == set(Route) - {Route.REPAIR, Route.SPAM}


@pytest.mark.parametrize(
    ("route", "subject", "piece"),
    [
        (
            Route.STATUS_QUESTION,
            "We have your question about a repair",
            "the number of your repair",
        ),
        (Route.OPENING_HOURS, "Our opening hours", "Thank you for asking"),
        (Route.COMPLAINT, "We have your complaint", "A person will read it"),
        (Route.SALES, "We have your inquiry", "look after sales"),
        (Route.INVOICE, "We have your message about an invoice", "look after our books"),
        (Route.JOB_APPLICATION, "We have your application", "If there is a place that fits"),
        (Route.PRIVACY_REQUEST, "We have your privacy request", "within 30 days"),
        (Route.EMPTY, "Your message was empty", "which device is it about"),
    ],
)
def test_other_messages_get_a_fitting_answer(route: Route, subject: str, piece: str) -> None:
    context = AcknowledgementContext(**COMMON, route=route)
    mail = compose(MailKind.ACKNOWLEDGEMENT, context)
    assert mail.subject == f"[NL-1042] {subject}"
    assert_in_both(mail, piece)
    assert "You get a quote" not in mail.text + mail.html


def test_opening_hours_are_the_actual_ones() -> None:
    context = AcknowledgementContext(
        **COMMON,
        route=Route.OPENING_HOURS,
        opening_hours={"thu": Hours(opens=time(9), closes=time(20, 30))},
        closed_days=(date(2026, 12, 25), date(2026, 12, 26)),
    )
    mail = compose(MailKind.ACKNOWLEDGEMENT, context)
    assert_in_both(mail, "09:00 to 20:30", "Friday, December 25, 2026", "Saturday, December 26")
    assert re.search(r"Thursday:? 09:00", mail.text)
    assert mail.text.count("closed") == 6
    none = AcknowledgementContext(**COMMON, route=Route.OPENING_HOURS)
    assert_in_both(compose(MailKind.ACKNOWLEDGEMENT, none), "We have no fixed opening hours")
