"""What others wrote never becomes markup, a link, or our own words in a mail."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.mail.compose import MailKind, compose
from hotrod.mail.contexts import (
    AcknowledgementContext,
    PassedOnContext,
    QuestionsContext,
)
from hotrod.repairs.models import Route
from tests.hotrod.mail.compose_kit import (
    BRAND,
    OUR_LINKS,
    STATUS,
    Page,
    assert_in_both,
    common,
    every_mail,
    links,
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
OUR_TAGS = {
    tag
    for _, mail in ((k, compose(k, c)) for k, c in every_mail("calm"))
    for tag in Page(mail.html).tags
}
OUR_ATTRIBUTES = {a for k, c in every_mail("calm") for a in Page(compose(k, c).html).attributes}


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


def test_what_is_refused_does_not_repeat_the_customers_words() -> None:
    with pytest.raises(ValueError, match="spam is not answered") as raised:
        AcknowledgementContext(**common(), route=Route.SPAM, problem="my secret words")
    assert "secret words" not in str(raised.value)
