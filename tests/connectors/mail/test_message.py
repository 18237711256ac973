from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from connectors.mail.message import read_message, sent_from


@pytest.mark.parametrize(
    ("headers", "sender", "answers"),
    [
        ("From: Zoé <a@x.org>", "Zoé <hub@x.org>", "Zoé <a@x.org>"),
        ("From: a@x.org\r\nReply-To: b@x.org", "hub@x.org", "b@x.org"),
        ("From: =?utf-8?q?Zo=C3=A9?= <a@x.org>", "Zoé <hub@x.org>", "Zoé <a@x.org>"),
        ("Subject: none", "hub@x.org", None),
    ],
)
def test_a_message_gets_another_sender_and_answers_go_where_they_went(
    headers: str, sender: str, answers: str | None
) -> None:
    mime = f"{headers}\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n".encode()

    changed = message_from_bytes(sent_from(mime, "hub@x.org"), policy=default)

    assert str(changed["From"]) == sender
    assert changed["Reply-To"] == answers
    assert changed["Message-ID"] == "<1@x>"
    assert changed.get_content().strip() == "Hello"


@pytest.mark.parametrize(
    ("mime", "text"),
    [
        (b"", ""),
        (b"Subject: x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xc3\xa9", "é"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n", "hi"),
        (b"Content-Type: image/png\r\n\r\nx", ""),
    ],
)
def test_what_is_broken_is_read_as_far_as_it_goes(mime: bytes, text: str) -> None:
    assert read_message(mime).text.strip() == text


def test_headers_of_bytes_beyond_ascii_can_be_stored() -> None:
    message = read_message("Subject: Prêt\r\n\r\n".encode() + b"x")
    broken = read_message(b"Subject: Pr\xeat\r\n\r\nx")

    assert message.headers["subject"] == "Prêt"
    assert broken.headers["subject"].encode() == "Pr\ufffdt".encode()
