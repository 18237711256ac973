from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mail.journal import Journal
from sandbox.mail.store import MailStore, NoRecipientsError

WriteMail = Callable[..., EmailMessage]
SHOP = "repairs@shop.example.com"


def submit(store: MailStore, mail: EmailMessage) -> None:
    store.submit(mail.as_bytes(), sender=SHOP, via="graph")


def test_what_was_taken_is_known_to_the_next_process(tmp_path: Path, write_mail: WriteMail) -> None:
    path = tmp_path / "journal" / "mail.jsonl"
    before = MailStore(Journal(path))
    submit(before, write_mail("<a@shop.example.com>", Bcc="Boss <boss@shop.example.com>"))
    submit(before, write_mail("<b@shop.example.com>"))

    after = MailStore(Journal(path))

    assert after.arrivals() == before.arrivals()
    copies = [(one.mailbox, one.folder, one.mail, one.received_at) for one in after.find()]
    assert copies == [(o.mailbox, o.folder, o.mail, o.received_at) for o in before.find()]


def test_a_mail_without_message_id_keeps_the_one_it_was_given(
    tmp_path: Path, write_mail: WriteMail
) -> None:
    store = MailStore(Journal(tmp_path / "mail"))
    submit(store, write_mail(""))
    given = store.arrivals()[0].message_id
    assert given
    assert MailStore(Journal(tmp_path / "mail")).arrivals()[0].message_id == given


def test_half_a_line_was_never_answered_and_is_forgotten(
    tmp_path: Path, write_mail: WriteMail
) -> None:
    path = tmp_path / "mail"
    submit(MailStore(Journal(path)), write_mail("<a@shop.example.com>"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])

    store = MailStore(Journal(path))
    submit(store, write_mail("<b@shop.example.com>"))

    known = [one.message_id for one in MailStore(Journal(path)).arrivals()]
    assert known == ["<a@shop.example.com>", "<b@shop.example.com>"]


def test_what_was_refused_is_not_kept(tmp_path: Path, write_mail: WriteMail) -> None:
    path = tmp_path / "mail"
    with pytest.raises(NoRecipientsError):
        submit(MailStore(Journal(path)), write_mail(To=""))
    assert path.read_bytes() == b""


def test_a_reset_empties_it(tmp_path: Path, write_mail: WriteMail) -> None:
    store = MailStore(Journal(tmp_path / "mail"))
    submit(store, write_mail("<a@shop.example.com>"))
    store.clear()
    submit(store, write_mail("<b@shop.example.com>"))
    known = [one.message_id for one in MailStore(Journal(tmp_path / "mail")).arrivals()]
    assert known == ["<b@shop.example.com>"]
