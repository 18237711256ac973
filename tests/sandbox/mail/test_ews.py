"""Exchange Web Services as a client without a library sees them."""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox import Sandbox
from sandbox.mail.store import SEEN, MailStore
from tests.sandbox.mail.ews_kit import (
    ANN,
    ID_ONLY,
    NAMES,
    SHOP,
    Ews,
    Write,
    create,
    find,
    get,
    id_of,
)


def kinds(changes: list[ET.Element]) -> list[str]:
    return [change.tag.rpartition("}")[2] for change in changes]


@pytest.fixture
def store(sandbox: Sandbox) -> MailStore:
    return sandbox.state.store(MailStore)


@pytest.fixture
def ews(client: httpx.AsyncClient) -> Ews:
    return Ews(client, SHOP)


@pytest.mark.parametrize(
    ("disposition", "folder", "kept"),
    [
        ("SendAndSaveCopy", "sentitems", ["sentitems"]),
        ("SendAndSaveCopy", "", ["sentitems"]),
        ("SendAndSaveCopy", "junkemail", ["junkemail"]),
        ("SendOnly", "", []),
        ("SaveOnly", "", ["drafts"]),
        ("SaveOnly", "inbox", ["inbox"]),
    ],
)
async def test_a_message_is_sent_kept_or_both(
    ews: Ews, store: MailStore, write_mail: Write, disposition: str, folder: str, kept: list[str]
) -> None:
    await ews.ask(create(write_mail().as_bytes(), disposition, folder))

    assert [one.folder for one in store.find(mailbox=SHOP)] == kept
    assert len(store.find(mailbox=ANN)) == (0 if disposition == "SaveOnly" else 1)


@pytest.mark.parametrize(
    ("mime", "code"),
    [
        (b"Subject: Nobody\r\n\r\nHello", "ErrorInvalidRecipients"),
        (b"To: ann\r\n\r\nHello", "ErrorInvalidRecipients"),
        (b"no headers", "ErrorMimeContentInvalid"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused(
    ews: Ews, store: MailStore, mime: bytes, code: str
) -> None:
    assert await ews.code(create(mime)) == code
    assert store.find() == []


async def test_a_draft_is_sent_with_its_latest_change_key(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    draft = id_of(await ews.ask(create(write_mail().as_bytes(), "SaveOnly", "drafts")))
    key = draft["ChangeKey"]

    def sending(attribute: str) -> str:
        item = f'<m:ItemIds><t:ItemId Id="{draft["Id"]}" {attribute}/></m:ItemIds>'
        return f'<m:SendItem SaveItemToFolder="false">{item}</m:SendItem>'

    assert await ews.code(sending("")) == "ErrorChangeKeyRequired"
    assert await ews.code(sending('ChangeKey="b2xk"')) == "ErrorStaleObject"
    assert await ews.code(sending(f'ChangeKey="{key}"')) == "NoError"
    assert await ews.code(sending(f'ChangeKey="{key}"')) == "ErrorItemNotFound"
    assert len(store.find(mailbox=ANN)) == 1
    assert store.find(mailbox=SHOP) == []


async def test_a_list_knows_neither_recipients_nor_text(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    store.deliver(write_mail().as_bytes(), mailbox=SHOP)

    listed = await ews.ask(find())
    whole = await ews.ask(get(id_of(listed)["Id"]))

    for name in ("ToRecipients", "Body", "InternetMessageHeaders"):
        assert listed.find(f".//t:{name}", NAMES) is None
        assert whole.find(f".//t:{name}", NAMES) is not None
    assert listed.findtext(".//t:Subject", "", NAMES) == "Your repair"


async def test_only_what_is_asked_for_is_told(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    stored = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    more = (
        "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        '<t:FieldURI FieldURI="item:MimeContent"/><t:FieldURI FieldURI="calendar:Start"/>'
        "</t:AdditionalProperties></m:ItemShape>"
    )
    id_ = id_of(await ews.ask(find(shape=ID_ONLY)))["Id"]

    (message,) = (await ews.ask(get(id_, more))).iterfind(".//t:Message", NAMES)

    assert [child.tag.rpartition("}")[2] for child in message] == ["MimeContent", "ItemId"]
    assert base64.b64decode(message.findtext("t:MimeContent", "", NAMES)) == stored.mail.raw


async def test_a_folder_that_changes_while_it_is_read_is_known_at_the_end(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mails = [
        store.deliver(write_mail(f"<{number}@shop.example.com>").as_bytes(), mailbox=SHOP)
        for number in range(5)
    ]
    first, state, is_last = await ews.sync(most=2)
    assert (kinds(first), is_last) == (["Create", "Create"], False)

    store.delete(mails[0])
    store.delete(mails[4])
    store.set_flags(mails[1], {SEEN})
    store.deliver(write_mail("<late@shop.example.com>").as_bytes(), mailbox=SHOP)
    second, state, is_last = await ews.sync(state, most=2)
    third, state, _ = await ews.sync(state, most=2)
    fourth, state, is_last_now = await ews.sync(state, most=2)

    assert (kinds(second), is_last) == (["Create", "Create"], False)
    told = kinds([*third, *fourth])
    assert sorted(told) == ["Create", "Delete", "Delete", "ReadFlagChange"]
    assert is_last_now
    assert await ews.sync(state) == ([], state, True)


async def test_a_mail_that_came_and_went_between_two_looks_is_not_told(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    _, state, _ = await ews.sync()

    store.delete(store.deliver(write_mail().as_bytes(), mailbox=SHOP))

    changes, _, is_last = await ews.sync(state)
    assert (changes, is_last) == ([], True)


async def test_a_mail_that_left_and_came_back_has_another_id(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mail = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    (before,), state, _ = await ews.sync()

    store.move(store.move(mail, "junkemail"), "inbox")
    changes, _, _ = await ews.sync(state)

    gone, came = sorted(changes, key=lambda one: one.tag, reverse=True)
    assert kinds([gone, came]) == ["Delete", "Create"]
    assert id_of(gone)["Id"] == id_of(before)["Id"] != id_of(came)["Id"]


async def test_a_conflict_is_told_to_who_wants_to_know(
    ews: Ews, store: MailStore, write_mail: Write
) -> None:
    mail = store.deliver(write_mail().as_bytes(), mailbox=SHOP)
    id_ = id_of(await ews.ask(find()))
    store.set_flags(mail, {SEEN})

    def marking(resolution: str) -> str:
        item = f'<t:ItemId Id="{id_["Id"]}" ChangeKey="{id_["ChangeKey"]}"/>'
        change = (
            '<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/>'
            "<t:Message><t:IsRead>false</t:IsRead></t:Message></t:SetItemField>"
        )
        return (
            f'<m:UpdateItem ConflictResolution="{resolution}"><m:ItemChanges><t:ItemChange>{item}'
            f"<t:Updates>{change}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    assert await ews.code(marking("NeverOverwrite")) == "ErrorIrresolvableConflict"
    assert await ews.code(marking("AlwaysOverwrite")) == "NoError"
    assert not store.find(mailbox=SHOP)[0].is_read
