from __future__ import annotations

import re
from decimal import Decimal

import pytest

from hotrod.company.models import Brand
from hotrod.mail.compose import MailKind, compose
from hotrod.mail.contexts import (
    AcknowledgementContext,
    ExpiredContext,
    MailContext,
    QuestionsContext,
    ReminderContext,
)
from hotrod.repairs.models import Route
from tests.hotrod.mail.compose_kit import (
    ALIAS,
    APPROVE,
    BRAND,
    DECLINE,
    OUR_LINKS,
    STATUS,
    Page,
    assert_in_both,
    common,
    decision,
    every_mail,
    links,
    open_quote,
    quote,
    words,
)


def test_every_kind_renders_for_a_brand_that_says_next_to_nothing() -> None:
    bare = common(
        brand=Brand(display_name="Bare", color="#ffd400"), customer_name="", title="Device: repair"
    )
    contexts: dict[MailKind, MailContext] = {
        MailKind.ACKNOWLEDGEMENT: AcknowledgementContext(**bare),
        MailKind.QUESTIONS: QuestionsContext(**bare, questions=("Which model?",)),
        MailKind.QUOTE: quote(**bare, evidence=(), lines=quote().lines[:1]),
        MailKind.REMINDER_24H: ReminderContext(**bare, **open_quote()),
        MailKind.REMINDER_72H: ReminderContext(**bare, **open_quote()),
        MailKind.EXPIRED: ReminderContext(**bare, **open_quote()),
        MailKind.APPROVED: decision(**bare),
        MailKind.DECLINED: decision(**bare),
    }
    assert contexts.keys() == set(MailKind) - {MailKind.PASSED_ON}
    for kind, context in contexts.items():
        mail = compose(kind, context)
        assert_in_both(mail, "Hello there,", "Bare")
        assert "\n\n\n" not in mail.text
        assert "None" not in mail.text + mail.html


def test_the_same_context_gives_the_same_mail() -> None:
    assert compose(MailKind.QUOTE, quote()) == compose(MailKind.QUOTE, quote())


def test_html_needs_nothing_from_elsewhere_and_knows_dark_mode() -> None:
    for kind, context in every_mail("calm"):
        html = compose(kind, context).html
        assert not Page(html).tags & {"script", "img", "link", "iframe", "form"}
        assert "url(" not in html
        assert "prefers-color-scheme: dark" in html
        assert BRAND.color in html


def test_a_context_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="quote needs a QuoteContext"):
        compose(MailKind.QUOTE, AcknowledgementContext(**common()))


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (MailKind.ACKNOWLEDGEMENT, "[NL-1042] We have your repair request for the PS5"),
        (MailKind.QUESTIONS, "[NL-1042] A few questions about your PS5"),
        (MailKind.QUOTE, "[NL-1042] Your quote for the PS5: 189.84 CAD"),
        (MailKind.REMINDER_24H, "[NL-1042] Your quote for the PS5 is waiting for you"),
        (MailKind.REMINDER_72H, "[NL-1042] Last reminder: your quote for the PS5"),
        (MailKind.EXPIRED, "[NL-1042] Your quote for the PS5 has expired"),
        (MailKind.APPROVED, "[NL-1042] Approved: the repair of your PS5"),
        (MailKind.DECLINED, "[NL-1042] Declined: the repair of your PS5"),
    ],
)
def test_subjects_name_the_ticket_and_what_it_is_about(kind: MailKind, subject: str) -> None:
    assert compose(kind, dict(every_mail("SECRET"))[kind]).subject == subject


def test_a_type_of_device_is_not_written_like_a_name() -> None:
    for title, device in (("Audio: no sound", "audio device"), ("Laptop: repair", "laptop")):
        context = QuestionsContext(**common(title=title), questions=("?",))
        assert compose(MailKind.QUESTIONS, context).subject.endswith(f"about your {device}")


