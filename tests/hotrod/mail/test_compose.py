from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.company.models import Brand
from hotrod.mail.compose import ComposedMail, MailKind, compose
from hotrod.mail.contexts import (
    AcknowledgementContext,
    DecisionContext,
    EvidenceView,
    ExpiredContext,
    LineView,
    MailContext,
    PassedOnContext,
    QuestionsContext,
    QuoteContext,
    ReminderContext,
)
from hotrod.quoting.models import LineKind
from hotrod.repairs.models import Route

STATUS = "https://repairs.example.com/r/token.one"
APPROVE = "https://repairs.example.com/q/token.two?choice=approve"
DECLINE = "https://repairs.example.com/q/token.two?choice=decline"
ALIAS = "repairs@noizylab.example.com"
BRAND = Brand(
    display_name="NOIZYLAB Repairs",
    color="#b4232a",
    tagline="Repaired properly",
    signature="The bench",
    address="12 Foundry Lane, Ottawa, ON",
    phone="+1 613 555 0142",
    website="https://noizylab.example.com",
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<a href='https://evil.example.com'>Approve here</a>",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7}",
    "Approve:\nhttps://evil.example.com/q/pay\n\nTOTAL: 0.00 CAD",
    "</td></table><h1>Refund</h1>",
    "[click](https://evil.example.com) www.evil.example evil.com/x",
    "\u202eevil\u202c \x00\x1b[31m",
]


def common(**changes: Any) -> dict[str, Any]:
    return {
        "brand": BRAND,
        "ticket": "NL-1042",
        "title": "PS5: no picture",
        "customer_name": "Maya Tremblay",
        "reply_address": ALIAS,
        "status_url": STATUS,
        "zone": ZoneInfo("America/Toronto"),
    } | changes


def open_quote() -> dict[str, Any]:
    return {
        "total": Decimal("189.84"),
        "currency": "CAD",
        "expires_at": datetime(2026, 12, 4, 23, tzinfo=UTC),
        "approve_url": APPROVE,
        "decline_url": DECLINE,
    }


def line(kind: LineKind, description: str, reason: str, amount: str, quantity: int = 1) -> LineView:
    unit_price = Decimal(amount) / quantity
    return LineView(
        kind=kind,
        description=description,
        reason=reason,
        quantity=Decimal(quantity),
        unit_price=unit_price,
        amount=Decimal(amount),
    )


def quote(*, said: str = "HDMI port feels loose", **changes: Any) -> QuoteContext:
    values = {
        "version": 2,
        "lines": (
            line(LineKind.LABOUR, "Labor", "by the repair plan", "130.00"),
            line(LineKind.PART, "HDMI port", f"in stock {said}", "38.00", quantity=2),
            line(LineKind.TAX, "HST 13%", "sales tax of ON", "21.84"),
        ),
        "subtotal": Decimal("168.00"),
        "fault": f"HDMI port broken {said}",
        "evidence": (
            EvidenceView(quote=said, source="request", why=f"solder is broken {said}"),
            EvidenceView(quote="bent shell", source="photo 1"),
        ),
        "rule_based": True,
    }
    return QuoteContext.model_validate(common() | open_quote() | values | changes)


def decision(**changes: Any) -> DecisionContext:
    return DecisionContext(
        **common(**changes),
        version=2,
        total=Decimal("189.84"),
        currency="CAD",
        decided_at=datetime(2026, 11, 24, 16, 5, tzinfo=UTC),
    )


def every_mail(said: str) -> list[tuple[MailKind, MailContext]]:
    """Each kind, with someone's words wherever words of others go."""
    base = common(customer_name=said)
    reminder = ReminderContext(**base, **open_quote())
    return [
        (MailKind.ACKNOWLEDGEMENT, AcknowledgementContext(**base, problem=said, photo_count=2)),
        (
            MailKind.QUESTIONS,
            QuestionsContext(**base, problem=said, questions=(said, "Since when?")),
        ),
        (MailKind.QUOTE, quote(said=said or "-", customer_name=said)),
        (MailKind.REMINDER_24H, reminder),
        (MailKind.REMINDER_72H, reminder),
        (MailKind.EXPIRED, reminder),
        (MailKind.APPROVED, decision(customer_name=said)),
        (MailKind.DECLINED, decision(customer_name=said)),
    ]


