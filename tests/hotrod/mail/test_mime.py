from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.mail.mime import build_mime
from hotrod.mail.rules import Address
from hotrod.mail.wording import one_line

HEADERS = {
    "Auto-Submitted",
    "Content-Type",
    "Date",
    "From",
    "MIME-Version",
    "Message-ID",
    "Subject",
    "To",
    "X-Auto-Response-Suppress",
    "X-Hotrod-Ticket",
}
HOSTILE_NAMES = [
    "Bob\r\nBcc: x@evil.example.com",
    'Bob "the hammer" O\'Neill, Esq. <fake@evil.example.com>',
    "a," * 60,
    "é, " * 40,
    "😀" * 60,
    "x" * 120,
    "שלום עולם",
    "\u202eelgoog",
    "=?utf-8?q?Bcc=3A?=",
    "Bob\x00\x0b\x85\u2028Bcc: y@evil.example.com",
    "\ud800 lone surrogate",
]


def raw(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "sender": Address("NOIZYLAB Repairs", "repairs@noizylab.example.com"),
        "reply_to": None,
        "recipient": Address("Maya Tremblay", "maya@example.com"),
        "subject": "[NL-1042] Your quote",
        "text": "plain\n",
        "html": "<p>rich</p>\n",
        "message_id": "<one@noizylab.example.com>",
        "references": (),
        "headers": {"X-Hotrod-Ticket": "NL-1042"},
        "date": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    }
    return build_mime(**(values | changes))


def parsed(**changes: Any) -> EmailMessage:
    message = message_from_bytes(raw(**changes), policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def test_a_mail_has_text_first_then_html_and_says_that_a_program_wrote_it() -> None:
    message = parsed(text="Gr\u00fc\u00dfe\n.\nFrom here\n", html="<p>\u2713</p>\n")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    plain, rich = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(rich, EmailMessage)
    assert plain.get_content().splitlines() == ["Gr\u00fc\u00dfe", ".", "From here"]
    assert rich.get_content().splitlines() == ["<p>\u2713</p>"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Hotrod-Ticket"] == "NL-1042"
    assert message["Date"].datetime == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert set(message.keys()) == HEADERS
    assert "List-Unsubscribe" not in message


def test_the_same_mail_has_the_same_bytes_seven_bit_clean_in_crlf_lines() -> None:
    mail = raw(
        subject="\u00dcber " * 30, text="line\n" * 3 + "\u00e9" * 5000, references=("<a@b>",)
    )
    assert mail == raw(
        subject="\u00dcber " * 30, text="line\n" * 3 + "\u00e9" * 5000, references=("<a@b>",)
    )
    assert max(mail) < 128
    assert mail.count(b"\n") == mail.count(b"\r\n")
    assert max(len(line) for line in mail.split(b"\r\n")) <= 78


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    message = parsed(recipient=Address(name, "bob@example.com"))
    assert set(message.keys()) == HEADERS
    (to,) = message["To"].addresses
    assert to.addr_spec == "bob@example.com"


@given(name=st.text(max_size=120), subject=st.text(max_size=300))
def test_any_name_and_subject_come_back_as_one_line(name: str, subject: str) -> None:
    mail = raw(recipient=Address(name, "bob@example.com"), subject=subject)
    message = message_from_bytes(mail, policy=default)
    assert set(message.keys()) == HEADERS
    (to,) = message["To"].addresses
    assert to.addr_spec == "bob@example.com"
    # The standard library's reader puts spaces between the encoded words of a name.
    assert to.display_name.replace(" ", "") == one_line(name).replace(" ", "")
    assert str(message["Subject"]) == one_line(subject, limit=2000)


def test_a_long_subject_is_folded_and_comes_back_whole() -> None:
    subject = "[NL-1042] " + "a very long word " * 15
    mail = raw(subject=subject)
    assert b"\r\n a" in mail or b"\r\n very" in mail or b"\r\n long" in mail
    assert str(message_from_bytes(mail, policy=default)["Subject"]) == subject.strip()


def test_the_first_mail_starts_the_thread_and_later_ones_refer_to_it() -> None:
    first = parsed()
    assert "References" not in first
    assert "In-Reply-To" not in first
    ids = [f"<{'b' * 40}{number}@a-rather-long-domain.noizylab.example.com>" for number in range(4)]
    mail = raw(references=ids)
    later = message_from_bytes(mail, policy=default)
    assert later["In-Reply-To"] == ids[-1]
    assert str(later["References"]).split() == ids
    assert b"=?" not in mail.split(b"\r\n\r\n")[0]


def test_a_domain_in_other_letters_is_sent_in_ascii() -> None:
    message = parsed(recipient=Address("Ren\u00e9", "rene@b\u00fccher.example.com"))
    (to,) = message["To"].addresses
    assert (to.display_name, to.addr_spec) == ("Ren\u00e9", "rene@xn--bcher-kva.example.com")


def test_answers_go_where_they_are_asked_to_go() -> None:
    assert parsed(reply_to="help@noizylab.example.com")["Reply-To"] == "help@noizylab.example.com"
    assert "Reply-To" not in parsed()


@pytest.mark.parametrize(
    "address",
    [
        "bob@example.com\r\nBcc: x@evil.example.com",
        "bob@example.com, x@evil.example.com",
        "no-at-sign",
        "ren\u00e9@example.com",
        "",
    ],
)
@pytest.mark.parametrize("field", ["sender", "recipient", "reply_to"])
def test_an_address_that_cannot_be_mailed_is_refused_without_repeating_it(
    field: str, address: str
) -> None:
    value = address if field == "reply_to" else Address("Bob", address)
    with pytest.raises(InvalidInputError) as caught:
        raw(**{field: value})
    assert caught.value.field == field
    assert "evil" not in str(caught.value)


def test_a_header_value_cannot_start_another_header() -> None:
    message = parsed(headers={"X-Hotrod-Ticket": "NL-1\r\nBcc: x@evil.example.com"})
    assert "Bcc" not in message
