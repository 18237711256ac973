from __future__ import annotations

import pytest

from sandbox.mail.message import MalformedMailError, complete, read_mail, without_bcc

PLAIN = b"From: Shop <shop@example.com>\r\nTo: ann@example.org\r\n"


def test_what_is_missing_is_filled_in_and_what_is_there_stays() -> None:
    mail = read_mail(
        complete(b"To: ann@example.org\r\nSubject: Hi\r\n\r\nbody", "shop@example.com")
    )
    assert mail.sender.address == "shop@example.com"
    assert mail.message_id.endswith("@sandbox.example.com>")
    assert mail.sent_at.tzinfo is not None
    whole = PLAIN + b"message-id: <a@b>\r\nDate: Fri, 20 Nov 2026 10:00:00 -0500\r\n\r\nx"
    assert complete(whole, "other@example.com") == whole
    assert read_mail(whole).sent_at.hour == 15


def test_folded_blind_copies_leave_and_the_body_stays() -> None:
    raw = (
        PLAIN + b"Bcc: boss@example.org,\r\n two@example.org\r\nSubject: Hi\r\n\r\nBcc: in the body"
    )
    kept = without_bcc(raw)
    assert read_mail(raw + b"").recipients == (
        "ann@example.org",
        "boss@example.org",
        "two@example.org",
    )
    assert read_mail(kept).recipients == ("ann@example.org",)
    assert kept.endswith(b"Subject: Hi\r\n\r\nBcc: in the body")


def test_a_last_header_that_is_blind_leaves_too() -> None:
    assert without_bcc(PLAIN + b"Bcc: x@example.org\r\n\r\nhi").endswith(b"org\r\n\r\nhi")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers here",
        b"\r\n\r\nbody only",
        b"To: ann@example.org\r\n\r\nx",
        b"From: nobody\r\n\r\nx",
        b"From: shop@example.com\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx",
    ],
)
def test_what_no_server_would_take_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedMailError):
        read_mail(complete(raw))


def test_encoded_words_repeated_headers_and_parts_are_read() -> None:
    raw = (
        b"Received: by one\r\nReceived: by two\r\n" + PLAIN + b"Subject: =?utf-8?b?w4l0w6k=?=\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9t\xc3\xa9\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n"
        b"--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n"
        b"\r\nattached\r\n--x--\r\n"
    )
    mail = read_mail(raw)
    assert mail.subject == "Été"
    assert mail.headers["Received"] == "by one\nby two"
    assert mail.text.strip() == "été"
    assert mail.html.strip() == "<p>hi</p>"
    assert [(file.name, file.content.strip()) for file in mail.attachments] == [
        ("a.txt", b"attached")
    ]
