"""Mail's part of the control API, of the pages, and of the story."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.stand_in import WORKSHOP
from sandbox.mail.store import MailStore

SHOP = "repairs@shop.example.com"
Write = Callable[..., EmailMessage]


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


async def test_a_mail_comes_from_outside(client: httpx.AsyncClient, store: MailStore) -> None:
    parts = {"mailbox": SHOP, "subject": "Prêt?", "headers": {"References": "<1@x>"}}
    answer = await client.post("/_control/mail", json=parts)
    whole = {"mailbox": SHOP, "mime": "From: ann@example.org\r\nSubject: Re: x\r\n\r\nHi"}
    await client.post("/_control/mail", json=whole)
    refused = await client.post("/_control/mail", json={"mailbox": "nobody"})
    injected = {"mailbox": SHOP, "subject": "x\r\nBcc: a@example.org"}

    assert answer.status_code == 201
    assert (answer.json()["subject"], answer.json()["is_read"]) == ("Prêt?", False)
    assert refused.status_code == 422
    assert (await client.post("/_control/mail", json=injected)).status_code == 422
    assert [one.mail.subject for one in store.find(mailbox=SHOP)] == ["Prêt?", "Re: x"]


async def test_the_server_is_set_up_until_the_next_reset(
    client: httpx.AsyncClient, store: MailStore
) -> None:
    before = store.folders.get(SHOP, "inbox")
    await client.put("/_control/mail/behavior", json={"files_sent": False})
    renumbered = await client.post("/_control/mail/renumber", params={"mailbox": SHOP})
    unknown = {"mailbox": SHOP, "folder": "attic"}
    refused = await client.post("/_control/mail/renumber", params=unknown)

    assert (renumbered.status_code, refused.status_code) == (204, 404)
    assert store.folders.get(SHOP, "inbox") != before
    assert store.files_sent is False
    store.clear()
    assert store.files_sent is True


async def test_the_story_is_told_by_customers_mails(
    client: httpx.AsyncClient, store: MailStore
) -> None:
    told = (await client.post("/_control/seed")).json()["mail"]

    mails = store.find(mailbox=WORKSHOP, folders=["inbox"])
    assert told == "30 mails in 1 mailboxes"
    assert len(mails) == 30
    assert [one.received_at for one in mails] == sorted(one.received_at for one in mails)
    assert len({one.mail.message_id for one in mails}) == 30


async def test_a_person_writes_marks_moves_and_deletes(
    client: httpx.AsyncClient, store: MailStore
) -> None:
    form = {"mailbox": SHOP, "sender": "ann@example.org", "subject": "Hi", "text": "There"}
    written = await client.post("/mail", data=form)
    (mail,) = store.find()
    made = await client.post("/mail-folders", data={"mailbox": SHOP, "name": "Old"})
    folder = store.folders.named(SHOP, "Old")
    assert folder
    marked = await client.post(f"/mail/{mail.id}/mark")
    moved = await client.post(f"/mail/{mail.id}/move", data={"folder": folder.id})
    (there,) = store.find(folders=[folder.id])
    shown = (await client.get(f"/mail?mailbox={SHOP}&folder={folder.id}")).text
    page = (await client.get(f"/mail/{mail.id}")).text
    deleted = await client.post(f"/mail/{mail.id}/delete")

    assert {one.status_code for one in (written, made, marked, moved, deleted)} == {303}
    assert written.headers["location"] == "/mail?mailbox=repairs%40shop.example.com&folder=inbox"
    assert there.is_read
    assert "Hi" in shown
    assert ">Old<" in shown
    assert "Mark as unread" in page
    assert store.find() == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/mail", {"mailbox": "nobody", "sender": "ann@example.org"}),
        ("/mail", {"mailbox": SHOP, "sender": "nobody"}),
        ("/mail-folders", {"mailbox": SHOP, "name": "Inbox"}),
        ("/mail/{id}/move", {"folder": "attic"}),
    ],
)
async def test_what_a_person_does_wrong_is_said(
    client: httpx.AsyncClient, store: MailStore, write_mail: Write, path: str, form: dict[str, str]
) -> None:
    mail = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    answer = await client.post(path.format(id=mail.id), data=form)
    assert answer.status_code == 422
    assert len(store.find()) == 1


@pytest.mark.parametrize("path", ["/mail", "/mail-folders", "/mail-notifications", "/mail/x/mark"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