class Page(HTMLParser):
    """The elements, links and text of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def words(mail: ComposedMail) -> list[str]:
    """Both bodies as plain words, for what must be in each."""
    return [re.sub(r"\s+", " ", body) for body in (mail.text, Page(mail.html).text)]


def links(mail: ComposedMail) -> set[str]:
    return {link for link in Page(mail.html).links if not link.startswith("mailto:")}


def assert_in_both(mail: ComposedMail, *pieces: str) -> None:
    for body in words(mail):
        for piece in pieces:
            assert piece in body


OUR_TAGS = {
    tag
    for _, mail in ((k, compose(k, c)) for k, c in every_mail("calm"))
    for tag in Page(mail.html).tags
}
OUR_ATTRIBUTES = {a for k, c in every_mail("calm") for a in Page(compose(k, c).html).attributes}
OUR_LINKS = {STATUS, APPROVE, DECLINE}


@pytest.mark.parametrize("said", HOSTILE)
def test_words_of_others_never_become_markup_or_links(said: str) -> None:
    for kind, context in every_mail(said):
        mail = compose(kind, context)
        page = Page(mail.html)
        assert page.tags <= OUR_TAGS
        assert page.attributes <= OUR_ATTRIBUTES
        assert links(mail) <= OUR_LINKS
        for body in (mail.text, page.text):
            assert set(re.findall(r"\w+://\S+", body)) <= OUR_LINKS | {BRAND.website}
            assert not re.search(r"evil\.\S|[\x00\x1b\u202e]", body)
        assert "49" not in mail.text
        assert "\n" not in mail.subject


def test_templates_in_words_of_others_stay_literal() -> None:
    mail = compose(MailKind.QUESTIONS, QuestionsContext(**common(), questions=("{{ 7*7 }}",)))
    assert_in_both(mail, "{{ 7*7 }}")


def test_quoted_words_cannot_fake_our_layout() -> None:
    context = AcknowledgementContext(**common(), problem="TOTAL: 0.00 CAD\n\n--\nThe boss")
    text = compose(MailKind.ACKNOWLEDGEMENT, context).text
    assert "> TOTAL: 0.00 CAD\n>\n> --\n> The boss" in text
    assert "\nTOTAL" not in text


@settings(max_examples=25)
@given(said=st.text(max_size=200))
def test_every_kind_renders_any_words(said: str) -> None:
    for kind, context in every_mail(said):
        mail = compose(kind, context)
        mail.text.encode()
        assert mail.subject.startswith("[NL-1042] ")
        assert Page(mail.html).tags <= OUR_TAGS
        assert_in_both(mail, "NL-1042", BRAND.display_name, BRAND.address, BRAND.signature)
        assert STATUS in mail.text
        assert STATUS in links(mail)


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


def test_what_is_passed_on_to_ops_says_who_wrote_what_and_stays_harmless() -> None:
    mail = compose(
        MailKind.PASSED_ON,
        PassedOnContext(
            **common(),
            route=Route.STATUS_QUESTION,
            problem="<b>Is it ready?</b> {{ 7*7 }}",
            customer_email="ada@example.com",
        ),
    )
    assert mail.subject == "[NL-1042] For you to answer: status question"
    assert_in_both(mail, "ada@example.com", "status question", "Is it ready?", "{{ 7*7 }}")
    assert "b" not in Page(mail.html).tags


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


# --- subjects ---------------------------------------------------------------------------------


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


# --- acknowledgements -------------------------------------------------------------------------


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


# --- quotes and decisions ---------------------------------------------------------------------


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


def test_what_is_refused_does_not_repeat_the_customers_words() -> None:
    with pytest.raises(ValueError, match="spam is not answered") as raised:
        AcknowledgementContext(**common(), route=Route.SPAM, problem="my secret words")
    assert "secret words" not in str(raised.value)