def test_an_acknowledgement_says_what_happens_next() -> None:
    context = AcknowledgementContext(
        **common(), problem="It <b>hums</b>\nloudly", photo_count=1, rush=True
    )
    mail = compose(MailKind.ACKNOWLEDGEMENT, context)
    assert_in_both(
        mail,
        "PS5: no picture",
        "What happens next",
        "your description and your photos",
        "No repair starts before you have approved its price.",
        "You asked for rush service",
        "It <b>hums</b>",
        "1 photo",
    )
    assert links(mail) == {STATUS}
    calm = compose(MailKind.ACKNOWLEDGEMENT, AcknowledgementContext(**common()))
    for body in words(calm):
        assert not re.search("rush|photo|What you sent us", body)


@pytest.mark.parametrize("route", [Route.REPAIR, Route.COMPLAINT])
def test_dangers_come_before_anything_else(route: Route) -> None:
    advice = ("Don't charge it; keep it outdoors.", "Pull the plug.")
    context = AcknowledgementContext(**common(safety=advice), route=route)
    mail = compose(MailKind.ACKNOWLEDGEMENT, context)
    assert mail.subject == "[NL-1042] Please read first: safety advice for your PS5"
    for body in words(mail):
        assert body.index(advice[0]) < body.index(advice[1]) < body.index("Hello Maya")
    quoted_too = compose(MailKind.QUOTE, quote(safety=advice))
    for body in words(quoted_too):
        assert body.index(advice[0]) < body.index("Hello Maya")


def test_a_quote_names_every_line_its_reason_and_the_three_answers() -> None:
    mail = compose(MailKind.QUOTE, quote())
    assert_in_both(
        mail,
        "HDMI port broken",
        "HDMI port feels loose",
        "solder is broken",
        "photo 1",
        "130.00 CAD",
        "by the repair plan",
        "2 x 19.00",
        "38.00 CAD",
        "in stock",
        "168.00 CAD",
        "HST 13%",
        "21.84 CAD",
        "189.84 CAD",
        "Friday, December 4, 2026, 18:00",
        "ersion 2",
    )
    assert links(mail) == OUR_LINKS
    assert {APPROVE, DECLINE, STATUS} <= set(re.findall(r"https://\S+", mail.text))
    assert ALIAS in mail.text
    (question,) = set(Page(mail.html).links) - OUR_LINKS
    assert question.startswith(f"mailto:{ALIAS}?subject=%5BNL-1042%5D")


def test_a_quote_says_who_made_the_assessment() -> None:
    for body in words(compose(MailKind.QUOTE, quote(rule_based=True))):
        assert "preliminary, rule-based assessment. A technician will look at it" in body
    for body in words(compose(MailKind.QUOTE, quote(rule_based=False))):
        assert "rule-based" not in body
        assert "with the help of AI. A technician will look at it" in body


def test_reminders_carry_the_answers_and_the_second_one_says_it_is_the_last() -> None:
    context = ReminderContext(**common(), **open_quote())
    first, last = (
        compose(kind, context) for kind in (MailKind.REMINDER_24H, MailKind.REMINDER_72H)
    )
    for mail in (first, last):
        assert_in_both(mail, "189.84 CAD", "Friday, December 4, 2026, 18:00")
        assert links(mail) == OUR_LINKS
        assert APPROVE in mail.text
    assert_in_both(last, "This is our last reminder")
    assert "last reminder" not in first.text


def test_what_is_over_can_no_longer_be_decided() -> None:
    price = {"total": Decimal("189.84"), "currency": "CAD"}
    gone = ExpiredContext(**common(), **price, expires_at=open_quote()["expires_at"])
    mails = [
        compose(MailKind.EXPIRED, gone),
        compose(MailKind.APPROVED, decision()),
        compose(MailKind.DECLINED, decision()),
    ]
    for mail in mails:
        assert_in_both(mail, "189.84 CAD")
        assert links(mail) == {STATUS}
    assert_in_both(mails[0], "has now expired", "Friday, December 4, 2026, 18:00")
    for mail in mails[1:]:
        assert_in_both(mail, "version 2", "Tuesday, November 24, 2026, 11:05", "wasn't you")
    assert_in_both(mails[2], "We won't start the repair")
